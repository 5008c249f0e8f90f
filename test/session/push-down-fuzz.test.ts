import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frontend } from '../../src/wire/write.js';
import { Random } from '../core/random.js';
import type { TypedText } from '../plan/fuzz/expressions.js';
import { startFuzzApi } from '../plan/fuzz/fuzz-api.js';
import { type FuzzQuery, makeQuery } from '../plan/fuzz/query-generator.js';
import { type ApiMode, makeWorld, type World, ZONES } from '../plan/fuzz/world.js';
import type { TestApi } from '../support/api-server.js';
import { type BackendFrame, errorOf, RawClient } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** Queries in all; TIDEGATE_FUZZ_QUERIES=20000 for a long run, TIDEGATE_FUZZ_SEED for other ones. */
const QUERIES = Number(process.env.TIDEGATE_FUZZ_QUERIES ?? 360);
const SEED = Number(process.env.TIDEGATE_FUZZ_SEED ?? 1);
const MODES: readonly ApiMode[] = ['honest', 'ignores', 'overfetches'];
const WORLDS_PER_MODE = Math.min(12, Math.max(4, Math.ceil(QUERIES / 500)));

let api: TestApi;
let gateway: TestGateway;
const worlds: World[] = MODES.flatMap((mode, index) =>
  Array.from({ length: WORLDS_PER_MODE }, (_, n) => makeWorld(SEED * 1000 + n * 10 + index, `${mode}${n}`, mode)),
);

beforeAll(async () => {
  api = await startFuzzApi(worlds);
  const dsns = Object.fromEntries(worlds.map((world) => [`${world.name}.yaml`, world.yaml]));
  gateway = await startTestGateway({ dsns, env: { FUZZ_URL: api.url } });
  // A long run has 180 virtual tables.
}, 300_000);
afterAll(async () => {
  await gateway?.close();
  await api?.close();
});

/** Ordinary tables with the API's rows, in the session's own temporary schema. */
async function makeOrdinaryTables(client: RawClient, world: World): Promise<void> {
  for (const { name, columns, rows } of world.tables) {
    const types = columns.map((column) => `${column.name} ${column.sqlType}`).join(', ');
    const values = rows.map((row) => `(${columns.map((column) => literal(row[column.name]!)).join(', ')})`);
    const insert = values.length === 0 ? '' : `INSERT INTO pg_temp.${name} VALUES ${values.join(', ')}`;
    const made = await client.query(`CREATE TEMP TABLE ${name} (${types}, PRIMARY KEY (id)); ${insert}`);
    expect(errorOf(made)).toBeNull();
  }
  const own = 'CREATE TEMP TABLE mine (n bigint, t text)';
  const made = await client.query(`${own}; INSERT INTO mine VALUES (3, 'open'), (7, 'paid'), (3, NULL), (NULL, 'zz')`);
  expect(errorOf(made)).toBeNull();
}

function literal(value: string | number | boolean | null): string {
  return value === null ? 'NULL' : `'${String(value).replaceAll("'", "''")}'`;
}

interface Answer {
  readonly sqlstate: string | null;
  readonly message: string;
  /** Names and types of the columns. */
  readonly types: string;
  readonly rows: readonly string[];
}

async function ask(client: RawClient, sql: string, parameters: readonly TypedText[], format: number): Promise<Answer> {
  if (parameters.length === 0 && format === 0) return read(await client.query(sql, 20_000));
  client.send(
    frontend.parse('', sql),
    frontend.bindWithTail('', '', bindTail(parameters, format)),
    frontend.describe('portal', ''),
    frontend.execute(''),
    frontend.sync,
  );
  return read(await client.until('Z', 20_000));
}

/** Parameters as text, or with the results' format where theirs is binary and simple. */
function bindTail(parameters: readonly TypedText[], format: number): Buffer {
  const values = parameters.map((parameter) => (format === 1 ? binaryValue(parameter) : null));
  const parts = parameters.flatMap(({ text }, index) => {
    const bytes = values[index] ?? Buffer.from(text);
    return [int32(bytes.length), bytes];
  });
  const formats = values.flatMap((value) => [0, value === null ? 0 : 1]);
  const head = [0, parameters.length, ...formats, 0, parameters.length];
  return Buffer.concat([Buffer.from(head), ...parts, Buffer.from([0, 1, 0, format])]);
}

