import { GatewayError } from '../src/core/errors.js';
import { serve } from '../src/server/serve.js';
import { DemoProblem, runDemo } from './run-demo.js';

const GATEWAY_PORT = 5488;
const API_PORT = 5490;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** What can be told to the user: its own problems and the gateway's in a line or two, anything else with its stack. */
function describe(error: unknown): string {
  if (error instanceof DemoProblem) return error.message;
  if (error instanceof GatewayError) return [error.message, error.detail, error.hint].filter(Boolean).join('\n  ');
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

// Wired before the start, so that Ctrl-C while the engine comes up ends what has been started by then, too.
const stop = new Promise<void>((resolve) => {
  let asked = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      resolve();
      // Whoever asks a second time does not want to wait for queries that are being drained.
      if (++asked > 1) process.exit(1);
    });
  }
});

try {
  const close = await runDemo({ serve, env: process.env, print, gatewayPort: GATEWAY_PORT, apiPort: API_PORT });
  await stop;
  await close();
  process.exit(0);
} catch (error) {
  process.stderr.write(`demo: ${describe(error)}\n`);
  process.exit(1);
}
