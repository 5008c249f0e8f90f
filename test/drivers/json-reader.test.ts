import { describe, expect, test } from 'vitest';
import { JsonReader } from '../../drivers/json/reader.js';
import type { ColumnModel, TableModel } from '../../src/config/model.js';
import {
  column,
  failure,
  type PageOptions,
  page,
  type ReadResult,
  type Row,
  readPage,
  rowsOf,
  table,
} from './reading.js';

type Format = 'auto' | 'json' | 'ndjson';

interface Setting extends PageOptions {
  readonly records?: string | null;
  readonly columns?: readonly ColumnModel[];
  readonly captures?: readonly string[];
  readonly format?: Format;
  readonly encoding?: string;
  readonly recordsMissing?: 'error' | 'empty';
}

const ID = column('id', 'integer');

function reader({
  records = null,
  columns = [ID],
  captures = [],
  format = 'auto',
  encoding,
  recordsMissing = 'error',
}: Setting) {
  const driver = { type: 'json', format, encoding: encoding ?? null } as const;
  const model: TableModel = table(driver, columns, { records, recordsMissing });
  return new JsonReader({ table: model, columns, captures });
}

async function read(
  body: string | Uint8Array,
  { chunk, contentType, constants, ...setting }: Setting = {},
): Promise<ReadResult> {
  const options: PageOptions = {
    ...(chunk === undefined ? {} : { chunk }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(constants === undefined ? {} : { constants }),
  };
  return readPage(reader(setting), page(body, options));
}

const rows = async (body: string | Uint8Array, setting: Setting = {}): Promise<Row[]> =>
  (await read(body, setting)).rows;
const text = (name: string, field = name): ColumnModel => column(name, { type: 'text', field });

describe('what is JSON', () => {
  const accepted = [
    '[]',
    ' [ ] ',
    '[{}]',
    '{}',
    '[{"id":1}]\n',
    '[{"a":[[[]]]}]',
    '[{"a":"\\u0000\\ud800"}]',
    '[{"a":"\u007f\u2028"}]',
    '[{"a":-0}]',
    '[{"a":-0.0e-0}]',
    '[{"a":1E+2}]',
    '[{"a":123456789012345678901234567890}]',
    '[{"":0}]',
    '[{"a":"\\/"}]',
    '[{"\\u0069d":7}]',
    '[1,"x",null,true,[],{}]',
    '\t{\r\n}\n',
    '[{"a":"\u{10ffff}"}]',
  ];
  test.each(accepted)('accepts %j', async (body) => {
    JSON.parse(body);
    for (const chunk of [1 << 20, 1]) await expect(rows(body, { chunk })).resolves.toBeDefined();
  });

  const refused = [
    '[{"a":01}]',
    '[{"a":1.}]',
    '[{"a":.5}]',
    '[{"a":+1}]',
    '[{"a":-}]',
    '[{"a":1e}]',
    '[{"a":0x1}]',
    '[{"a":NaN}]',
    '[{"a":Infinity}]',
    '[{"a":1,}]',
    '[{"a":1},]',
    '[,{}]',
    '[{}{}]',
    '[{} {}]',
    '[{"a"}]',
    '[{"a":}]',
    '[{a:1}]',
    "[{'a':1}]",
    '[{"a":"\t"}]',
    '[{"a":"\\x"}]',
    '[{"a":"\\u12g4"}]',
    '[{"a":tru}]',
    '[{"a":nulL}]',
    '[{"a":True}]',
    '[{}]]',
    '[{}]x',
    '{}}',
    '[1 2]',
    '[{"a":1 "b":2}]',
    '[{"a":1/*c*/}]',
    '[{"a":[1,2}]',
    '[{"a":{"b":1]}]',
    '[{"a":"\u0000"}]',
    '[{"a":\u00a01}]',
    '[{"x":{"y":[1,]}}]',
    '{"id":1,"id"}',
    '[{"a":1}\u0000]',
    '[{"a" 1}]',
    '[{"a"::1}]',
    '[{"a":1,,"b":2}]',
    '[{,"a":1}]',
    '[{"a":--1}]',
    '[{"a":1.2.3}]',
    '[{"a":1e+}]',
    '{"z":[01],"id":1}',
    '[{"a":"\\"}]',
  ];
  test.each(refused)('refuses %j', async (body) => {
    expect(() => JSON.parse(body)).toThrow();
    for (const records of [null, '$.never[*]']) {
      for (const chunk of [1 << 20, 1]) {
        const error = await failure(rows(body, { chunk, records, recordsMissing: 'empty' }));
        expect(error.sqlstate).toBe('HV000');
        expect(error.detail).toContain('page 3 (orders.dat)');
      }
    }
  });

  test('an error says at which byte, a cut says that it is one', async () => {
    expect(await failure(rows('[{"id":1},{"id":x}]', { chunk: 4 }))).toMatchObject({
      message: 'the page is not well-formed JSON: expected a value, found "x"',
      detail: 'page 3 (orders.dat), byte 16',
    });
    expect(await failure(rows('[{"id":1},{"id":1', { chunk: 4 }))).toMatchObject({
      message: 'the page is cut off: it ends within a JSON value',
      detail: 'page 3 (orders.dat), byte 17',
    });
  });

  test('HTML and plain text are shown, without control characters and not at length', async () => {
    const html = await failure(rows(`\n<html>\u001b[31m<b>Log in\u0007</b>${'x'.repeat(500)}`));
    expect(html.message).toMatch(/^the page is not JSON: it begins with "<html> \[31m<b>Log in <\/b>x{1,60}"$/);
    expect((await failure(rows('not found'))).message).toContain('it begins with "not found"');
    expect((await failure(rows('nul'))).message).toMatch(/cut off|begins with/);
  });

  test('an empty page is an error, but for NDJSON', async () => {
    for (const body of ['', ' \n ', '\ufeff']) {
      expect((await failure(rows(body))).message).toContain('empty');
      expect(await rows(body, { format: 'ndjson' })).toEqual([]);
      expect(await rows(body, { contentType: 'application/x-ndjson' })).toEqual([]);
      expect((await readPage(reader({}), page(body, { name: 'GET https://h/day.jsonl?x=1' }))).rows).toEqual([]);
      expect((await failure(rows(body, { contentType: 'application/x-ndjson', format: 'json' }))).message).toContain(
        'empty',
      );
    }
  });

  test('nesting is bounded, on the way to the records, in them and outside of them', async () => {
    const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    for (const wrap of [(inner: string) => `[{"a":${inner}}]`, (inner: string) => `{"x":${inner},"y":[]}`]) {
      await expect(rows(wrap(deep(500)), { records: wrap('1').startsWith('[') ? null : '$.y' })).resolves.toBeDefined();
      const error = await failure(rows(wrap(deep(600)), { records: wrap('1').startsWith('[') ? null : '$.y' }));
      expect(error).toMatchObject({ sqlstate: '54000', message: expect.stringContaining('512') });
    }
  });

  test('a record beyond the size limit is refused while it arrives', async () => {
    let sent = 0;
    const body = (async function* () {
      yield Buffer.from('[{"a":"');
      for (;;) {
        sent++;
        yield Buffer.alloc(1 << 20, 0x78);
      }
    })();
    const error = await failure(readPage(reader({}), { ...page(''), body }));
    expect(error.sqlstate).toBe('54000');
    expect(sent).toBeLessThan(70);
  }, 20_000);
});

describe('encodings', () => {
  const body = '[{"id":1,"name":"Žluťoučký €😀"}]';
  const setting = { columns: [text('name')] };
  test.each([1, 2, 3, 5, 4096])('UTF-8 with a mark, UTF-16 both ways, in chunks of %i', async (chunk) => {
    const le = Buffer.from(`\ufeff${body}`, 'utf16le');
    for (const bytes of [Buffer.from(`\ufeff${body}`), le, Buffer.from(le).swap16()]) {
      expect(await rows(bytes, { ...setting, chunk })).toEqual([['Žluťoučký €😀']]);
    }
  });
  test('the option beats the mark, the mark Content-Type, Content-Type UTF-8', async () => {
    const latin = Buffer.from('[{"name":"\xe9"}]', 'latin1');
    expect(await rows(latin, { ...setting, contentType: 'application/json; charset="ISO-8859-1"' })).toEqual([['é']]);
    expect(
      await rows(latin, { ...setting, encoding: 'latin1', contentType: 'application/json; charset=utf-8' }),
    ).toEqual([['é']]);
    expect(await rows(`\ufeff${body}`, { ...setting, contentType: 'text/json;charset=latin1' })).toEqual([
      ['Žluťoučký €😀'],
    ]);
  });
  test('bytes that are no UTF-8 are 22021, also where nobody wants them and across chunks', async () => {
    for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80]]) {
      const bytes = Buffer.concat([Buffer.from('[{"id":1,"x":"'), Buffer.from(bad), Buffer.from('"}]')]);
      for (const chunk of [1, 2, 3, 4096]) {
        expect(await failure(rows(bytes, { chunk }))).toMatchObject({
          sqlstate: '22021',
          detail: 'page 3 (orders.dat), byte 14',
          message: expect.stringContaining(`0x${bad[0]!.toString(16)}`),
        });
      }
    }
  });
  test('an unknown encoding is named', async () => {
    expect(await failure(rows(body, { encoding: 'klingon' }))).toMatchObject({
      sqlstate: 'F0000',
      message: 'unknown encoding "klingon"',
    });
  });
});

