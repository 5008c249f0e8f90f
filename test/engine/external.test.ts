import { spawnSync } from 'node:child_process';
import { appendFileSync, chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.js';
import { type EmbeddedServer, startEmbedded } from '../../src/engine/embedded.js';
import { parseEngineUrl } from '../../src/engine/external.js';
import { type RunningEngine, startEngine } from '../../src/engine/start-engine.js';
import { failure, gateway, login, makeDataFolder, rows, shop, user } from './harness.js';

/** A server as somebody else runs it: reached over TCP, with a role that is no superuser. */
let server: EmbeddedServer;
let owner: pg.Client;
let remove: () => void;
const engines: RunningEngine[] = [];
const never = new AbortController().signal;

beforeAll(async () => {
  const made = makeDataFolder();
  remove = made.remove;
  server = await startEmbedded({
    dataDir: made.folder,
    binDir: null,
    connections: 40,
    log: () => undefined,
    listener: 'tcp',
  });
  appendFileSync(join(server.dataDir, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n');
  const { host, port, user: name, password } = server.endpoint;
  owner = new pg.Client({ host, port, user: name, password: password!.reveal(), database: 'tidegate' });
  await owner.connect();
  await owner.query(
    "SELECT pg_reload_conf(); CREATE ROLE gw LOGIN CREATEROLE PASSWORD 'p@ss/w'; CREATE ROLE weak LOGIN PASSWORD 'weak'",
  );
  await owner.query("CREATE DATABASE data OWNER gw ENCODING 'UTF8' TEMPLATE template0");
  await owner.query(
    "CREATE DATABASE latin OWNER gw ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0",
  );
});
afterAll(async () => {
  for (const engine of engines) await engine.close();
  await owner?.end();
  await server?.stop();
  remove?.();
});

function url(path: string, login = 'gw:p%40ss%2Fw'): Secret {
  return new Secret(`postgres://${login}@127.0.0.1:${server.endpoint.port}/${path}`);
}

async function start(): Promise<RunningEngine> {
  const engine = await startEngine({ mode: 'external', url: url('data') }, { connections: 5 });
  engines.push(engine);
  return engine;
}

it('works without a superuser: catalogue, guard, plan and scan tables, users', async () => {
  const engine = await start();
  const model = gateway([shop()], [user('ann', 'x', 'all'), user('bob', 'y', [])]);
  const catalogue = await engine.applyCatalogue(model);
  expect(catalogue.problems).toEqual([]);
  const entry = catalogue.entries.get('shop.orders')!;
  expect(entry.planTables[0]).toMatch(/^"tidegate_plan"\./);
  const ann = await login(engine, 'ann', 'x');
  await ann.query(`EXPLAIN SELECT * FROM ${entry.planTables[0]}`);
  for (const sql of [
    'SELECT * FROM open_orders',
    'SELECT * FROM ONLY shop.orders WHERE id = 7',
    'COPY shop.orders TO STDOUT',
  ]) {
    expect((await failure(ann.query(sql))).code, sql).toBe('0A000');
  }
  await owner.query('SELECT 1');
  const scan = await engine.load(entry, ['id'], rows([['1'], ['2']]), { withPrimaryKey: true }, never);
  expect(scan.sqlName).toMatch(/^"tidegate_scan"\./);
  expect((await ann.query(`SELECT id FROM ${scan.sqlName}`)).rows).toEqual([{ id: '1' }, { id: '2' }]);
  const bob = await login(engine, 'bob', 'y');
  expect((await failure(bob.query(`SELECT id FROM ${scan.sqlName}`))).code).toBe('42501');
  await Promise.all([ann.end(), bob.end()]);
  await scan.drop();
  expect((await engine.applyCatalogue(model)).entries.get('shop.orders')!.oid).toBe(entry.oid);
});

it('still guards after somebody analyzed the whole database', async () => {
  const engine = engines[0]!;
  await engine.query('ANALYZE');
  const ann = await login(engine, 'ann', 'x');
  for (const sql of [
    'SELECT * FROM shop.orders WHERE id = 7',
    "SELECT * FROM shop.orders WHERE status = 'x' AND id = 7",
  ]) {
    expect((await failure(ann.query(sql))).code).toBe('0A000');
  }
  await ann.end();
});

it('shares the server: another gateway keeps our scan tables while we live, and clears them when we are gone', async () => {
  const one = await start();
  const catalogue = await one.applyCatalogue(gateway([shop()]));
  const scan = await one.load(
    catalogue.entries.get('shop.orders')!,
    ['id'],
    rows([['1']]),
    { withPrimaryKey: false },
    never,
  );
  const two = await start();
  expect(await two.query(`SELECT count(*)::text FROM ${scan.sqlName}`)).toEqual([['1']]);
  await one.close();
  await start();
  expect(await failure(two.query(`SELECT count(*)::text FROM ${scan.sqlName}`))).toMatchObject({ code: '42P01' });
});

it('gives the trusted user a password that every gateway of that URL derives', async () => {
  const [one, two] = [await start(), await start()];
  await one.applyCatalogue(gateway([shop()]));
  await two.applyCatalogue(gateway([shop()]));
  const password = one.trustedPassword('tidegate')!.reveal();
  expect(two.trustedPassword('tidegate')!.reveal()).toBe(password);
  await (await login(one, 'tidegate', password)).end();
  expect((await failure(login(one, 'tidegate', 'guess'))).code).toBe('28P01');
});

it('refuses to take over a role or a schema that is not its own', async () => {
  const engine = await start();
  expect(await failure(engine.applyCatalogue(gateway([shop()], [user('weak', 'x', 'all')])))).toMatchObject({
    sqlstate: 'F0000',
    message: 'the engine has a role "weak" that is not Tidegate\'s',
  });
});

it.each([
  ['data', 'gw:wrong', /password authentication failed/],
  ['nowhere', undefined, /"nowhere" does not exist/],
  ['data', 'weak:weak', null],
  ['latin', undefined, null],
  ['data?sslmode=require', undefined, /does not support SSL/],
])('says clearly why %s as %s cannot be used', async (path, credentials, detail) => {
  const error = await failure(startEngine({ mode: 'external', url: url(path, credentials) }, { connections: 5 }));
  expect(error).toMatchObject({ sqlstate: 'HV00N' });
  if (detail !== null) expect(error.detail).toMatch(detail);
  expect(error.hint).toMatch(/\.$/);
  expect(`${error.message} ${error.detail} ${error.hint}`).not.toMatch(/wrong|p@ss/);
});

it('encrypts where the server can, and checks the certificate where it is told to', async () => {
  const made = spawnSync(
    'openssl',
    'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout server.key -out server.crt'.split(
      ' ',
    ),
    { cwd: server.dataDir, timeout: 20_000 },
  );
  if (made.error !== undefined || made.status !== 0) return;
  const { uid, gid } = statSync(server.dataDir);
  for (const name of ['server.key', 'server.crt']) chownSync(join(server.dataDir, name), uid, gid);
  await owner.query('ALTER SYSTEM SET ssl = on');
  await owner.query('SELECT pg_reload_conf()');
  await owner.query('SELECT pg_sleep(0.3)');
  const connect = async (query: string) => {
    const address = new Secret(`postgres://gw:p%40ss%2Fw@localhost:${server.endpoint.port}/data${query}`);
    const engine = await startEngine({ mode: 'external', url: address }, { connections: 5 });
    engines.push(engine);
    (await engine.connect()).destroy();
    return engine.query('SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
  };
  expect(await connect('')).toEqual([['true']]);
  expect(await connect('?sslmode=require')).toEqual([['true']]);
  expect(await connect('?sslmode=disable')).toEqual([['false']]);
  const root = encodeURIComponent(join(server.dataDir, 'server.crt'));
  expect(await connect(`?sslmode=verify-full&sslrootcert=${root}`)).toEqual([['true']]);
  expect(await failure(connect('?sslmode=verify-full'))).toMatchObject({
    sqlstate: 'HV00N',
    detail: expect.stringMatching(/self.signed/),
  });
});

it('reads URLs as libpq does', () => {
  const read = (text: string) => parseEngineUrl(new Secret(text));
  expect(read('postgresql://u@%2Frun%2Fpg:5433').endpoint).toMatchObject({
    host: '/run/pg',
    port: 5433,
    database: 'tidegate',
    tls: null,
  });
  expect(read('postgres://u:p@[::1]/d?sslmode=disable').endpoint).toMatchObject({
    host: '::1',
    database: 'd',
    tls: null,
  });
  expect(read('postgres://u@h/d')).toMatchObject({
    isTlsOptional: true,
    endpoint: { tls: { rejectUnauthorized: false } },
  });
  expect(read('postgres://u@h/d?sslmode=verify-full')).toMatchObject({
    isTlsOptional: false,
    endpoint: { tls: { rejectUnauthorized: true } },
  });
});
