import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.js';
import { oauth } from '../scan/fixtures.js';
import { type ExternalServer, startExternalServer } from '../support/external-server.js';
import { type RotatingServer, startRotatingServer } from './rotating-server.js';

const PROGRAM = fileURLToPath(new URL('./child/token-user.mjs', import.meta.url));
/** Each takes the start of a process; TIDEGATE_KILLS=200 for the long run. */
const KILLS = Number(process.env.TIDEGATE_KILLS ?? 12);
const ENGINE_KILLS = Number(process.env.TIDEGATE_KILLS ?? 8);
const KILL_TIMEOUT_MS = 30_000 + KILLS * 3_000;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function newStore(): { file: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-tokens-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return { file: join(folder, 'tokens'), folder };
}

async function newServer(lifetimeS: number, realLifetimeS = lifetimeS): Promise<RotatingServer> {
  const server = await startRotatingServer({ seed: 'canary-seed', lifetimeS, realLifetimeS });
  cleanups.push(() => server.api.close());
  return server;
}

function start(
  file: string,
  server: RotatingServer,
  users: number,
  forMs: number,
): { child: ChildProcess; output: () => string } {
  const model = { ...oauth(`${server.api.url}/token`, new Secret('')), grant: 'refresh_token' };
  const settings = JSON.stringify(
    { ...model, refreshToken: { secret: 'canary-seed' }, clientSecret: { secret: 'canary-secret' } },
    (_key, value) => (value instanceof Map ? { map: [...value] } : value),
  );
  const args = [PROGRAM, file, server.api.url, String(users), String(forMs), settings];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return { child, output: () => output };
}

test('64 users in 4 processes share tokens that live 2 s: nothing fails, and no refresh token is sent twice', async () => {
  const server = await newServer(2);
  const { file, folder } = newStore();
  await share(file, server);
  // Nothing readable, and no lock that is left with an owner.
  expect(readFileSync(file, 'latin1')).not.toContain('canary');
  const left = readdirSync(folder, { recursive: true }).map(String);
  expect(left.filter((name) => /\.new$|\.lock\./.test(name))).toEqual([]);
  expect(left.some((name) => name.includes('canary'))).toBe(false);
}, 60_000);

test(
  `a process killed at ${KILLS} random moments of rotation loses no login`,
  async () => {
    await killAtRandom(newStore().file, KILLS);
  },
  KILL_TIMEOUT_MS,
);

describe('with the store in an engine that they share', () => {
  let engine: ExternalServer;
  beforeAll(async () => {
    engine = await startExternalServer();
  });
  afterAll(() => engine?.stop());

  test('the same holds for 64 users in 4 processes', async () => {
    await share(engine.url.reveal(), await newServer(2));
  }, 60_000);

  test(
    `and for a process killed at ${ENGINE_KILLS} random moments`,
    async () => {
      await killAtRandom(engine.url.reveal(), ENGINE_KILLS);
    },
    KILL_TIMEOUT_MS,
  );
});

async function share(place: string, server: RotatingServer): Promise<void> {
  const processes = Array.from({ length: 4 }, () => start(place, server, 16, 6_000));
  await Promise.all(processes.map(({ child }) => once(child, 'close')));
  for (const { output } of processes) expect(output()).toMatch(/^began\ndone \d+\n$/);
  expect(server.refreshes.length).toBeGreaterThanOrEqual(3);
  expect(new Set(server.refreshes).size).toBe(server.refreshes.length);
  expect(server.dataRequests()).toBeGreaterThan(100);
}

async function killAtRandom(place: string, kills: number): Promise<void> {
  // Each token is renewed after half of its life: the process does little else than rotate.
  const server = await newServer(0.004, 20);
  for (let kill = 0; kill < kills; kill++) {
    const before = server.refreshes.length;
    const { child, output } = start(place, server, 1, 0);
    const closed = once(child, 'close');
    await Promise.race([until(() => server.refreshes.length > before), closed]);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    child.kill('SIGKILL');
    await closed;
    expect(output(), `kill ${kill}`).toBe('began\n');
  }
  const { child, output } = start(place, server, 1, 1);
  await once(child, 'close');
  expect(output()).toMatch(/done/);
  expect(server.reuses()).toBe(0);
  expect(server.refreshes.length).toBeGreaterThan(kills);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