describe('records', () => {
  const cases: [string | null, string, (string | null)[]][] = [
    [null, '[{"id":1},{"id":2}]', ['1', '2']],
    [null, '{"id":1,"data":[{"id":9}]}', ['1']],
    ['$', '[{"id":1}]', ['1']],
    ['$[*]', '[{"id":1},{"id":2}]', ['1', '2']],
    ['$.a.b[*]', '{"a":{"b":[{"id":1},{"id":2}]},"c":[{"id":3}]}', ['1', '2']],
    ['a.b', '{"a":{"b":[{"id":1}]}}', ['1']],
    ['$.a.b', '{"x":{"b":[{"id":3}]},"a":{"b":{"id":1}}}', ['1']],
    ["$['odd name'][*]", '{"odd name":[{"id":1}]}', ['1']],
    ['$["a\\"b"]', '{"a\\"b":[{"id":1}]}', ['1']],
    ['$.a[1].b[*]', '{"a":[{"b":[{"id":1}]},{"b":[{"id":2}]},{"b":[{"id":3}]}]}', ['2']],
    ['$.a[*].b[*]', '{"a":[{"b":[{"id":1},{"id":2}]},{},{"b":[]},{"b":[{"id":3}]}]}', ['1', '2', '3']],
    ['$[*][*]', '[[{"id":1}],[],[{"id":2}]]', ['1', '2']],
    ['$.a', '{"a":[]}', []],
    ['$.a[*].b[*]', '{"a":[]}', []],
    ['$.a', '{"a":null}', []],
    ['$.a', '{"a":[{"id":1}],"b":{"a":[{"id":2}]}}', ['1']],
    ['$.a', '{"a":[],"a":[{"id":1}]}', ['1']],
    ['$.a', '{"a":[null,5,{"id":1}]}', [null, null, '1']],
  ];
  test.each(cases)('%s of %s', async (records, body, expected) => {
    for (const chunk of [1 << 20, 1, 3]) {
      const result = await read(body, { records, chunk });
      expect(result.rows).toEqual(expected.map((cell) => [cell]));
      expect(result.recordCount).toBe(expected.length);
    }
  });

  test('a path that is not there is an error, or empty where that is declared', async () => {
    for (const body of ['{}', '{"a":{}}', '{"a":[{"b":1}]}', '[{"a":{"b":[]}}]', '{"a":null}']) {
      const error = await failure(rows(body, { records: '$.a.b[*]' }));
      expect(error).toMatchObject({ sqlstate: 'HV000', message: 'the page has no records at "$.a.b[*]"' });
      expect(error.hint).toContain('records_missing: empty');
      expect(await rows(body, { records: '$.a.b[*]', recordsMissing: 'empty' })).toEqual([]);
    }
  });

  test('a path that leads to something else says to what', async () => {
    expect((await failure(rows('{"a":{"id":1}}', { records: '$.a[*]' }))).message).toContain(
      'leads to an object, not an array',
    );
    expect((await failure(rows('{"a":"no"}', { records: '$.a' }))).message).toContain('leads to a string');
    expect((await failure(rows('"Service unavailable"'))).message).toContain('leads to a string');
  });

  test('rows that were read cannot be taken back by an equal key', async () => {
    for (const body of ['{"a":[{"id":1}],"a":[]}', '{"a":[{"id":1}],"a":{}}', '{"a":[{"id":1}],"\\u0061":null}']) {
      expect((await failure(rows(body, { records: '$.a' }))).message).toContain('twice');
    }
  });

  test.each(['$..a', '$.a[?(@.x>1)]', '$.a[0:2]', '$.a[-1]', '$.*', '$.a[0,1]', '$.a..b'])(
    '%s is not plain',
    async (records) => {
      const error = await failure((async () => rows('{}', { records }))());
      expect(error).toMatchObject({ sqlstate: 'F0000', message: expect.stringContaining('is not a plain path') });
    },
  );

  test('a path that cannot be read says how to write it', async () => {
    const error = await failure((async () => rows('{}', { records: '$.@odata' }))());
    expect(error).toMatchObject({ sqlstate: 'F0000', hint: expect.stringContaining("$['@odata.nextLink']") });
  });
});

