import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCoercer } from '../../src/core/coerce/coercer.js';
import { GatewayError } from '../../src/core/errors.js';
import type { RowBatch } from '../../src/core/row-batch.js';
import { parseSqlType, sqlTypeText } from '../../src/core/sql-type.js';
import { CopyBinaryEncoder } from '../../src/engine/copy-binary.js';
import { newCopyEncoder } from '../../src/engine/copy-format.js';
import type { CopyEncoder } from '../../src/engine/copy-frame.js';
import { CopyIn } from '../../src/engine/copy-in.js';
import { CopyTextEncoder } from '../../src/engine/copy-text.js';
import { inlineRows } from '../../src/engine/inline-rows.js';
import { quoteLiteral } from '../../src/engine/names.js';
import type { RunningEngine } from '../../src/engine/start-engine.js';
import { Random } from '../core/random.js';
import { arrayLiteral, GENERATORS } from '../core/values.js';
import { column, rows, startTestEngine, table } from './harness.js';

const TYPES = [
  ...['text', 'varchar(4)', 'boolean', 'smallint', 'integer', 'bigint', 'numeric', 'numeric(8,3)', 'numeric(4,-2)'],
  ...['real', 'double', 'date', 'time', 'timestamp', 'timestamptz', 'uuid', 'json', 'jsonb', 'bytea'],
  ...['text[]', 'numeric(8,3)[]', 'timestamptz[]', 'boolean[]', 'json[]', 'bytea[]', 'varchar(4)[]'],
];
const HARD_TEXTS = [
  '',
  '\\',
  '\\N',
  '\\.',
  'NULL',
  '{',
  '"',
  "'",
  '$rows$',
  '$rows',
  'a\tb\r\n',
  'é€😀',
  'x'.repeat(9000),
];

let engine: RunningEngine;
let client: pg.Client;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ engine, stop } = await startTestEngine());
  client = await connect();
});
afterAll(async () => {
  await client?.end();
  await stop?.();
});

async function connect(): Promise<pg.Client> {
  const { host, port, user, password, database } = engine.connectionInfo;
  const connected = new pg.Client({ host, port, user, database, password: password!.reveal() });
  await connected.connect();
  await connected.query("SET DateStyle = ISO; SET TimeZone = 'UTC'");
  return connected;
}

/** Canonical texts of a type, with NULLs between them. */
function valuesOf(name: string): (string | null)[] {
  const type = parseSqlType(name)!;
  const random = new Random(23);
  const generator = type.isArray ? arrayLiteral(GENERATORS[type.scalar], true) : GENERATORS[type.scalar];
  const coercer = makeCoercer(column('v', name), 'text');
  const texts = Array.from({ length: 3000 }, () => generator(random));
  if (type.scalar === 'text' && !type.isArray) texts.push(...HARD_TEXTS);
  return texts.flatMap((text) => {
    try {
      return [coercer.fromString(text), ...(random.chance(0.1) ? [null] : [])];
    } catch (error) {
      if (error instanceof GatewayError) return [];
      throw error;
    }
  });
}

async function batchesOf(cells: readonly (readonly (string | null)[])[]): Promise<RowBatch[]> {
  const batches: RowBatch[] = [];
  for (let at = 0; at < cells.length; at += 700) {
    for await (const batch of rows(cells.slice(at, at + 700))) batches.push(batch);
  }
  return batches;
}

async function copied(
  types: readonly string[],
  batches: readonly RowBatch[],
  encoder: CopyEncoder,
): Promise<unknown[][]> {
  const columns = types.map((type, index) => `c${index} ${sqlTypeText(parseSqlType(type)!)}`);
  const { format } = encoder;
  await client.query('BEGIN');
  const copy = CopyIn.begin(
    client,
    `CREATE TEMP TABLE t (${columns}) ON COMMIT DROP; COPY t FROM STDIN (FORMAT ${format})`,
  );
  const frames: Buffer[] = [];
  for (const batch of batches) encoder.encode(batch, (frame) => frames.push(frame));
  encoder.finish((frame) => frames.push(frame));
  for (const frame of frames) await copy.write(frame);
  await copy.end('SELECT');
  const loaded = await read(client, 't', types.length);
  await client.query('ROLLBACK');
  return loaded;
}

async function read(reader: pg.Client, from: string, count: number): Promise<unknown[][]> {
  const list = Array.from({ length: count }, (_, index) => `t.c${index}`);
  const types = { getTypeParser: () => (value: string) => value } as never;
  const { rows: answer } = await reader.query({ text: `SELECT ${list} FROM ${from} AS t`, rowMode: 'array', types });
  return answer;
}

const tableOf = (types: readonly string[]) =>
  table(
    's',
    't',
    types.map((type, index) => column(`c${index}`, type)),
  );

describe.each(TYPES)('%s comes out as it went in', (type) => {
  it('by COPY in text, by COPY in binary, and in the statement itself', async () => {
    const cells = valuesOf(type).map((text) => [text, 'beside']);
    expect(cells.length).toBeGreaterThan(100);
    const types = [type, 'text'];
    const batches = await batchesOf(cells);
    expect(await copied(types, batches, new CopyTextEncoder())).toEqual(cells);
    expect(await copied(types, batches, new CopyBinaryEncoder(types.map((name) => parseSqlType(name)!)))).toEqual(
      cells,
    );
    const inline = inlineRows(tableOf(types), ['c0', 'c1'], batches)!;
    expect(await read(client, inline, 2)).toEqual(cells);
  });
});