function binaryValue({ text, type }: TypedText): Buffer | null {
  const bytes = Buffer.alloc(8);
  switch (type) {
    case 'int':
      bytes.writeBigInt64BE(BigInt(text));
      return bytes;
    case 'dbl':
      bytes.writeDoubleBE(Number(text));
      return bytes;
    case 'bool':
      return Buffer.from([text === 'true' ? 1 : 0]);
    case 'date':
      return int32((Date.parse(text) - Date.UTC(2000, 0, 1)) / 86_400_000);
    case 'ts':
      bytes.writeBigInt64BE(BigInt(Date.parse(text) - Date.UTC(2000, 0, 1)) * 1000n);
      return bytes;
    case 'text':
      return Buffer.from(text);
    case 'num':
      return null;
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function read(frames: readonly BackendFrame[]): Answer {
  const error = errorOf(frames);
  const description = frames.find((frame) => frame.type === 'T');
  const rows = frames.filter((frame) => frame.type === 'D').map(({ bytes }) => bytes.toString('latin1', 5));
  return {
    sqlstate: error?.sqlstate ?? null,
    message: `${error?.message} ${error?.detail ?? ''}`,
    types: description === undefined ? '' : columnsOf(description.bytes),
    rows,
  };
}

function columnsOf(bytes: Buffer): string {
  const columns: string[] = [];
  let at = 7;
  for (let count = bytes.readInt16BE(5); count > 0; count--) {
    const end = bytes.indexOf(0, at);
    columns.push(`${bytes.toString('utf8', at, end)} ${bytes.readUInt32BE(end + 7)}`);
    at = end + 19;
  }
  return columns.join(', ');
}

/** Says what is different; null: nothing. */
function difference(query: FuzzQuery, virtual: Answer, ordinary: Answer): string | null {
  if (virtual.sqlstate !== ordinary.sqlstate) {
    return `SQLSTATE ${virtual.sqlstate} (${virtual.message}) instead of ${ordinary.sqlstate}`;
  }
  if (virtual.sqlstate !== null) return null;
  if (virtual.types !== ordinary.types) return `columns ${virtual.types} instead of ${ordinary.types}`;
  if (query.window === null) {
    const sort = (rows: readonly string[]): readonly string[] => (query.isOrdered ? rows : [...rows].sort());
    const [got, wanted] = [sort(virtual.rows), sort(ordinary.rows)];
    const at = wanted.findIndex((row, index) => row !== got[index]);
    if (at < 0 && got.length === wanted.length) return null;
    const row = at < 0 ? wanted.length : at;
    return `${got.length} rows instead of ${wanted.length}; row ${row}: ${JSON.stringify(got[row])} instead of ${JSON.stringify(wanted[row])}`;
  }
  const { limit, offset } = query.window;
  const count = Math.min(limit, Math.max(0, ordinary.rows.length - offset));
  if (virtual.rows.length !== count) return `${virtual.rows.length} rows instead of ${count}`;
  const left = [...ordinary.rows];
  const alien = virtual.rows.find((row) => {
    const index = left.indexOf(row);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  return alien === undefined ? null : `row ${JSON.stringify(alien)} is none of the ${ordinary.rows.length}`;
}

/** A table that needs a filter may have none in the query, or one with a value that no URL can have: clear errors. */
function isRefusal({ sqlstate, message }: Answer): boolean {
  return sqlstate === 'HV00L' || (sqlstate === '22P02' && message.includes('cannot stand in a URL path'));
}

const named = (sql: string, schema: string): string => sql.replace(/\{\{(\w)\}\}/g, `${schema}.$1`);

describe.each(MODES)('an API that filters: %s', (mode) => {
  it(`answers ${Math.ceil(QUERIES / MODES.length)} random queries as PostgreSQL does`, {
    timeout: 1_200_000,
  }, async () => {
    const differences: string[] = [];
    let answered = 0;
    let refused = 0;
    let failed = 0;
    let rows = 0;
    const own = worlds.filter((world) => world.mode === mode);
    const perWorld = Math.ceil(QUERIES / MODES.length / own.length);
    for (const world of own) {
      const client = await RawClient.login(gateway.port);
      try {
        await makeOrdinaryTables(client, world);
        const zone = ZONES[(SEED + worlds.indexOf(world)) % ZONES.length];
        expect(errorOf(await client.query(`SET TimeZone = '${zone}'`))).toBeNull();
        const needsFilter = new Set(
          world.tables.filter((table) => table.filters.some((filter) => filter.isRequired)).map((table) => table.name),
        );
        for (let n = 0; n < perWorld; n++) {
          const random = new Random(SEED * 7919 + n * 31 + Number(world.name.replace(/\D/g, '')));
          const query = makeQuery(random, world);
          const format = random.chance(0.2) ? 1 : 0;
          const end = query.window === null ? '' : ` LIMIT ${query.window.limit} OFFSET ${query.window.offset}`;
          const ordinary = await ask(client, named(query.sql, 'pg_temp'), query.parameters, format);
          const virtual = await ask(client, named(query.sql, world.name) + end, query.parameters, format);
          if (isRefusal(virtual) && [...query.tables].some((table) => needsFilter.has(table))) {
            refused++;
            continue;
          }
          answered++;
          if (ordinary.sqlstate !== null) failed++;
          rows += ordinary.rows.length;
          const text = difference(query, virtual, ordinary);
          if (text !== null) {
            differences.push(
              `${world.name} #${n}: ${named(query.sql, world.name)}${end}\n  ${JSON.stringify(query.parameters)}\n  ${text}`,
            );
          }
        }
      } finally {
        client.close();
      }
    }
    if (process.env.TIDEGATE_FUZZ_QUERIES !== undefined) {
      process.stderr.write(
        `${mode}: ${answered} answered (${failed} with an error on both sides, ${rows} rows), ${refused} refused for want of a filter, ${differences.length} differences\n`,
      );
    }
    expect(differences.slice(0, 8).join('\n\n')).toBe('');
    // Or nothing was tested.
    expect(answered).toBeGreaterThan(QUERIES / MODES.length / 2);
    expect(failed).toBeLessThan(answered / 10);
  });
});