describe('fields', () => {
  test('scalars that are records', async () => {
    const columns = [text('value', '$'), text('none', '$.x')];
    expect(await rows('[1,"a\\n",null,true,[1, 2],{"x":3}]', { columns })).toEqual([
      ['1', null],
      ['a\n', null],
      [null, null],
      ['true', null],
      ['[1, 2]', null],
      ['{"x":3}', '3'],
    ]);
    expect(await rows('"lone"', { columns })).toEqual([['lone', null]]);
  });

  test('whole and part of the same value, positions, bare paths and bare keys', async () => {
    const columns = [
      text('a'),
      text('b', '$.a.b'),
      text('second', '$.a.list[1]'),
      text('dotted', 'a.b'),
      column('a.b', 'text'),
      text('at', '@odata.etag'),
      text('again', '$.a.b'),
      text('first', '$.a.list[0].z'),
    ];
    const body = '[{"a.b":"key","@odata.etag":"W","a":{ "b" : 1, "list":[{"z":0},"two"] }}]';
    const whole = '{ "b" : 1, "list":[{"z":0},"two"] }';
    expect(await rows(body, { columns })).toEqual([[whole, '1', 'two', '1', 'key', 'W', '1', '0']]);
  });

  test('of equal keys the last counts, with all that is in it', async () => {
    const columns = [text('x', '$.a.x'), text('y', '$.a.y'), text('a')];
    expect(
      await rows('[{"a":{"x":1},"a":{"y":2}},{"a":{"x":1},"a":5},{"a":{"x":1,"x":2}},{"\\u0061":{"x":3},"a":[]}]', {
        columns,
      }),
    ).toEqual([
      [null, '2', '{"y":2}'],
      [null, null, '5'],
      ['2', null, '{"x":1,"x":2}'],
      [null, null, '[]'],
    ]);
  });

  test('climbing', async () => {
    const columns = [
      text('sku'),
      text('order', '^.id'),
      text('page', '^^.page'),
      text('city', '^.to.city'),
      text('tag', '^.tags[0]'),
    ];
    const body =
      '{"page":7,"orders":[{"id":"a\\u0062","to":{"city":"X"},"tags":["t",1],"items":[{"sku":1},{"sku":2}]},{"id":3,"items":[{"sku":3}]}]}';
    for (const chunk of [1 << 20, 1, 5]) {
      expect(await rows(body, { columns, chunk, records: '$.orders[*].items[*]' })).toEqual([
        ['1', 'ab', '7', 'X', 't'],
        ['2', 'ab', '7', 'X', 't'],
        ['3', '3', '7', null, null],
      ]);
    }
  });

  test('an enclosing value behind the records is an error, unless there were none', async () => {
    const setting = { columns: [text('sku'), text('order', '^.id')], records: '$.orders[*].items[*]' };
    const error = await failure(rows('{"orders":[{"items":[{"sku":1}],"id":5}]}', setting));
    expect(error).toMatchObject({
      sqlstate: 'HV000',
      message: 'the enclosing field "^.id" comes after the records in the page',
    });
    expect(error.detail).toContain('column "order"');
    expect((await failure(rows('{"orders":[{"id":4,"items":[{"sku":1}],"id":5}]}', setting))).message).toContain(
      'comes after',
    );
    expect(await rows('{"orders":[{"items":[],"id":5},{"id":6,"items":[{"sku":2}]}]}', setting)).toEqual([['2', '6']]);
  });

  test('climbing out of the document is a mistake in the DSN', async () => {
    const error = await failure((async () => rows('[]', { columns: [text('x', '^.id')] }))());
    expect(error).toMatchObject({ sqlstate: 'F0000', message: 'column "x": field "^.id" leads nowhere' });
  });

  test('json keeps its bytes, jsonb does not', async () => {
    const columns = [column('j', { type: 'json', field: 'v' }), column('b', { type: 'jsonb', field: 'v' })];
    const body = '[{"v":{ "b":1.0, "a" :[ 1,2 ],"a":"\\u00e9"}},{"v":"q\\"x"},{"v":null},{"v":1.50}]';
    expect(await rows(body, { columns, chunk: 7 })).toEqual([
      ['{ "b":1.0, "a" :[ 1,2 ],"a":"\\u00e9"}', '{"a": "é", "b": 1.0}'],
      ['"q\\"x"', '"q\\"x"'],
      [null, null],
      ['1.50', '1.50'],
    ]);
  });

  test('many keys, among them keys that are data, still lead where they should', async () => {
    const records = Array.from({ length: 3000 }, (_, i) => {
      const junk = `"key-${i}":{"id":-1},"${'long'.repeat(i % 90)}${i}":0`;
      return i % 2 === 0 ? `{${junk},"id":${i},"name":"n${i}"}` : `{"name":"n${i}","id":${i},${junk}}`;
    });
    const result = await rows(`[${records.join(',')}]`, { columns: [ID, text('name')], chunk: 1000 });
    expect(result).toEqual(records.map((_, i) => [String(i), `n${i}`]));
  });

  test('no columns wanted: rows without cells', async () => {
    const result = await read('[{"id":1},{"id":2},3]', { columns: [] });
    expect([result.recordCount, result.rows]).toEqual([3, [[], [], []]]);
  });
});

