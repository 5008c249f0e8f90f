// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type ApiHandler, startApi } from '../support/api-server.js';

const COMMAND = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

const open: { close(): Promise<void> }[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const item of open.splice(0)) await item.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-command-'));
  folders.push(folder);
  return folder;
}

const HOST = fileURLToPath(new URL('../cli/child/host.mjs', import.meta.url));
let host: ChildProcess | null = null;
afterAll(() => {
  host?.kill();
});

/** Runs a command in a process that the tests of this file share: most need not see it start and end. */
async function run(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  host ??= fork(HOST, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  host.send({ command: COMMAND, cwd, args, env });
  const [ended] = (await once(host, 'message', { signal: AbortSignal.timeout(60_000) })) as [Ended];
  return ended;
}

/** Runs a command in a process of its own. */
function start(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [COMMAND, ...args],
      { cwd, env: { ...process.env, ...env }, timeout: 60_000 },
      (error, out, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, error: stderr });
      },
    );
  });
}

async function serveApi(handler: ApiHandler): Promise<string> {
  const api = await startApi(handler);
  open.push(api);
  return api.url;
}

const records = (from: number, count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({
    id: from + index,
    name: `n${from + index}`,
    price: (from + index) / 4,
  }));

describe.skipIf(!existsSync(COMMAND))('tidegate discover', () => {
  test('prints a DSN that check accepts, with the paginator that further requests confirm and without the secret', async () => {
    const url = await serveApi(({ query, headers }) => {
      if (headers.authorization !== 'Bearer s3cret-token') return { status: 401, body: { message: 'who are you?' } };
      const page = Number(query.get('page') ?? 1);
      return { body: { items: records((page - 1) * 10 + 1, page > 3 ? 0 : 10), meta: { page, total_pages: 3 } } };
    });
    const folder = newFolder();
    const { code, out } = await start(folder, [
      'discover',
      `${url}/v1/things?expand=all`,
      '--header',
      'Authorization: Bearer s3cret-token',
      '--name',
      'shop',
    ]);
    expect(code).toBe(0);
    expect(out).not.toContain('s3cret');
    writeFileSync(join(folder, 'shop.yaml'), out);
    expect(out.split('\n').slice(1)).toEqual([
      '# Set the variable API_TOKEN: what it holds is not written into files.',
      'dsn: shop',
      `base_url: ${url}`,
      'auth: { type: bearer, token: "${env:API_TOKEN}" }',
      'tables:',
      '  things:',
      '    path: /v1/things',
      '    query: { expand: all }',
      '    records: $.items[*]',
      '    pagination: { type: page, parameter: page, size: 10, stop: [ { total_pages: $.meta.total_pages } ] }',
      '    primary_key: [ id ]',
      '    columns:',
      '      id: bigint',
      '      name: text',
      '      price: numeric',
      '',
    ]);
    expect(await run(folder, ['check', './shop.yaml'], { API_TOKEN: 'x' })).toMatchObject({
      code: 0,
      out: expect.stringContaining('shop: 1 table'),
    });
  });

  test.each([
    [
      'a Link header',
      () => ({ body: records(1, 3), headers: { link: '</?after=3>; rel="next"' } }),
      'pagination: { type: link_header }',
    ],
    [
      'a next URL',
      () => ({ body: { data: records(1, 2), links: { next: '/x?c=2' } } }),
      'pagination: { type: next_url, field: $.links.next }',
    ],
    [
      'a cursor',
      ({ query }) => ({
        body: query.get('cursor') === 'abc' ? { data: records(9, 2) } : { data: records(1, 2), next_cursor: 'abc' },
      }),
      'pagination: { type: cursor, parameter: cursor, field: $.next_cursor, size_parameter: limit, size: 6 }',
    ],
    [
      'an offset',
      ({ query }) => ({
        body: {
          rows: records(Number(query.get('offset') ?? 0), 6),
          offset: Number(query.get('offset') ?? 0),
          total: 60,
        },
      }),
      'pagination: { type: offset, parameter: offset, size_parameter: limit, size: 6, stop: [ { total: $.total } ] }',
    ],
    [
      'nothing, where every page is the same',
      () => ({ body: records(1, 9) }),
      '# No pagination was recognised: only the first page is read.',
    ],
  ] as [string, ApiHandler, string][])('recognises %s', async (_name, handler, expected) => {
    const url = await serveApi(handler);
    expect((await run(newFolder(), ['discover', `${url}/x?limit=6`])).out).toContain(expected);
  });

  test('reads JSON, NDJSON, XML and CSV files, packed ones too', { timeout: 90_000 }, async () => {
    const folder = newFolder();
    const file = (name: string, text: string): void =>
      writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
    file('a.json.gz', JSON.stringify({ results: records(1, 3) }));
    file('b.ndjson', '{"when":"2024-01-01T00:00:00Z","deep":{"a":{"b":1}}}\n{"when":"2024-01-02T00:00:00Z"}\n');
    file('c.xml', '<?xml version="1.0"?><list><row id="1"><Name>x</Name></row><row id="2"><Name>y</Name></row></list>');
    file('d.csv', 'Order No;Total;Day\n007;1,5;2024-02-29\n008;2;2024-03-01\n');
    for (const name of ['a.json.gz', 'b.ndjson', 'c.xml', 'd.csv']) {
      const { code, error } = await run(folder, ['discover', name, '--output', `${name[0]}.yaml`]);
      expect([code, error]).toEqual([0, '']);
    }
    const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
    expect(text('a.yaml')).toContain('files: ./a.json.gz\n    records: $.results[*]');
    expect(text('b.yaml')).toMatch(
      /format: ndjson\n {4}columns:\n {6}when: timestamptz\n {6}deep_a: { type: json, field: \$\.deep\.a }/,
    );
    expect(text('c.yaml')).toMatch(
      /records: \/list\/row\n[\s\S]*id: { type: bigint, field: "@id" }\n {6}name: { type: text, field: Name }/,
    );
    expect(text('d.yaml')).toMatch(
      /delimiter: ;\n {4}columns:\n {6}order_no: { type: text, field: Order No }\n {6}total: { type: text, field: Total }\n {6}day: { type: date, field: Day }/,
    );
    expect(await run(folder, ['check', './a.yaml', './b.yaml', './c.yaml', './d.yaml', '--connect'])).toMatchObject({
      code: 0,
    });
    expect(await run(folder, ['discover', 'd.csv', '--output', 'd.yaml'])).toMatchObject({
      code: 1,
      error: expect.stringContaining('exists already'),
    });
  });

  test.each([
    [
      'an HTML page',
      () => ({ headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Sign in</title>' }),
      /HTML page, not \w+: "Sign in"/,
    ],
    ['a refusal', () => ({ status: 401, body: { message: 'who are you?' } }), /401[\s\S]*who are you[\s\S]*--header/],
    ['an empty list', () => ({ body: [] }), /no records/],
    ['an empty body', () => ({ body: '' }), /no records|empty/],
    [
      'text that is no JSON',
      () => ({ headers: { 'content-type': 'application/json' }, body: '{"a":1' }),
      /not JSON: it ends within a value/,
    ],
    [
      'a DOCTYPE',
      () => ({ headers: { 'content-type': 'text/xml' }, body: '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>' }),
      /DOCTYPE/,
    ],
  ] as [string, ApiHandler, RegExp][])('says what is wrong with %s', async (_name, handler, expected) => {
    const url = await serveApi(handler);
    const { code, out, error } = await run(newFolder(), ['discover', `${url}/x`]);
    expect([code, out]).toEqual([1, '']);
    expect(error).toMatch(expected);
  });

  test('takes the beginning of an endless body, and skips what is nested too deeply', { timeout: 90_000 }, async () => {
    const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
    const url = await serveApi(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(`{"data":[{"id":0,"deep":${deep}}`);
      for (let id = 1; !response.destroyed; id += 1000) {
        const more = response.write(
          Array.from({ length: 1000 }, (_, index) => `,{"id":${id + index},"name":"x"}`).join(''),
        );
        if (!more) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
      }
    });
    const { code, out } = await run(newFolder(), ['discover', `${url}/x`]);
    expect(code).toBe(0);
    expect(out).toMatch(/records: \$\.data\[\*\]\n[\s\S]*id: bigint\n {6}deep: json\n {6}name: text\n/);
  });
});

describe.skipIf(!existsSync(COMMAND))('tidegate init, check and query', () => {
  test('work one after the other in an empty folder', { timeout: 120_000 }, async () => {
    const folder = newFolder();
    expect(await start(folder, ['init'])).toMatchObject({ code: 0 });
    expect(await start(folder, ['init'])).toMatchObject({ code: 1, error: expect.stringContaining('exists already') });
    expect(await start(folder, ['check'])).toMatchObject({ code: 0, out: 'shop: 1 table, 1 view, valid\n' });
    const sql = `SELECT id, customer, total, NULL AS nothing, '' AS empty, 'a "b"' AS quoted, ARRAY[1, NULL] AS list FROM shop.orders WHERE id IN (1, 3) ORDER BY id`;
    const query = async (format: string): Promise<Ended> => await start(folder, ['query', sql, '--format', format]);
    expect(await query('csv')).toMatchObject({
      code: 0,
      out: 'id,customer,total,nothing,empty,quoted,list\n1,Ann Berg,120.50,,"","a ""b""","{1,NULL}"\n3,"Lund, Ida",310.00,,"","a ""b""","{1,NULL}"\n',
    });
    const row = {
      id: 1,
      customer: 'Ann Berg',
      total: 120.5,
      nothing: null,
      empty: '',
      quoted: 'a "b"',
      list: [1, null],
    };
    const json = (await query('json')).out;
    expect(JSON.parse(json)[0]).toEqual(row);
    expect(json).toContain('"total":120.50');
    expect((await query('table')).out).toMatch(/^id \| customer +\| total +\| nothing[\s\S]*\(2 rows\)\n$/);
  });

  test('an error has its SQLSTATE and place, and exit code 1', async () => {
    const folder = newFolder();
    await start(folder, ['init']);
    const { code, out, error } = await start(folder, ['query', 'SELECT *\nFROM shop.ordrs']);
    expect([code, out]).toEqual([1, '']);
    expect(error).toBe(
      'ERROR:  42P01: relation "shop.ordrs" does not exist\nLINE 2: FROM shop.ordrs\n             ^\n',
    );
  });
});

describe.skipIf(!existsSync(COMMAND))('tidegate discover --refresh', () => {
  const TABLES = 'tables:\n  a: { path: /a }\n  b: { path: /b }\n  c: { path: /c, columns: { id: text } }\n';

  async function start(): Promise<{ folder: string; answers: Record<string, unknown>; asked: string[] }> {
    const answers: Record<string, unknown> = { '/a': [{ n: 1 }], '/b': [{ n: 1 }] };
    const asked: string[] = [];
    const url = await serveApi(({ path }) => {
      asked.push(path);
      const body = answers[path];
      return body === undefined ? { status: 404, body: { message: 'gone' } } : { body };
    });
    const folder = newFolder();
    mkdirSync(join(folder, 'dsn'));
    writeFileSync(join(folder, 'dsn', 'shop.yaml'), `dsn: shop\nbase_url: ${url}\nretry: { attempts: 1 }\n${TABLES}`);
    return { folder, answers, asked };
  }

  test('samples all tables without columns again, and says what they have now', async () => {
    const { folder, answers, asked } = await start();
    expect((await run(folder, ['discover', '--refresh'])).out).toBe(
      'shop.a: sampled again\n    n bigint\nshop.b: sampled again\n    n bigint\n',
    );
    answers['/a'] = [{ n: 'x', more: 1.5 }];
    const { code, out } = await run(folder, ['discover', '--refresh', 'shop.a']);
    expect(out).toBe('shop.a: sampled again\n    n text, more numeric\n');
    expect(code).toBe(0);
    expect([...asked].sort()).toEqual(['/a', '/a', '/b']);
    const kept = JSON.parse(readFileSync(join(folder, '.tidegate', 'columns.json'), 'utf8')).parts;
    expect(kept['["shop","a"]'].keys.columns).toEqual({ n: 'text', more: 'numeric' });
    expect(kept['["shop","b"]'].keys.columns).toEqual({ n: 'bigint' });
  });

  test('keeps what was known where the API fails, and says why', async () => {
    const { folder, answers } = await start();
    await run(folder, ['discover', '--refresh']);
    answers['/a'] = undefined;
    answers['/b'] = [{ n: true }];
    const { code, out } = await run(folder, ['discover', '--refresh', 'shop']);
    expect(code).toBe(1);
    expect(out).toMatch(/^shop\.a: API answered 404 Not Found\n {4}.*gone/m);
    expect(out).toContain('shop.b: sampled again\n    n boolean\n');
    const kept = JSON.parse(readFileSync(join(folder, '.tidegate', 'columns.json'), 'utf8')).parts;
    expect(kept['["shop","a"]'].keys.columns).toEqual({ n: 'bigint' });
  });

  test('what leaves nothing to a sample is an error by name', async () => {
    const { folder, asked } = await start();
    const { code, error } = await run(folder, ['discover', '--refresh', 'shop.c']);
    expect(code).toBe(1);
    expect(error).toContain('nothing to sample in "shop.c"');
    expect(asked).toEqual([]);
  });
});
