import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ExternalServer, startExternalServer } from '../support/external-server.js';
import { type RotatingServer, startRotatingServer } from './rotating-server.js';

/** As `npm test` has built it. */
const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const GATEWAYS = 4;
const QUERIES_AT_ONCE = 16;
const RUN_MS = 6_000;
/** Bytes, not a passphrase: four processes that derive a key at once are slow to begin. */
const TOKEN_KEY = randomBytes(32).toString('hex');

let engine: ExternalServer;
let server: RotatingServer;
let folder: string;
const gateways: { port: number; output: () => string; stop: () => Promise<unknown>; pid: number }[] = [];
/** Everything that clients got to see. */
const seen: string[] = [];

beforeAll(async () => {
  engine = await startExternalServer();
  server = await startRotatingServer({ seed: 'canary-seed', lifetimeS: 2 });
  folder = mkdtempSync(join(tmpdir(), 'tidegate-canaries-'));
  const auth = (refreshToken: string) =>
    `{ type: oauth2, grant: refresh_token, token_url: "${server.api.url}/token", client_id: c, client_secret: "\${env:CLIENT_SECRET}", refresh_token: "\${env:${refreshToken}}" }`;
  const table = '{ path: /data, records: "$.data[*]", records_missing: empty, columns: { id: integer } }';
  for (const [name, token] of [
    ['shop', 'SEED'],
    ['dead', 'DEAD'],
  ] as const) {
    const text = `auth: ${auth(token)}\nbase_url: ${server.api.url}\ntables: { data: ${table} }\n`;
    writeFileSync(join(folder, `${name}.yaml`), text);
  }
  for (let n = 0; n < GATEWAYS; n++) gateways.push(await startGateway(n));
}, 120_000);

afterAll(async () => {
  await Promise.all(gateways.map(({ stop }) => stop()));
  await server?.api.close();
  await engine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const secrets = () => ({
  ENGINE_URL: engine.url.reveal(),
  TOKEN_KEY,
  CLIENT_SECRET: 'canary-client-secret',
  SEED: 'canary-seed',
  DEAD: 'canary-dead-token',
});

async function startGateway(n: number) {
  const config = join(folder, `gateway${n}.settings`);
  const settings = `dsn: [./shop.yaml, ./dead.yaml]
engine: { url: "\${env:ENGINE_URL}" }
tokens: { key: "\${env:TOKEN_KEY}" }
log: { level: trace }
`;
  writeFileSync(config, settings);
  const args = [CLI, 'serve', '--config', config, '--listen', '127.0.0.1:0'];
  const env = { ...process.env, ...secrets() };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error(output)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const ready = /ready: 127\.0\.0\.1:(\d+)/.exec(output);
        if (ready !== null) resolve(Number(ready[1]));
      });
    }
  });
  const ended = once(child, 'exit');
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  return { port, output: () => output, stop, pid: child.pid! };
}

async function connect(port: number): Promise<pg.Client> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'tidegate', database: 'tidegate' });
  client.on('error', () => {});
  client.on('notice', (notice) => seen.push(JSON.stringify(notice)));
  await client.connect();
  return client;
}

it('64 parallel queries of 4 gateway processes that share tokens of 2 s: none fails, no refresh token is sent twice', async () => {
  const clients = await Promise.all(
    gateways.flatMap(({ port }) => Array.from({ length: QUERIES_AT_ONCE }, () => connect(port))),
  );
  // Each session's first statement loads what later ones find.
  await Promise.all(clients.map((client) => client.query('SELECT id FROM shop.data')));
  const endAt = performance.now() + RUN_MS;
  let queries = 0;
  const failures: unknown[] = [];
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < endAt) {
        await client.query('SELECT id FROM shop.data').catch((error: unknown) => failures.push(error));
        queries++;
      }
    }),
  );
  await Promise.all(clients.map((client) => client.end()));
  expect(failures).toEqual([]);
  expect(queries).toBeGreaterThan(64);
  expect(server.refreshes.length).toBeGreaterThanOrEqual(3);
  expect(new Set(server.refreshes).size).toBe(server.refreshes.length);
  expect(server.reuses()).toBe(0);
}, 120_000);

it('after that no secret is in a log, an error, a table, ps or a file, except sealed in the token store', async () => {
  const client = await connect(gateways[0]!.port);
  for (const sql of ['SELECT * FROM dead.data', 'EXPLAIN SELECT * FROM shop.data', 'EXPLAIN SELECT * FROM dead.data']) {
    const answer = await client.query(sql).catch((error: unknown) => error);
    seen.push(JSON.stringify(answer), JSON.stringify(Object.values(answer as object)), String(answer));
  }
  expect(seen.join()).toContain('refused the refresh token of DSN "dead"');
  // All that a client can read of the catalogue, and all that the engine's superuser can.
  await dump(client);
  await client.end();
  const { host, port, user, password } = engine.owner;
  const owner = new pg.Client({ host, port, user: user!, password: password!, database: 'data' });
  await owner.connect();
  await dump(owner);
  await owner.end();
  const postmaster = readFileSync(join(engine.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]!;
  // Of these processes alone: other tests on this machine have secrets of their own.
  const pids = gateways.map(({ pid }) => pid).join(',');
  for (const which of [
    ['-p', pids],
    ['--ppid', `${postmaster},${pids}`],
  ]) {
    seen.push(spawnSync('ps', ['-ww', '-o', 'args', ...which], { encoding: 'utf8' }).stdout);
  }
  expect(seen.at(-2)).toContain('serve --config');
  for (const { output } of gateways) seen.push(output());
  const { length } = gateways;
  for (const gateway of gateways.splice(0)) await gateway.stop();
  expect(length).toBe(GATEWAYS);
  const all = seen.join('\n');
  expect(all.length).toBeGreaterThan(100_000);
  expectNoSecret(all, 'what was seen');
  for (const root of [folder, engine.dataDir]) {
    for (const name of readdirSync(root, { recursive: true }).map(String)) {
      const file = join(root, name);
      if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) continue;
      expectNoSecret(readFileSync(file, 'latin1'), file);
    }
  }
  // The store itself is there, sealed.
  expect(all).toContain('tidegate-tokens');
}, 120_000);

/** Every row of every table and view that this user may read, statistics and settings too. */
async function dump(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'v', 'm') AND n.nspname NOT IN ('shop', 'dead', 'pg_toast')
       AND has_table_privilege(c.oid, 'SELECT')`,
  );
  expect(rows.length).toBeGreaterThan(100);
  for (const { name } of rows) {
    const answer = await client.query(`SELECT t::text FROM ${name} t LIMIT 5000`).catch((error: unknown) => error);
    seen.push(JSON.stringify('rows' in (answer as object) ? (answer as pg.QueryResult).rows : String(answer)));
  }
}

function expectNoSecret(text: string, where: string): void {
  const at = Math.max(text.indexOf('canary-'), text.indexOf(TOKEN_KEY));
  if (at >= 0) expect.fail(`${where}: …${text.slice(Math.max(0, at - 80), at + 40)}…`);
}
