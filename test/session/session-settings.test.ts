import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SingleByteCharset } from '../../src/core/encode/single-byte.js';
import { bindTailWithTextResults, frontend } from '../../src/wire/write.js';
import type { TestApi } from '../support/api-server.js';
import { type BackendFrame, errorOf, RawClient, rowsOf, typesOf } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { EVERYTHING_DSN, startEverythingApi } from './everything.js';

let api: TestApi;
let gateway: TestGateway;
let client: RawClient;

beforeAll(async () => {
  api = await startEverythingApi();
  gateway = await startTestGateway({ dsns: { 't.yaml': EVERYTHING_DSN }, env: { API_URL: api.url } });
});
afterAll(async () => {
  await gateway?.close();
  await api?.close();
});
beforeEach(async () => {
  client = await RawClient.login(gateway.port);
  await run('CREATE TEMP TABLE everything (LIKE t.everything INCLUDING INDEXES)');
  await run('INSERT INTO pg_temp.everything SELECT * FROM t.everything');
});
afterEach(() => client.close());

async function run(sql: string): Promise<string[][]> {
  const frames = await client.query(sql);
  expect(errorOf(frames)).toBeNull();
  return rowsOf(frames) as string[][];
}

/** What differs for a client: all but where in the catalogue a column comes from. */
function comparable(frames: readonly BackendFrame[]): string[] {
  return frames
    .filter(({ type }) => type !== 'N')
    .map(({ type, bytes }) => {
      if (type === 'E') return JSON.stringify(errorOf([{ type, bytes }])?.sqlstate) + messageBytes(bytes);
      return type === 'T' ? 'T' : `${type} ${bytes.toString('hex')}`;
    });
}

/** The message of an ErrorResponse in hex, because it is in the client's encoding. */
function messageBytes(frame: Buffer): string {
  const start = frame.indexOf('\0M') + 2;
  return frame.toString('hex', start, frame.indexOf(0, start));
}

function simpleQuery(sql: Buffer): Buffer {
  const frame = Buffer.alloc(6 + sql.length);
  frame.write('Q');
  frame.writeInt32BE(5 + sql.length, 1);
  sql.copy(frame, 5);
  return frame;
}

interface Sent {
  readonly sql: Buffer;
  readonly parameters?: readonly Buffer[];
  readonly format?: 0 | 1;
}

async function answer({ sql, parameters, format = 0 }: Sent): Promise<BackendFrame[]> {
  if (parameters === undefined && format === 0) client.send(simpleQuery(sql));
  else {
    const tail = Buffer.from(bindTailWithTextResults([], parameters ?? []));
    const formats = Buffer.from([0, 1, 0, format]);
    const bind = frontend.bindWithTail('', '', Buffer.concat([tail.subarray(0, -2), formats]));
    client.send(frontend.parse('', sql), bind, frontend.describe('portal', ''), frontend.execute(''), frontend.sync);
  }
  return client.until('Z');
}

/** The same answer on both paths and from an ordinary table. */
async function expectSame(sent: Sent): Promise<BackendFrame[]> {
  const text = sent.sql.toString('latin1');
  const answers: string[][] = [];
  let frames: BackendFrame[] = [];
  for (const [execution, table] of [
    ['engine', 't.everything'],
    ['auto', 'pg_temp.everything'],
    ['auto', 't.everything'],
  ] as const) {
    await run(`SET tidegate.execution = '${execution}'`);
    frames = await answer({ ...sent, sql: Buffer.from(text.replaceAll('E_', table), 'latin1') });
    answers.push(comparable(frames));
  }
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[2]).toEqual(answers[1]);
  return frames;
}

describe('settings that change how values are printed', () => {
  it.each([
    ["SET TimeZone = 'America/St_Johns'", ['at', 'ts, day']],
    ["SET TimeZone = 'Asia/Kathmandu'; SET DateStyle = 'SQL, DMY'", ['at', 'ts', 'day']],
    ["SET DateStyle = 'German'", ['at', 'ts', 'day', 't']],
    ["SET DateStyle = 'Postgres, MDY'", ['at', 'ts', 'day']],
    ["SET DateStyle = 'ISO, DMY'", ['at', 'ts', 'day']],
    ["SET bytea_output = 'escape'", ['raw', 's']],
    ['SET extra_float_digits = 0', ['r', 'd', 'num']],
    ['SET extra_float_digits = -5', ['r', 'd', 'num']],
    ['SET extra_float_digits = 3', ['r', 'd']],
  ])('%s', async (settings, columns) => {
    await run(settings);
    for (const column of columns) await expectSame({ sql: Buffer.from(`SELECT id, ${column} FROM E_`) });
    await expectSame({ sql: Buffer.from('SELECT * FROM E_'), format: 1 });
    // What the API is asked for, and what the gateway compares itself, must not depend on them either.
    const conditions = ["at > '2000-02-29 03:00:00+05'", "day >= '31/01/2026'", "ts < '2000-02-29' AND d > 0.1"];
    for (const condition of conditions) {
      await expectSame({ sql: Buffer.from(`SELECT id, at, day FROM E_ WHERE ${condition}`) });
    }
  });

  it.each(['postgres', 'sql_standard', 'postgres_verbose', 'iso_8601'])('IntervalStyle %s', async (style) => {
    await run(`SET IntervalStyle = '${style}'`);
    const frames = await expectSame({ sql: Buffer.from("SELECT id, ts - timestamp '2000-01-01' FROM E_ ORDER BY id") });
    expect(rowsOf(frames)).toHaveLength(60);
  });
});