it('rows of very many columns, all of them NULL or none, come out as they went in', async () => {
  const types = Array.from({ length: 1500 }, (_, index) => TYPES[index % 13]!);
  const valid = ['a', 'b', 't', '1', '2', '3', '4.5', '6.000', '700', '1.5', '2.5', '2020-01-31', '12:00:00'];
  const cells = [
    types.map((_, index) => valid[index % 13]!),
    types.map(() => null),
    types.map((_, k) => (k % 2 ? null : valid[k % 13]!)),
  ];
  const batches = await batchesOf(cells);
  // A page holds no row of so many values that are not NULL: a tenth of them is read at a time.
  const some = types.map((_, index) => index).filter((index) => index % 10 === 0);
  const part = await batchesOf(cells.map((row) => some.map((index) => row[index]!)));
  const someTypes = some.map((index) => types[index]!);
  for (const encoder of [new CopyTextEncoder(), new CopyBinaryEncoder(someTypes.map((name) => parseSqlType(name)!))]) {
    expect(await copied(someTypes, part, encoder)).toEqual(cells.map((row) => some.map((index) => row[index])));
  }
  const inline = inlineRows(
    tableOf(types),
    types.map((_, index) => `c${index}`),
    batches,
  )!;
  expect(await read(client, inline, 1500)).toEqual(cells);
});

it('rows in a statement mean the same whatever the session has set', async () => {
  const types = ['text', 'numeric(8,3)', 'timestamptz', 'date', 'bytea', 'text[]', 'jsonb', 'double'];
  const row = [
    'it\'s \\ $rows$ "',
    '-12.500',
    '2020-02-29 12:00:00.5+00',
    '0044-03-15 BC',
    '\\xff00',
    '{"a b",NULL,"NULL"}',
    '{"a": [1, null]}',
    '1e+21',
  ];
  const cells = [
    row,
    row.map(() => null),
    ['NULL', 'NaN', '-infinity', 'infinity', '\\x', '{}', '"NULL"', '-Infinity'],
  ];
  const inline = inlineRows(
    tableOf(types),
    types.map((_, index) => `c${index}`),
    await batchesOf(cells),
  )!;
  const other = await connect();
  await other.query(`SET standard_conforming_strings = off; SET backslash_quote = on; SET search_path = pg_temp, pg_catalog;
    CREATE DOMAIN pg_temp.text AS pg_catalog.int4; CREATE DOMAIN pg_temp.numeric AS pg_catalog.text;
    CREATE FUNCTION pg_temp.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE sql AS 'SELECT $1[1]'`);
  await other.query("SET DateStyle = 'SQL, DMY'; SET TimeZone = 'Asia/Tokyo'");
  const literal = "it's \\ a \\n";
  expect((await other.query(`SELECT ${quoteLiteral(literal)} AS literal`)).rows[0].literal).toBe(literal);
  const made = `(SELECT ${types.map((_, index) => `c${index}`).join(', ')} FROM ${inline} AS t)`;
  await other.query(`CREATE TEMP TABLE kept AS ${made}`);
  await other.query("SET DateStyle = ISO; SET TimeZone = 'UTC'");
  expect(await read(other, 'kept', types.length)).toEqual(cells);
  const { rows: shown } = await other.query(
    "SELECT pg_catalog.string_agg(pg_catalog.format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS types FROM pg_catalog.pg_attribute WHERE attrelid = 'kept'::pg_catalog.regclass AND attnum > 0",
  );
  expect(shown[0].types).toBe(
    'pg_catalog.text, numeric(8,3), timestamp with time zone, date, bytea, pg_catalog.text[], jsonb, double precision',
  );
  await other.end();
});

it('cells that no statement can hold are copied, so that the engine says what is wrong with them', async () => {
  const batches = await batchesOf([['a\0b']]);
  expect(inlineRows(tableOf(['text']), ['c0'], batches)).toBeNull();
});

it('columns that are not loaded are NULL, or have some value where the engine takes them to have one', async () => {
  const columns = [
    column('a', 'text'),
    column('b', 'integer', { notNull: true }),
    column('c', 'date'),
    column('k', 'uuid'),
  ];
  const inline = inlineRows(
    table('s', 't', columns, { primaryKey: ['k'] }),
    ['c'],
    await batchesOf([['2020-01-31'], [null]]),
  )!;
  const { rows: answer } = await client.query(`SELECT a IS NULL AS a, b, c::text, k IS NULL AS k FROM ${inline} AS t`);
  expect(answer).toEqual([
    { a: true, b: 0, c: '2020-01-31', k: false },
    { a: true, b: 0, c: null, k: false },
  ]);
  const counted = inlineRows(table('s', 't', columns), [], await batchesOf([[], [], []]))!;
  expect((await client.query(`SELECT count(*)::int FROM ${counted} AS t`)).rows).toEqual([{ count: 3 }]);
  const none = inlineRows(table('s', 't', columns), ['a'], [])!;
  expect((await client.query(`SELECT count(*)::int FROM ${none} AS t`)).rows).toEqual([{ count: 0 }]);
});

it('the format is the one that takes less time', () => {
  const formatOf = (...names: string[]) => newCopyEncoder(names.map((name) => parseSqlType(name)!)).format;
  expect(formatOf('bigint', 'timestamptz', 'text')).toBe('binary');
  expect(formatOf('smallint', 'smallint')).toBe('text');
  expect(formatOf('text', 'text[]', 'integer[]')).toBe('text');
  expect(formatOf()).toBe('text');
});
