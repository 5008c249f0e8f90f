import { JSONPath } from 'jsonpath-plus';
import { describe, expect, test } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { ColumnModel, TableModel } from '../../src/config/model.js';
import { Random } from '../core/random.js';
import { column, failure, page, type ReadResult, type Row, readPage, table } from './reading.js';

const JSON_DRIVER = { type: 'json', format: 'auto', encoding: null } as const;
const WHOLE = [column('v', { type: 'text', field: '$' })];

interface Setting extends Partial<TableModel> {
  readonly columns?: readonly ColumnModel[];
  readonly captures?: readonly string[];
}

async function read(body: string, { columns = WHOLE, captures = [], ...model }: Setting): Promise<ReadResult> {
  const reader = createReader({ table: table(JSON_DRIVER, columns, model), columns, captures });
  return readPage(reader, page(body, { chunk: 7 }));
}

const rows = async (body: string, setting: Setting): Promise<Row[]> => (await read(body, setting)).rows;

const STORE = JSON.stringify({
  next: 'x',
  store: {
    book: [
      { id: 1, title: 'A', price: 8.95, tags: ['x', 'y'], sold: true },
      { id: 2, title: 'B', price: 12.99, isbn: '0-1', sold: false },
      { id: 3, title: "C's", price: 22, isbn: null, tags: [] },
    ],
    bicycle: { id: 9, price: 19.95 },
  },
});

describe('records by JSONPath', () => {
  const cases: [string, (string | null)[]][] = [
    ['$.store.book[?(@.price < 13)].id', ['1', '2']],
    ['$.store.book[?@.price<13 && @.sold == true].id', ['1']],
    ['$.store.book[?(@.isbn)].id', ['2', '3']],
    ['$.store.book[?(!@.isbn)].id', ['1']],
    ['$.store.book[?(@.isbn == null)].id', ['3']],
    ["$.store.book[?(@.title == 'C\\'s' || @['id'] >= 3)].id", ['3']],
    ['$.store.book[?(@.tags[1] == "y")].id', ['1']],
    ['$.store.book[?(@.id != $.store.bicycle.id)].id', ['1', '2', '3']],
    ["$.store.book[?(@.price > '1')].id", []],
    ['$..price', ['8.95', '12.99', '22', '19.95']],
    ['$..[?(@.price > 15)].id', ['9', '3']],
    ['$.store.*.id', ['9']],
    ['$.store.book[-1:].id', ['3']],
    ['$.store.book[0:2].id', ['1', '2']],
    ['$.store.book[::2].id', ['1', '3']],
    ['$.store.book[0,2].id', ['1', '3']],
    ["$.store['bicycle','book'][*].id", ['1', '2', '3']],
    ["$..['odd..name']", []],
  ];
  test.each(cases)('%s', async (records, expected) => {
    expect((await rows(STORE, { records })).map(([cell]) => cell)).toEqual(expected);
  });

  test('are rows with fields of any kind, numbers as written, and captures', async () => {
    const columns = [
      column('id', 'bigint'),
      column('price', 'numeric'),
      column('shop', { type: 'text', field: '^^.next' }),
      column('tags', 'text[]'),
      column('dear', { type: 'bigint', field: '$..[?(@ > 10)]' }),
      column('all', { type: 'json', field: '$.tags[0:1]' }),
    ];
    const body = '{"next":"x","data":{"rows":[{"id":9007199254740993,"price":1.10,"tags":["a"]},{"id":0,"price":5}]}}';
    const { rows: found, captured } = await read(body, { records: '$..rows[?(@.id)]', columns, captures: ['$.next'] });
    expect(found).toEqual([
      ['9007199254740993', '1.10', 'x', '{a}', '9007199254740993', '["a"]'],
      ['0', '5', 'x', null, null, '[]'],
    ]);
    expect(captured).toEqual({ '$.next': 'x' });
  });

  test('whole numbers are compared exactly, whatever their size', async () => {
    const body =
      '[9007199254740992, 9007199254740993, 9007199254740994, 1e16, 12345678901234567890, 5, "9007199254740993"]';
    const found = async (condition: string): Promise<(string | null)[]> =>
      (await rows(body, { records: `$[?(${condition})]` })).map(([cell]) => cell!);
    expect(await found('@ == 9007199254740993')).toEqual(['9007199254740993']);
    expect(await found('@ != 9007199254740993 && @ >= 9007199254740993')).toEqual([
      '9007199254740994',
      '1e16',
      '12345678901234567890',
    ]);
    expect(await found('@ == 10000000000000000')).toEqual(['1e16']);
    expect(await found('@ < 9007199254740993')).toEqual(['9007199254740992', '5']);
    expect(await found('@ > 12345678901234567889')).toEqual(['12345678901234567890']);
  });

  test('of lines', async () => {
    expect(await rows('{"a":[{"b":1},{"b":2}]}\n{"a":[{"b":3}]}\n', { records: '$..b' })).toEqual([
      ['1'],
      ['2'],
      ['3'],
    ]);
    expect((await failure(rows('{"a":1} {"a":2}', { records: '$..a' }))).message).toMatch(/line break/);
  });

  test('a plain path is the records of a table with such a field', async () => {
    const columns = [column('big', { type: 'text', field: '$.items[?(@.n > 1)].s' })];
    const setting = { records: '$.data', columns };
    expect(await rows('{"data":[{"items":[{"n":1,"s":"a"},{"n":2,"s":"b"}]},{}]}', setting)).toEqual([['b'], [null]]);
    expect((await failure(rows('{"other":[]}', setting))).message).toMatch(/no records at/);
    expect(await rows('{"other":[]}', { ...setting, recordsMissing: 'empty' })).toEqual([]);
  });

  test('pages that are no JSON, cut off or too deep are refused', async () => {
    for (const body of ['', '<html>', '{"a":[1,2', '{"a":1}}', `{"a":${'['.repeat(600)}${']'.repeat(600)}}`]) {
      expect((await failure(rows(body, { records: '$..a' }))).sqlstate, body.slice(0, 20)).toMatch(/HV000|54000/);
    }
  });
});

