import { describe, expect, test } from 'vitest';
import { kernelMemory, Layout } from '../../drivers/json/kernel/memory.js';
import { JsonReader } from '../../drivers/json/reader.js';
import type { ColumnModel, TableModel } from '../../src/config/model.js';
import { GatewayError } from '../../src/core/errors.js';
import { SCALAR_TYPES } from '../../src/core/sql-type.js';
import { Random } from '../core/random.js';
import { GENERATORS } from '../core/values.js';
import { column, type PageOptions, page, type Row, readPage, table } from './reading.js';

/** Values of each type; TIDEGATE_KERNEL_VALUES=1000000 for a long run. */
const VALUES = Number(process.env.TIDEGATE_KERNEL_VALUES ?? 800);

const JSON_DRIVER = { type: 'json', format: 'auto', encoding: null } as const;

interface Reading extends Partial<TableModel> {
  readonly columns: readonly ColumnModel[];
  readonly page?: PageOptions;
}

async function read(body: string | Buffer, { columns, page: options, ...model }: Reading, isPlain: boolean) {
  const reader = new JsonReader({ table: table(JSON_DRIVER, columns, model), columns, captures: [], isPlain });
  try {
    const { rows, recordCount } = await readPage(reader, page(body, options));
    return { rows, recordCount };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { error: `${error.sqlstate} ${error.message}`, detail: error.detail };
  }
}

/** Both ways give the same, rows or error; returns it. */
async function same(body: string | Buffer, reading: Reading): Promise<{ rows?: Row[]; error?: string }> {
  const expected = await read(body, reading, true);
  const found = await read(body, reading, false);
  expect(found, body.toString().slice(0, 2_000)).toEqual(expected);
  return expected;
}

/** Rows that the kernel wrote in its last run: that a test is of the kernel at all. */
const rowsOfLastRun = (): number => kernelMemory()!.numbers[Layout.rows >> 2]!;

test('the kernel was built and runs here', async () => {
  const { rows } = await same('[{"id":1},{"id":2},{"id":3}]', { columns: [column('id', 'bigint')] });
  expect(rows).toEqual([['1'], ['2'], ['3']]);
  expect(rowsOfLastRun()).toBe(3);
});