describe('values', () => {
  test('a value that does not fit says where it stood', async () => {
    const columns = [column('qty', { type: 'smallint' })];
    const body = JSON.stringify({ data: [...Array.from({ length: 16 }, () => ({ qty: 1 })), { qty: 'x\ty' }] });
    const error = await failure(rows(body, { columns, records: '$.data[*]', chunk: 10 }));
    expect(error).toMatchObject({
      sqlstate: '22P02',
      message: 'invalid input syntax for type smallint: "x\ty"',
      detail: 'table "shop.orders", column "qty", page 3 (orders.dat), record 17',
    });
    expect((await failure(rows('{"qty":70000}', { columns }))).sqlstate).toBe('22003');
    expect((await failure(rows('{"qty":{}}', { columns }))).sqlstate).toBe('22P02');
  });

  test('missing fields, defaults, null and not_null', async () => {
    const columns = [column('a', { type: 'integer', defaultValue: '7' }), column('b', { type: 'text', notNull: true })];
    expect(await rows('[{"b":"x"},{"a":null,"b":""}]', { columns })).toEqual([
      ['7', 'x'],
      [null, ''],
    ]);
    for (const body of ['[{"b":"x"},{}]', '[{"b":"x"},{"b":null}]']) {
      expect(await failure(rows(body, { columns }))).toMatchObject({
        sqlstate: '23502',
        detail: expect.stringContaining('record 2'),
      });
    }
    const lenient = [
      column('a', { type: 'integer', onError: 'set_null' }),
      column('b', { type: 'text', nullValues: ['NA', ''] }),
    ];
    expect(await rows('[{"a":"x","b":"NA"},{"a":[1],"b":""},{"a":2,"b":"N\\u0041"}]', { columns: lenient })).toEqual([
      [null, null],
      [null, null],
      ['2', null],
    ]);
  });

  test('text that PostgreSQL cannot hold is refused, written plainly or escaped', async () => {
    const columns = [text('a')];
    for (const body of ['[{"a":"x\\u0000"}]', '[{"a":"\\ud83d"}]', '[{"a":"\\ude00\\ud83d"}]']) {
      expect((await failure(rows(body, { columns }))).sqlstate).toBe('22021');
    }
    expect(await rows('[{"a":"\\ud83d\\ude00"}]', { columns })).toEqual([['😀']]);
  });

  test('constants are coerced, and wrong ones located', async () => {
    const columns = [
      ID,
      column('day', { type: 'date', from: 'filter' }),
      column('n', { type: 'integer', from: 'page_number', defaultValue: '4' }),
    ];
    const constants = new Map([['day', '2024-02-03T00:00:00Z']]);
    const expected = [['1', '2024-02-03', '4']];
    expect(await rows('[{"id":1,"day":"x"}]', { columns, constants })).toEqual(expected);
    const error = await failure(rows('[]', { columns, constants: new Map([['day', 'soon']]) }));
    expect(error).toMatchObject({ sqlstate: '22007', detail: expect.stringContaining('column "day", page 3') });
  });
});

