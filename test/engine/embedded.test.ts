import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { postgresProcessesIn } from '../../src/engine/process-identity.js';
import { type EngineOptions, type RunningEngine, startEngine } from '../../src/engine/start-engine.js';
import { failure, gateway, login, makeDataFolder, rows, shop } from './harness.js';

const isRoot = process.getuid?.() === 0;
let folder: string;
let remove: () => void;
const engines: RunningEngine[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  ({ folder, remove } = makeDataFolder());
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const engine of engines.splice(0)) await engine.close();
  remove();
});

async function start(options: Partial<EngineOptions> = {}, dataDir = folder): Promise<RunningEngine> {
  const engine = await startEngine({ mode: 'embedded', dataDir, binDir: null }, { connections: 5, ...options });
  engines.push(engine);
  return engine;
}

async function startChild(...extra: string[]): Promise<{ child: ChildProcess; pid: number; dataDir: string }> {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'child', 'gateway.mjs');
  const child = spawn(process.execPath, [script, folder, ...extra], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout!.once('data', (data: Buffer) => resolve(data.toString()));
    child.once('exit', () => reject(new Error('the child ended')));
  });
  return { child, ...(JSON.parse(line) as { pid: number; dataDir: string }) };
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
}

it('runs unprivileged in a private folder, with nothing of the gateway’s environment', async () => {
  process.env.TIDEGATE_TEST_CANARY = 'canary';
  const engine = await start();
  delete process.env.TIDEGATE_TEST_CANARY;
  const { pid, dataDir } = engine.connectionInfo;
  expect(statSync(dataDir!).mode & 0o777).toBe(0o700);
  expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toContain('canary');
  if (isRoot) expect(statSync(dataDir!).uid).not.toBe(0);
  expect(readFileSync(`/proc/${pid}/status`, 'latin1')).toMatch(isRoot ? /Uid:\t(?!0\t)/ : /Uid:/);
  expect(
    await engine.query(
      "SELECT current_setting('listen_addresses'), datcollate, datlocprovider::text FROM pg_database WHERE datname = 'tidegate'",
    ),
  ).toEqual([['', 'C', 'b']]);
  expect(await engine.query("SELECT 'é' < 'z', current_setting('TimeZone'), $1::text", [null])).toEqual([
    ['f', 'UTC', null],
  ]);
});

it('uses an ended gateway’s directory again, quickly, and drops its scan tables', async () => {
  const first = await start();
  const catalogue = await first.applyCatalogue(gateway([shop()]));
  const entry = catalogue.entries.get('shop.orders')!;
  await first.load(entry, ['id'], rows([['1']]), { withPrimaryKey: false }, new AbortController().signal);
  const { dataDir } = first.connectionInfo;
  await first.close();
  expect(postgresProcessesIn(dataDir!)).toEqual([]);
  const began = Date.now();
  const second = await start();
  expect(Date.now() - began).toBeLessThan(1500);
  expect(second.connectionInfo.dataDir).toBe(dataDir);
  const left = await second.query(
    "SELECT count(*)::text FROM pg_class WHERE relkind = 'r' AND starts_with(relname, 'tidegate_scan_')",
  );
  expect(left).toEqual([['0']]);
  const again = await second.applyCatalogue(gateway([shop()]));
  expect(again.entries.get('shop.orders')!.oid).toBe(entry.oid);
  const client = await login(second, 'tidegate');
  expect((await failure(client.query('SELECT * FROM shop.orders'))).code).toBe('0A000');
  await client.end();
});

it('keeps two gateways apart that start at once in one folder', async () => {
  const [one, two] = await Promise.all([start(), start()]);
  expect(one.connectionInfo.dataDir).not.toBe(two.connectionInfo.dataDir);
  await one.query('CREATE TABLE public.only_here ()');
  expect(await two.query("SELECT to_regclass('public.only_here')::text")).toEqual([[null]]);
});

it.each(['idle', 'busy'])('is gone within two seconds when its gateway is killed (%s)', async (kind) => {
  const { child, pid, dataDir } = await startChild(kind);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(postgresProcessesIn(dataDir).length).toBeGreaterThan(2);
  const began = Date.now();
  child.kill('SIGKILL');
  await expect.poll(() => postgresProcessesIn(dataDir).length, { timeout: 5000, interval: 20 }).toBe(0);
  expect(Date.now() - began).toBeLessThan(2000);
  expect(isAlive(pid)).toBe(false);
});

it('ends what a killed gateway left behind when even the watchdog was killed', async () => {
  const { child, pid, dataDir } = await startChild('busy');
  const watchdogs = readdirSync('/proc').filter((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      return command.includes('tidegate-watchdog') && command.endsWith(`\0${pid}\0`);
    } catch {
      return false;
    }
  });
  expect(watchdogs).toHaveLength(1);
  child.kill('SIGKILL');
  process.kill(Number(watchdogs[0]), 'SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (!isAlive(pid)) return; // The watchdog was faster.
  const logged: string[] = [];
  const engine = await start({ log: (_level, message) => logged.push(message) });
  expect(engine.connectionInfo.dataDir).toBe(dataDir);
  expect(isAlive(pid)).toBe(false);
  expect(logged.some((line) => line.includes(`process ${pid}`))).toBe(true);
});

it('signals nothing that only looks like its own: a process id that was used again', async () => {
  const engine = await start();
  const { dataDir } = engine.connectionInfo;
  await engine.close();
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
  children.push(bystander);
  const note = { pid: bystander.pid, startTime: '1', scope: 'x', dataDir, socketDir: null };
  writeFileSync(`${dirname(dataDir!)}.engine.json`, JSON.stringify(note));
  writeFileSync(join(dataDir!, 'postmaster.pid'), `${bystander.pid}\n${dataDir}\n1\n5432\n\n\n\n`);
  const again = await start();
  expect(again.connectionInfo.dataDir).toBe(dataDir);
  expect(isAlive(bystander.pid!)).toBe(true);
});

