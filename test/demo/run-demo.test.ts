import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runDemo, type ServeGateway } from '../../demo/run-demo.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function occupyPort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as { port: number }).port;
}

const isUp = (url: string): Promise<boolean> =>
  fetch(`${url}/orders`).then(
    ({ status }) => status === 401,
    () => false,
  );

test('hands the gateway samples and working credentials, says how to connect, and closes both', async () => {
  const lines: string[] = [];
  const calls: Parameters<ServeGateway>[0][] = [];
  let isGatewayOpen = true;
  const apiPort = await occupyPort();
  const serve: ServeGateway = async (options) => {
    calls.push(options);
    return {
      address: { host: '127.0.0.1', port: 5999 },
      close: async () => {
        isGatewayOpen = false;
      },
    };
  };
  const environment = { KEPT: 'yes', DEMO_API_URL: 'http://elsewhere.invalid' };
  const close = await runDemo({ serve, env: environment, print: (line) => lines.push(line), gatewayPort: 0, apiPort });
  const { env, dsnPaths, configFile } = calls[0]!;
  expect(configFile).toBeNull();
  expect(existsSync(join(dsnPaths[0]!, 'demo-xml.yaml'))).toBe(true);
  expect(env.KEPT).toBe('yes');
  expect(env.DEMO_API_URL).not.toBe(`http://127.0.0.1:${apiPort}`);
  const token = await fetch(`${env.DEMO_API_URL}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: env.DEMO_CLIENT_ID!,
      client_secret: env.DEMO_CLIENT_SECRET!,
    }),
  });
  expect(token.status).toBe(200);
  const output = lines.join('\n');
  expect(output).toContain('psql "host=127.0.0.1 port=5999 user=tidegate dbname=tidegate"');
  expect(output).toContain(`port ${apiPort} is busy`);
  expect(output).not.toContain(env.DEMO_CLIENT_SECRET);
  expect(process.env.DEMO_CLIENT_SECRET).toBeUndefined();
  await close();
  expect([isGatewayOpen, await isUp(env.DEMO_API_URL!)]).toEqual([false, false]);
});

test('a busy gateway port is told before anything starts', async () => {
  const gatewayPort = await occupyPort();
  let hasServed = false;
  const serve: ServeGateway = async () => {
    hasServed = true;
    throw new Error('must not be reached');
  };
  const lines: string[] = [];
  const run = runDemo({ serve, env: {}, print: (line) => lines.push(line), gatewayPort, apiPort: 0 });
  await expect(run).rejects.toThrow(`127.0.0.1:${gatewayPort} is in use`);
  expect([hasServed, lines]).toEqual([false, []]);
});

test.each([
  [
    'its cause is a taken address',
    Object.assign(new Error('no'), { cause: Object.assign(new Error('x'), { code: 'EADDRINUSE' }) }),
    /in use/,
  ],
  ['anything else', new Error('engine broken'), /^engine broken$/],
])('a gateway that does not start takes the demo API down with it: %s', async (_, failure, message) => {
  let url = '';
  const serve: ServeGateway = async ({ env }) => {
    url = env.DEMO_API_URL!;
    throw failure;
  };
  await expect(runDemo({ serve, env: {}, print: () => {}, gatewayPort: 0, apiPort: 0 })).rejects.toThrow(message);
  expect(await isUp(url)).toBe(false);
});
