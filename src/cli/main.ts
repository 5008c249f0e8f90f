#!/usr/bin/env node
import { GatewayError } from '../core/errors.js';
import { createProgram } from './program.js';

try {
  await createProgram().parseAsync();
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = 1;
}

function describeFailure(error: unknown): string {
  if (!(error instanceof GatewayError)) return `tidegate: ${(error as Error).stack ?? String(error)}`;
  const lines = [`tidegate: ${error.message}`];
  if (error.detail !== undefined) lines.push(`DETAIL: ${error.detail}`);
  if (error.hint !== undefined) lines.push(`HINT: ${error.hint}`);
  return lines.join('\n');
}
