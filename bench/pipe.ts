import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { serveParent } from './child.js';

export interface PipeTarget {
  readonly host: string;
  readonly port: number;
}

/** Passes all bytes of each connection on to the target and back, without a look at them; resolves with its port. */
async function startPipe(target: PipeTarget): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => {
    const engine = connect({ ...target, noDelay: true });
    client.on('data', (bytes) => engine.write(bytes));
    engine.on('data', (bytes) => client.write(bytes));
    for (const socket of [client, engine]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        engine.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

serveParent<PipeTarget, number>(startPipe);