describe('other settings', () => {
  it('search_path decides what an unqualified name means', async () => {
    expect(await run('SELECT count(*), count(s) FROM everything WHERE id = 1')).toEqual([['1', '1']]);
    await run("DELETE FROM everything; SET search_path = 't'");
    expect(await run('SELECT id FROM everything WHERE id = 1')).toEqual([]); // pg_temp comes first
    await run("SET search_path = 't', 'pg_temp'");
    expect(await run('SELECT id FROM everything WHERE id = 1')).toEqual([['1']]);
    await run("SET search_path = ''");
    expect(await run('SELECT id FROM pairs WHERE false').catch((error: Error) => error.message)).toBeTypeOf('string');
    await run("SET search_path = 'public', 'pg_temp'");
    expect(errorOf(await client.query('SELECT 1 FROM pairs'))).toMatchObject({ sqlstate: '42P01' });
  });

  it('application_name and set_config are seen by the statement on both paths', async () => {
    await run("SET application_name = 'Ün Bericht'");
    for (const execution of ['auto', 'engine']) {
      await run(`SET tidegate.execution = '${execution}'`);
      expect(await run("SELECT current_setting('application_name') FROM t.everything WHERE id = 1")).toEqual([
        ['?n Bericht'.replace('?', await ascii())],
      ]);
    }
  });

  /** PostgreSQL writes each byte of a name that is not ASCII in its own way. */
  async function ascii(): Promise<string> {
    const [[name]] = (await run('SHOW application_name')) as [[string]];
    return name.slice(0, name.indexOf('n Bericht'));
  }

  it.each(['auto', 'engine'])('statement_timeout ends a wait for the API, on path %s', async (execution) => {
    await run(`SET tidegate.execution = '${execution}'; SET statement_timeout = '1ms'`);
    const frames = await client.query('SELECT * FROM t.everything');
    expect(errorOf(frames)).toMatchObject({
      sqlstate: '57014',
      message: 'canceling statement due to statement timeout',
    });
  });
});