describe('captures', () => {
  const captures = ["$['@odata.nextLink']", '$.meta.next', '$.meta', '$.count', '$.none'];
  test.each([1 << 20, 1, 6])('before and behind the rows, in chunks of %i', async (chunk) => {
    const parts = ['"count":12.50', '"@odata.nextLink":"https:\\/\\/x\\u002fy"', '"meta":{"next" : null, "a":[1]}'];
    const expected = {
      "$['@odata.nextLink']": 'https://x/y',
      '$.meta.next': null,
      '$.meta': '{"next" : null, "a":[1]}',
      '$.count': '12.50',
    };
    for (const body of [`{${parts.join(',')},"value":[{"id":1}]}`, `{"value":[{"id":1}],${parts.join(',')}}`]) {
      const result = await read(body, { captures, chunk, records: '$.value[*]' });
      expect(result).toMatchObject({ captured: expected, rows: [['1']] });
      expect(Object.keys(result.captured)).not.toContain('$.none');
    }
  });
  test('the last of equal keys counts', async () => {
    const body = '{"meta":{"next":"a"},"v":[],"meta":{"x":1},"count":1,"count":2}';
    expect((await read(body, { captures, records: '$.v' })).captured).toEqual({ '$.meta': '{"x":1}', '$.count': '2' });
  });
  test('in the one record of a page', async () => {
    expect((await read('{"id":1,"next":"n\\n","a":{"b":2}}', { captures: ['$.next', '$.a.b'] })).captured).toEqual({
      '$.next': 'n\n',
      '$.a.b': '2',
    });
    expect(
      (await read('{"r":{"id":1,"next":"n"},"next":"m"}', { captures: ['$.r.next', '$.next'], records: '$.r' }))
        .captured,
    ).toEqual({
      '$.r.next': 'n',
      '$.next': 'm',
    });
    expect((await read('[{"next":"inner"}]', { captures: ['$.next'] })).captured).toEqual({});
  });
  test('a whole array that holds the records', async () => {
    const body = '{"v":[{"id":1}, {"id":2}],"w":1}';
    expect(await read(body, { captures: ['$.v'], records: '$.v[*]', chunk: 3 })).toMatchObject({
      rows: [['1'], ['2']],
      captured: { '$.v': '[{"id":1}, {"id":2}]' },
    });
  });
  test('nothing is left from the page before', async () => {
    const one = reader({ captures: ['$.next'], records: '$.v' });
    expect((await readPage(one, page('{"v":[{"id":1}],"next":"a"}'))).captured).toEqual({ '$.next': 'a' });
    expect(await readPage(one, page('{"v":[{"id":2}]}'))).toMatchObject({
      captured: {},
      rows: [['2']],
      recordCount: 1,
    });
  });
});