it('makes a spoiled data directory anew', async () => {
  const engine = await start();
  const { dataDir } = engine.connectionInfo;
  await engine.close();
  rmSync(join(dataDir!, 'global', 'pg_control'));
  const again = await start();
  expect(again.connectionInfo.dataDir).toBe(dataDir);
  expect(await again.query('SELECT 1::text')).toEqual([['1']]);
});

it('says so when the engine crashes: callback, connect, query', async () => {
  let crashed: Error | undefined;
  const engine = await start({ onCrash: (error) => (crashed = error) });
  const client = await login(engine, 'tidegate_gateway', engine.connectionInfo.password!.reveal());
  const [[backend]] = (await engine.query(
    "SELECT pid::text FROM pg_stat_activity WHERE application_name = 'tidegate' LIMIT 1",
  )) as [[string]];
  process.kill(Number(backend), 'SIGKILL');
  await expect.poll(() => crashed, { timeout: 5000 }).toBeDefined();
  expect(await failure(engine.connect())).toMatchObject({ sqlstate: 'HV00N', message: 'the engine has stopped' });
  expect(await failure(engine.query('SELECT 1'))).toMatchObject({ sqlstate: 'HV00N' });
  await client.end().catch(() => undefined);
});

it('finds its place when paths are too long for a socket', async () => {
  const long = join(folder, 'x'.repeat(100));
  mkdirSync(long, { mode: 0o711 });
  chmodSync(long, 0o711);
  const engine = await start({}, long);
  const { host } = engine.connectionInfo;
  expect(host.startsWith(long)).toBe(false);
  expect(statSync(host).mode & 0o777).toBe(0o700);
  await engine.close();
  expect(existsSync(host)).toBe(false);
});

it('listens on loopback where there are no unix sockets, for passwords only', async () => {
  const engine = await start({ listener: 'tcp' });
  expect(engine.connectionInfo.host).toBe('127.0.0.1');
  const socket = await engine.connect();
  socket.destroy();
  expect((await failure(login(engine, 'tidegate_gateway', 'guess'))).code).toBe('28P01');
});

it('copies programs that the engine’s user cannot read, or whose links are missing', async () => {
  const { findPackage } = await import('../../src/engine/binaries.js');
  const source = findPackage();
  const hidden = join(folder, 'hidden');
  const copy = join(hidden, 'package');
  cpSync(source, copy, { recursive: true, verbatimSymlinks: true });
  for (const { target } of JSON.parse(readFileSync(join(copy, 'native', 'pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[]) {
    rmSync(join(copy, target), { force: true });
  }
  chmodSync(hidden, 0o700);
  chmodSync(join(copy, 'native', 'share', 'postgresql', 'postgres.bki'), 0o600);
  const data = join(folder, 'data');
  const [one, two] = await Promise.all([start({ packageDir: copy }, data), start({ packageDir: copy }, data)]);
  expect(await one.query('SELECT 1::text')).toEqual([['1']]);
  expect(await two.query('SELECT 1::text')).toEqual([['1']]);
  expect(readFileSync(`/proc/${one.connectionInfo.pid}/cmdline`, 'latin1')).toContain(join(data, 'postgres-'));
  expect(readdirSync(data).filter((name) => name.startsWith('postgres-'))).toHaveLength(1);
});

it.runIf(isRoot)('names the folder that bars the engine’s user', async () => {
  const barred = join(folder, 'barred');
  mkdirSync(barred, { mode: 0o700 });
  const error = await failure(
    startEngine({ mode: 'embedded', dataDir: join(barred, 'data'), binDir: null }, { connections: 5 }),
  );
  expect(error).toMatchObject({ sqlstate: 'HV00N' });
  expect(error.detail).toContain(`may not enter "${barred}"`);
  expect(error.hint).toContain('engine.data_dir');
});

it('says what is wrong with bin_dir', async () => {
  const error = await failure(
    startEngine({ mode: 'embedded', dataDir: folder, binDir: '/nowhere' }, { connections: 5 }),
  );
  expect(error.message).toBe('engine.bin_dir "/nowhere" has no "initdb"');
});

it('closes for good: waiting callers are told, and a second close is fine', async () => {
  const engine = await start();
  const running = failure(engine.query('SELECT pg_sleep(20)'));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const began = Date.now();
  await Promise.all([engine.close(), engine.close()]);
  expect(Date.now() - began).toBeLessThan(5000);
  expect(await running).toBeInstanceOf(Error);
  expect(await failure(engine.connect())).toMatchObject({ sqlstate: '57P01' });
});

it('reports an unreachable external engine without its password', async () => {
  const { Secret } = await import('../../src/core/secret.js');
  const silent = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as { port: number };
  for (const url of [
    `postgres://me:canary@127.0.0.1:${port}/tidegate`,
    'postgres://me:canary@127.0.0.1:1/tidegate',
    'postgres://me:canary@/tidegate?host=/nowhere',
    'http://me:canary@x',
    'postgres://me:canary@x/y?sslmode=sometimes',
    'canary',
  ]) {
    const error = await failure(startEngine({ mode: 'external', url: new Secret(url) }, { connections: 5 }));
    expect(error, url).toMatchObject({ sqlstate: 'HV00N' });
    expect(error.hint).toMatch(/\.$/);
    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: 5 }), url).not.toContain('canary');
  }
  silent.close();
});
