import { expect } from 'vitest';
import { PYTHON, runProgram } from '../support/programs.js';

/**
 * Runs a Python program that prints a JSON value a line with `show`, and returns those values. `port` is the gateway's.
 * Fails when the program writes to standard error or exits otherwise than with 0.
 */
export async function runPython(program: string, port: number): Promise<unknown[]> {
  const prologue = `
import json, sys
port = int(sys.argv[1])
def show(value): print(json.dumps(value, default=str))
`;
  const result = await runProgram(PYTHON, ['-c', prologue + program, String(port)]);
  expect(result.stderr).toBe('');
  expect(result.code).toBe(0);
  return result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}