describe('client encodings', () => {
  const TEXT = 'ünï©ødé';

  it.each(['WIN1252', 'LATIN1', 'LATIN9'])('%s in texts, parameters, results, names and errors', async (encoding) => {
    const inEncoding = (text: string): Buffer => Buffer.from(text, 'latin1');
    await run(`SET client_encoding = '${encoding}'`);
    for (const format of [0, 1] as const) {
      const frames = await expectSame({
        sql: inEncoding(`SELECT id, s AS "größe", s, v, b, n, j FROM E_ WHERE s = '${TEXT}'`),
        format,
      });
      expect(frames.filter(({ type }) => type === 'D').length).toBeGreaterThan(1);
      expect(frames.find(({ type }) => type === 'T')!.bytes.includes(inEncoding('größe'))).toBe(true);
      expect(frames.find(({ type }) => type === 'D')!.bytes.includes(inEncoding(TEXT))).toBe(true);
    }
    const parameters = [inEncoding(TEXT)];
    const found = await expectSame({ sql: inEncoding('SELECT id, s FROM E_ WHERE s = $1'), parameters });
    expect(found.filter(({ type }) => type === 'D').length).toBeGreaterThan(1);
    await expectSame({ sql: inEncoding('SELECT id, upper(s), $1 || s FROM E_ WHERE s = $1 ORDER BY id'), parameters });
    await expectSame({ sql: inEncoding(`SELECT id FROM E_ WHERE id = 1 AND s::integer = 1 OR s > '${TEXT}'`) });
    await expectSame({ sql: inEncoding(`SELECT '${TEXT}'::integer FROM E_`) });
    const failed = await expectSame({ sql: inEncoding('SELECT "größe" FROM E_') });
    expect(messageBytes(failed[0]!.bytes)).toContain(inEncoding('größe').toString('hex'));
    // What the encoding does not have ends the statement as PostgreSQL ends it.
    const fox = await expectSame({ sql: inEncoding("SELECT id, s FROM E_ WHERE id > 1 AND s LIKE '_'") });
    expect(fox.find(({ type }) => type === 'E')).toBeDefined();
    expect(await run('SELECT 1')).toEqual([['1']]);
  });

  it('streams in them, and from cursors', async () => {
    await run("SET client_encoding = 'WIN1252'");
    const plan = await run(`EXPLAIN SELECT id, s FROM t.everything WHERE s = 'plain'`);
    expect(plan[0]![0]).toContain('rows stream');
    await run('BEGIN; DECLARE c CURSOR FOR SELECT id, j FROM t.everything WHERE id < 20');
    const before = api.requests.length;
    expect(typesOf(await client.query('FETCH 7 FROM c'))).toBe('TDDDDDDDCZ');
    expect(api.requests.length - before).toBe(1);
    await run('COMMIT');
  });

  it('takes statements and parameters of several bytes to a character', async () => {
    const shiftJis = Buffer.from('836583588367', 'hex'); // テスト
    await run("SET client_encoding = 'SJIS'");
    const literal = Buffer.concat([
      Buffer.from("SELECT id, '"),
      shiftJis,
      Buffer.from("' AS x FROM E_ WHERE id < 3 AND s <> '"),
      shiftJis,
      Buffer.from("'"),
    ]);
    const frames = await expectSame({ sql: literal });
    expect(frames.filter(({ type }) => type === 'D')).toHaveLength(2);
    expect(frames.find(({ type }) => type === 'D')!.bytes.includes(shiftJis)).toBe(true);
    const parameters = [shiftJis];
    const bound = await expectSame({
      sql: Buffer.from('SELECT id, $1::text, length($1) FROM E_ WHERE id < 3 AND s <> $1'),
      parameters,
    });
    expect(bound.filter(({ type }) => type === 'D')).toHaveLength(2);
  });

  it('keeps PREPARE, EXECUTE and several statements in one text apart from the encoding', async () => {
    await run("SET client_encoding = 'LATIN1'");
    const text = `PREPARE p(text) AS SELECT id, s, $1 FROM t.everything WHERE s = $1; EXECUTE p('${TEXT}'); SELECT '${TEXT}'`;
    client.send(simpleQuery(Buffer.from(text, 'latin1')));
    const frames = await client.until('Z');
    expect(errorOf(frames)).toBeNull();
    const rows = frames.filter(({ type }) => type === 'D');
    expect(rows.length).toBeGreaterThan(2);
    for (const { bytes } of rows) expect(bytes.includes(Buffer.from(TEXT, 'latin1'))).toBe(true);
    expect(await run('SHOW client_encoding')).toEqual([['LATIN1']]);
  });

  it('puts the encoding back inside a transaction block, also after an error', async () => {
    await run("SET client_encoding = 'LATIN1'");
    await run('BEGIN');
    await run('SELECT id FROM t.everything WHERE id = 1');
    expect(await run('SHOW client_encoding')).toEqual([['LATIN1']]);
    await client.query('SELECT 1 / (id - id) FROM t.everything');
    await run('ROLLBACK');
    expect(await run('SHOW client_encoding')).toEqual([['LATIN1']]);
  });

  it('has the tables of PostgreSQL', async () => {
    const names = ['LATIN1', 'LATIN2', 'LATIN3', 'LATIN4', 'LATIN5', 'LATIN6', 'LATIN7', 'LATIN8', 'LATIN9'];
    names.push('ISO_8859_5', 'ISO_8859_6', 'ISO_8859_7', 'ISO_8859_8', 'KOI8R', 'WIN866', 'WIN874');
    for (const page of [1250, 1251, 1252, 1254, 1255, 1256, 1257, 1258]) names.push(`WIN${page}`);
    for (const name of names) {
      const charset = SingleByteCharset.named(name)!;
      const high = Array.from({ length: 128 }, (_, k) => 128 + k);
      const known = high.filter((byte) => charset.decode(Uint8Array.of(byte)) !== null);
      const convert = (bytes: readonly number[]): Promise<BackendFrame[]> =>
        client.query(`SELECT convert_from('\\x${Buffer.from(bytes).toString('hex')}', '${name}')`);
      const text = rowsOf(await convert(known))[0]?.[0] ?? '';
      expect([name, charset.decode(Uint8Array.from(known))]).toEqual([name, text]);
      for (const byte of high.filter((other) => !known.includes(other))) {
        expect([name, byte, errorOf(await convert([byte]))?.sqlstate]).toEqual([name, byte, '22P05']);
      }
      const target = Buffer.alloc(256);
      const utf8 = Buffer.from(text);
      expect(charset.encodeCell(utf8, 0, utf8.length, target, 0)).toBe(known.length);
      expect(target.subarray(0, known.length)).toEqual(Buffer.from(known));
    }
    expect(SingleByteCharset.named('SJIS')).toBeNull();
  });
});