describe('NDJSON', () => {
  test.each([1 << 20, 1, 2, 3, 7])('declared or recognised, in chunks of %i', async (chunk) => {
    for (const body of ['{"id":1}\n{"id":2}\n', '{"id":1}\r\n\r\n {"id":2}', '\n{"id":1}\n\n\n{"id":2} \n\n']) {
      for (const format of ['auto', 'ndjson'] as const) {
        expect(await rows(body, { format, chunk }), JSON.stringify(body)).toEqual([['1'], ['2']]);
      }
    }
    expect(await rows('1\n"b"\n[2]\nnull', { format: 'ndjson', chunk, columns: [text('v', '$')] })).toEqual([
      ['1'],
      ['b'],
      ['[2]'],
      [null],
    ]);
    const setting = { chunk, records: '$.d[*]', captures: ['$.n'] };
    expect(await read('{"d":[{"id":1}],"n":1}\n{"n":2,"d":[{"id":2},{"id":3}]}', setting)).toMatchObject({
      rows: [['1'], ['2'], ['3']],
      captured: { '$.n': '2' },
    });
  });
  test('two values on a line, a cut line, lines in format json', async () => {
    expect((await failure(rows('{"id":1}{"id":2}\n'))).message).toContain('expected a line break');
    expect((await failure(rows('{"id":1} {"id":2}\n', { format: 'ndjson' }))).message).toContain(
      'expected a line break',
    );
    expect((await failure(rows('{"id":1}\n{"id":', { format: 'ndjson' }))).message).toContain('cut off');
    expect((await failure(rows('{"id":1}\n{"id":2}', { format: 'json' }))).message).toContain(
      'expected the end of the page',
    );
    expect((await failure(rows('[{"id":1}]\n[{"id":2}]'))).message).toContain('expected the end of the page');
  });
});