describe('the kernel gives what the general path gives', () => {
  const SETTINGS: Record<string, string[]> = {
    varchar: ['varchar', 'varchar(3)', 'varchar(20)'],
    numeric: ['numeric', 'numeric(12,2)', 'numeric(5)', 'numeric(4,4)', 'numeric(30,12)', 'numeric(3,-2)'],
  };
  for (const scalar of Object.keys(SCALAR_TYPES) as (keyof typeof SCALAR_TYPES)[]) {
    for (const type of SETTINGS[scalar] ?? [SCALAR_TYPES[scalar].sql]) {
      test(type, async () => {
        const random = new Random(scalar.length * 1_000 + type.length);
        const columns = [
          column('v', { type, onError: 'set_null' }),
          column('d', { type, field: '$.deep.v', onError: 'set_null' }),
          column('n', 'integer'),
        ];
        const lines: string[] = [];
        for (let i = 0; i < VALUES; i++) {
          const text = GENERATORS[scalar](random);
          const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) && random.chance(0.5);
          const isDocument = (scalar === 'json' || scalar === 'jsonb') && random.chance(0.8) && isJson(text);
          const value = isNumber || isDocument ? text : JSON.stringify(text);
          lines.push(`{"v":${value},"deep":{"v":${random.pick([value, 'null', 'true', '[]', '{}', '""'])}},"n":${i}}`);
        }
        const { rows } = await same(`[${lines.join(',')}]`, { columns });
        expect(rows).toHaveLength(VALUES);
      });
    }
  }

  test('the first value that does not fit', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `{"id":${i === 33 ? '"x"' : i}}`);
    const { error } = await same(`[${lines.join(',')}]`, { columns: [column('id', 'bigint')] });
    expect(error).toMatch(/22P02/);
  });
});

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('records of every shape', () => {
  const columns = [
    column('a', { type: 'text', defaultValue: 'none' }),
    column('b', { type: 'integer', field: '$.x.b' }),
    column('c', { type: 'json', field: '$.x' }),
    column('e', { type: 'text', field: '$.list[2].e' }),
    column('tags', 'text[]'),
    column('é"', { type: 'text', field: 'é"' }),
  ];
  const cases: [string, string][] = [
    ['keys in any order', '[{"a":"1","x":{"b":1}},{"x":{"c":0,"b":2},"a":"2"},{"z":0,"a":"3"}]'],
    ['equal keys', '[{"a":"1","x":{"b":1},"x":{"c":2},"a":"2"},{"x":{"b":1},"x":5}]'],
    ['keys with escapes', '[{"\\u0061":"1","\\u00e9\\"":"ä"},{"\\u0061":"2"},{"\\u0062":1,"a":"3"}]'],
    ['arrays by position', '[{"list":[0,[1],{"e":"x","f":[]}],"tags":["a","b,c",null]},{"list":[]},{"list":{"e":1}}]'],
    ['records that are no objects', '[1,"x",null,true,[],{},[{"a":"1"}],{"a":"2"}]'],
    ['missing and null', '[{},{"a":null},{"x":null},{"x":{}},{"x":[]},{"tags":null}]'],
    ['white space', '[ {\n "a" : "1" ,\r\n\t"x" : { "b" : 1 } } ,\n\n{ "a":"2"\n} ]'],
    ['a comma at the end', '[{"a":"1"},]'],
    ['an empty array', '[ ]'],
    ['numbers that are none', '[{"a":"1"},{"z":01}]'],
    ['a control character', '[{"a":"1"},{"z":"\u0001"}]'],
    ['a bad escape', '[{"a":"1"},{"z":"\\x"}]'],
    ['half a pair', '[{"a":"1"},{"a":"\\ud83d"}]'],
    ['a zero character', '[{"a":"1"},{"a":"\\u0000"}]'],
    ['words that are none', '[{"a":"1"},{"z":nulL}]'],
    ['long keys', `[{"${'k'.repeat(40)}":1,"a":"1"},{"${'k'.repeat(40)}":1,"a":"2"},{"${'k'.repeat(39)}x":1,"a":"3"}]`],
    [
      'long numbers',
      `[{"z":${'1'.repeat(40)}.${'2'.repeat(40)}e+1${'0'.repeat(3)},"a":"1"},{"z":-0.${'0'.repeat(20)}}]`,
    ],
    ['lines', '{"a":"1"}\n{"a":"2"}\r\n\n{"a":"3"} \n'],
    ['two records on a line', '{"a":"1"}\n{"a":"2"} {"a":"3"}'],
    ['deep nesting', `[{"z":${'['.repeat(300)}${']'.repeat(300)},"a":"1"}]`],
    ['too deep nesting', `[{"z":${'['.repeat(600)}${']'.repeat(600)},"a":"1"}]`],
  ];
  test.each(cases)('%s', async (_, body) => {
    for (const chunk of [1 << 20, 5, 64]) await same(body, { columns, page: { chunk } });
  });

  test('with ids for keys, more than can be learned', async () => {
    const records = Array.from({ length: 3_000 }, (_, i) => `{"id_${i}":1,"x":{"k${i}":[],"b":${i}},"a":"v${i}"}`);
    const { rows } = await same(`[${records.join(',')}]`, { columns });
    expect(rows).toHaveLength(3_000);
  });

  test('with more escaped keys than can be learned', async () => {
    const records = Array.from({ length: 800 }, (_, i) => `{"\\u00e9${i}":1,"a":"v${i}"}`);
    await same(`[${records.join(',')}]`, { columns });
  });

  test('with values of the page and of objects around the records', async () => {
    const outer = [
      ...columns.slice(0, 2),
      column('order', { type: 'bigint', field: '^.id' }),
      column('shop', { type: 'text', from: 'filter' }),
      column('bad', { type: 'integer', field: '^.bad', onError: 'set_null' }),
    ];
    const orders = Array.from({ length: 30 }, (_, i) => {
      const id = i === 7 ? '' : `"id":${i},`;
      const items = Array.from({ length: i % 4 }, (__, k) => `{"a":"${k}","x":{"b":${k}}}`);
      return `{${id}"bad":${i % 3 === 0 ? '"x"' : i},"items":[${items.join(',')}]}`;
    });
    const constants = new Map([['shop', 'Ulm']]);
    const reading = { columns: outer, records: '$[*].items[*]', page: { constants } };
    const { rows } = await same(`[${orders.join(',')}]`, reading);
    expect(rows).toHaveLength(43);
    expect(rows![0]).toEqual(['0', '0', '1', 'Ulm', '1']);
  });

  test('not null is kept', async () => {
    const strict = [column('a', { type: 'text', notNull: true })];
    await same('[{"a":"1"},{"a":"2"},{"a":null}]', { columns: strict });
    await same('[{"a":"1"},{"a":"2"},{}]', { columns: strict });
  });

  test('larger than the kernel takes at once', async () => {
    const long = 'x'.repeat(300_000);
    const records = Array.from({ length: 12 }, (_, i) => `{"a":"${i % 3 === 0 ? long : i}","x":{"b":${i}}}`);
    for (const chunk of [1 << 20, 50_000]) await same(`[${records.join(',')}]`, { columns, page: { chunk } });
  });

  test('several readers in turn', async () => {
    const body = Buffer.from(`[${Array.from({ length: 4_000 }, (_, i) => `{"a":"${i}","x":{"b":${i}}}`).join(',')}]`);
    const readers = Array.from({ length: 11 }, (_, r) => {
      const own = [
        column('n', { type: 'integer', field: '$.x.b' }),
        column('t', { type: 'text', defaultValue: `${r}` }),
      ];
      const reader = new JsonReader({ table: table(JSON_DRIVER, own), columns: own, captures: [] });
      return reader.read(page(body, { chunk: 3_000 }), new AbortController().signal);
    });
    const counts = readers.map(() => 0);
    for (let open = readers.length; open > 0; ) {
      for (const [index, reader] of readers.entries()) {
        const { done, value } = await reader.next();
        if (done === true) open -= counts[index] === 4_000 ? 1 : 0;
        else counts[index]! += value.rowCount;
        if (done === true && counts[index] === 4_000) counts[index] = 4_001;
      }
    }
    expect(counts).toEqual(readers.map(() => 4_001));
  });
});
