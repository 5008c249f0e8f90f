import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { type ApiHandler, startApi, type TestApi } from '../support/api-server.js';

const COMMAND = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Query {
  readonly api: TestApi;
  readonly child: ChildProcess;
  readonly output: { out: string; error: string };
  /** Waits until the program has written so much. */
  readonly until: (isDone: () => boolean) => Promise<void>;
}

async function start(handler: ApiHandler, sql: string): Promise<Query> {
  const api = await startApi(handler);
  cleanups.push(() => api.close());
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-query-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'dsn'));
  const table = '{ path: /rows, pagination: { type: page, parameter: page }, columns: { id: bigint, pad: text } }';
  writeFileSync(join(folder, 'dsn', 'shop.yaml'), `dsn: shop\nbase_url: ${api.url}\ntables: { rows: ${table} }\n`);
  const dataDir = process.env.TIDEGATE_TEST_DATA_DIR;
  if (dataDir !== undefined) writeFileSync(join(folder, 'tidegate.yaml'), `engine: { data_dir: ${dataDir} }\n`);
  const child = spawn(process.execPath, [COMMAND, 'query', sql, '--format', 'ndjson'], { cwd: folder });
  cleanups.push(() => child.kill('SIGKILL'));
  const output = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.error += text;
  });
  const until = async (isDone: () => boolean): Promise<void> => {
    await expect.poll(() => isDone() || child.exitCode !== null, { timeout: 25_000, interval: 20 }).toBe(true);
    expect(isDone(), output.error).toBe(true);
  };
  return { api, child, output, until };
}

/** Sends SIGINT and returns the exit code, the signal and the time that the end took. */
async function interrupt(child: ChildProcess): Promise<{ code: number | null; signal: string | null; ms: number }> {
  const startedAt = performance.now();
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  child.kill('SIGINT');
  const [code, signal] = await exit;
  return { code, signal, ms: performance.now() - startedAt };
}

const rows = (from: number, count: number): string =>
  JSON.stringify(Array.from({ length: count }, (_, k) => ({ id: from + k, pad: 'x'.repeat(100) })));

describe.skipIf(!existsSync(COMMAND))('tidegate query and Ctrl-C', () => {
  test('ends in mid-stream with 130, the API request with it', async () => {
    const { api, child, output, until } = await start(({ query }, response) => {
      const page = Number(query.get('page'));
      if (page < 4) return { headers: { 'content-type': 'application/json' }, body: rows(page * 2000, 2000) };
      // A page that begins and never ends.
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(`${rows(8000, 100).slice(0, -1)},`);
      return undefined;
    }, 'SELECT * FROM shop.rows');
    await until(() => output.out.includes('"id":7000') || output.out.includes('"id":"7000"'));
    await expect.poll(() => api.openResponses(), { timeout: 5_000 }).toBe(1);
    const { code, signal, ms } = await interrupt(child);
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(ms).toBeLessThan(8_000);
    expect(output.error).toMatch(/^ERROR: {2}57014: /m);
    await expect.poll(() => api.openSockets(), { timeout: 2_000 }).toBe(0);
    expect(api.openResponses()).toBe(0);
    // Whole lines only.
    for (const line of output.out.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  });

  test('ends while the API has not answered yet', async () => {
    const { api, child, output, until } = await start(() => undefined, 'SELECT count(*) FROM shop.rows');
    await until(() => api.requests.length === 1);
    const { code, ms } = await interrupt(child);
    expect(code).toBe(130);
    expect(ms).toBeLessThan(8_000);
    expect(output.out).toBe('');
    await expect.poll(() => api.openSockets(), { timeout: 2_000 }).toBe(0);
  });

  test('a second one ends the program at once', async () => {
    const { api, child, until } = await start(() => undefined, 'SELECT count(*) FROM shop.rows');
    await until(() => api.requests.length === 1);
    child.kill('SIGINT');
    const { code, ms } = await interrupt(child);
    expect(code).toBe(130);
    expect(ms).toBeLessThan(8_000);
  });

  test('without it a statement ends as it should, and an error with 1', async () => {
    const done = await start(
      ({ query }) => ({ body: query.get('page') === '1' ? [{ id: 1 }] : [] }),
      'SELECT id FROM shop.rows',
    );
    if (done.child.exitCode === null) await once(done.child, 'exit');
    expect([done.child.exitCode, done.output.out.trim()]).toEqual([0, expect.stringMatching(/^\{"id":"?1"?\}$/)]);
    const failed = await start(() => ({ status: 404, body: {} }), 'SELECT id FROM shop.rows');
    if (failed.child.exitCode === null) await once(failed.child, 'exit');
    expect(failed.child.exitCode).toBe(1);
    expect(failed.output.error).toContain('HV000');
  });
});