describe('streaming', () => {
  test('the first rows leave with the first chunk, later ones in full batches', async () => {
    const record = '{"id":1},';
    let isSecondAsked = false;
    const body = (async function* () {
      yield Buffer.from(`[${record.repeat(3)}`);
      isSecondAsked = true;
      for (let i = 0; i < 20; i++) yield Buffer.from(record.repeat(100));
      yield Buffer.from('{"id":2}]');
    })();
    const generator = reader({}).read({ ...page(''), body }, new AbortController().signal);
    const first = await generator.next();
    expect(isSecondAsked).toBe(false);
    expect(first.done === false && rowsOf(first.value)).toHaveLength(3);
    const sizes: number[] = [];
    for await (const batch of generator) sizes.push(batch.rowCount);
    expect(sizes).toEqual([1024, 977]);
  });

  test('returning early and aborting end the source, one that hangs, too', async () => {
    let isClosed = false;
    const endless = async function* () {
      try {
        yield Buffer.from('[{"id":1}');
        for (;;) yield Buffer.from(',{"id":1}'.repeat(1000));
      } finally {
        isClosed = true;
      }
    };
    const early = reader({}).read({ ...page(''), body: endless() }, new AbortController().signal);
    await early.next();
    await early.return(undefined as never);
    expect(isClosed).toBe(true);

    isClosed = false;
    const controller = new AbortController();
    const aborted = reader({}).read({ ...page(''), body: endless() }, controller.signal);
    await aborted.next();
    controller.abort(new Error('stopped'));
    await expect(aborted.next()).rejects.toThrow('stopped');
    expect(isClosed).toBe(true);

    const hanging = new AbortController();
    const stuck = reader({}).read(
      { ...page(''), body: { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) } },
      hanging.signal,
    );
    const waiting = stuck.next();
    hanging.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });

  test('a failure of the source is the failure of the page', async () => {
    const body = (async function* () {
      yield Buffer.from('[{"id":1},');
      throw new Error('connection reset');
    })();
    await expect(readPage(reader({}), { ...page(''), body })).rejects.toThrow('connection reset');
  });
});
