import type { GatewayError } from '../core/errors.js';

/** Writes a line to the standard output of a command. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** `1 table`, `2 tables`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** What is wrong with something, with the detail and what to do in lines below it. */
export function describeProblem(name: string, { message, detail, hint }: GatewayError): string {
  return [`${name}: ${message}`, detail, hint].filter((line) => line !== undefined).join('\n    ');
}