describe('hostile expressions', () => {
  const marker = '__tidegate_was_here';
  const hostile = [
    `$..[?(globalThis.${marker} = 1)]`,
    `$..[?(process.exit(1))]`,
    `$..[?(@.constructor.constructor('globalThis.${marker} = 1')())]`,
    `$[?(this.constructor.constructor("return process")().exit())]`,
    `$[(globalThis.${marker} = 1)]`,
    '$[?(@.x = 1)]',
    '$[?(require("fs"))]',
    '$[?(`$`)]',
    '$[?(new Function("1")())]',
    '$[?((() => 1)())]',
    '$[?(@.a =~ /(a+)+$/)]',
    `$[?(${'('.repeat(100)}@.a${')'.repeat(100)})]`,
    `$[?(${'!'.repeat(500)}@.a)]`,
    `$${'..*'.repeat(20)}`,
    `$..${'a'.repeat(5_000)}`,
    `$..[?(@.a == '${'\\'.repeat(900)}')`,
    `$..[?(${'@.a && '.repeat(120)}@.a`,
  ];
  test.each(hostile)('%s is refused as configuration', async (records) => {
    const started = performance.now();
    expect((await failure(rows('[{"a":1}]', { records }))).sqlstate).toBe('F0000');
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(marker in globalThis).toBe(false);
  });

  test('prototypes are not fields', async () => {
    for (const field of ['constructor', '__proto__', 'toString', 'length']) {
      expect(await rows('[{"a":"x"}]', { records: `$[?(@.a.${field} || @.${field})]` })).toEqual([]);
      expect(await rows('[{"a":[1]}]', { records: `$..${field}` })).toEqual([]);
    }
    expect(await rows('[{"__proto__":{"b":1}}]', { records: '$[?(@.__proto__.b == 1)].__proto__.b' })).toEqual([['1']]);
  });
});

const isContainer = (item: unknown): boolean => item === null || typeof item === 'object';

test('jsonpath-plus finds the same values', async () => {
  const random = new Random(41);
  const value = (depth: number): unknown => {
    const kind = random.int(0, depth > 3 ? 2 : 5);
    if (kind === 0) return random.int(0, 4);
    if (kind === 1) return random.pick(['x', 'y', '', 'long text']);
    if (kind === 2) return random.pick([true, false, null]);
    const items = Array.from({ length: random.int(0, 3) }, () => value(depth + 1));
    if (kind === 3) return items;
    return Object.fromEntries(items.map((item) => [random.pick(['a', 'b', 'c']), item]));
  };
  const paths = ['$..a', '$.a..b', '$..*', '$.*.a', '$..c', '$[0:2].a', '$..[?(@.a === 1)]', "$..[?(@.a === 'x')].b"];
  for (let round = 0; round < 300; round++) {
    const document = random.chance(0.5) ? { a: value(0), b: value(0) } : [value(0), { a: value(0) }, value(0)];
    const path = random.pick(paths);
    // Where plain steps lead to a scalar the page is another than was declared, which is an error here.
    if (path === '$.a..b' && 'a' in document && !isContainer(document.a)) continue;
    const expected = JSONPath({
      path,
      json: document as object,
      eval: 'safe',
      ignoreEvalErrors: true,
      wrap: true,
    }) as unknown[];
    const found = await rows(JSON.stringify(document), {
      records: path,
      recordsMissing: 'empty',
      columns: [column('v', { type: 'json', field: '$' })],
    });
    // As with plain paths, an array that a key leads to stands for its elements, and null for none.
    const records = /[*\]]$/.test(path)
      ? expected
      : expected.flatMap((item) => (item === null ? [] : (item as unknown[])));
    // In another order, where it goes depth first.
    const texts = found.map(([cell]) => cell ?? 'null').sort();
    expect(texts, `${path} of ${JSON.stringify(document)}`).toEqual(records.map((item) => JSON.stringify(item)).sort());
  }
});
