import { describe, expect, test } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { ColumnModel, DriverOptions } from '../../src/config/model.js';
import { PLAIN_CSV } from './plain-csv.js';
import { column, failure, page, type Row, readPage, table } from './reading.js';

const CSV: DriverOptions = { ...PLAIN_CSV, delimiter: ';' };
const XML: DriverOptions = { type: 'xml', namespaces: new Map(), encoding: null };

const escapeXml = (text: string): string => text.replace(/[<&]/g, (c) => (c === '<' ? '&lt;' : '&amp;'));

/** The same records in each text format: undefined is a field that is not there. */
const FORMATS = {
  csv: (names: readonly string[], records: readonly (readonly (string | undefined)[])[]) =>
    [names, ...records].map((row) => row.map((text) => text ?? '').join(';')).join('\n'),
  xml: (names: readonly string[], records: readonly (readonly (string | undefined)[])[]) =>
    `<L>${records.map((row) => `<R>${row.map((text, c) => (text === undefined ? '' : `<${names[c]}>${escapeXml(text)}</${names[c]}>`)).join('')}</R>`).join('')}</L>`,
};

const COLUMNS: readonly ColumnModel[] = [
  column('day', { type: 'date', format: 'dd.MM.yyyy' }),
  column('at', { type: 'timestamptz', format: 'yyyy-MM-dd HH:mm', timezone: 'Europe/Berlin' }),
  column('seen', { type: 'timestamptz', format: 'unix' }),
  column('price', { type: 'numeric', decimal: ',' }),
  column('stock', { type: 'integer', nullValues: ['NA', '-'] }),
  column('grade', { type: 'text', nullValues: ['n/a'] }),
  column('score', { type: 'double precision', onError: 'set_null' }),
  column('size', { type: 'smallint', defaultValue: '3' }),
];
const NAMES = COLUMNS.map(({ name }) => name);

const RECORDS: readonly (readonly string[])[] = [
  ['29.02.2024', '2024-07-01 12:00', '1700000000', '1.234,50', '7', 'a', '1.5', '2'],
  ['01.01.1999', '2024-01-01 12:00', '0', '-0,5', 'NA', 'n/a', 'many', '1'],
  ['31.12.2023', '2024-01-01 00:30', '1', '12', '-', 'NA', '', '0'],
];

const ROWS: readonly Row[] = [
  ['2024-02-29', '2024-07-01 10:00:00+00', '2023-11-14 22:13:20+00', '1234.50', '7', 'a', '1.5', '2'],
  ['1999-01-01', '2024-01-01 11:00:00+00', '1970-01-01 00:00:00+00', '-0.5', null, null, null, '1'],
  ['2023-12-31', '2023-12-31 23:30:00+00', '1970-01-01 00:00:01+00', '12', null, 'NA', null, '0'],
];

function read(
  driver: DriverOptions,
  body: string | Buffer,
  columns: readonly ColumnModel[],
  chunk = 1 << 20,
  options = {},
) {
  const records = driver.type === 'xml' ? '/L/R' : null;
  const reader = createReader({ table: table(driver, columns, { records }), columns, captures: [] });
  return readPage(reader, page(body, { chunk, ...options }));
}

describe.each([
  ['csv', CSV],
  ['xml', XML],
] as const)('%s columns', (type, driver) => {
  const render = FORMATS[type];

  test('format, timezone, decimal, null_values, on_error and default', async () => {
    for (const chunk of [1 << 20, 1, 7]) {
      expect((await read(driver, render(NAMES, RECORDS), COLUMNS, chunk)).rows).toEqual(ROWS);
    }
  });

  test.each([
    ['day', '30.02.2024', '22008'],
    ['day', 'soon', '22007'],
    ['price', '1.234.5,6x', '22P02'],
    ['stock', '12x', '22P02'],
    ['stock', '2147483648', '22003'],
    ['size', '40000', '22003'],
  ])('a wrong %s (%s) is %s with table, column, page and record', async (name, value, sqlstate) => {
    const wrong = RECORDS[0]!.map((text, c) => (NAMES[c] === name ? value : text));
    for (const chunk of [1 << 20, 3]) {
      expect(await failure(read(driver, render(NAMES, [...RECORDS, wrong]), COLUMNS, chunk))).toMatchObject({
        sqlstate,
        detail: `table "shop.orders", column "${name}", page 3 (orders.dat), record 4`,
      });
    }
  });

  test.each([
    ['utf-16le', 'ün€', Buffer.from('ün€', 'utf16le')],
    ['utf-16be', 'ün€', Buffer.from('ün€', 'utf16le').swap16()],
    ['windows-1251', 'Привет', Buffer.from('cff0e8e2e5f2', 'hex')],
    ['windows-1252', '€é', Buffer.from('80e9', 'hex')],
    ['iso-8859-2', 'Łódź', Buffer.from('a3f364bc', 'hex')],
    ['iso-8859-15', '€uro', Buffer.from('a475726f', 'hex')],
    ['shift_jis', '日本ソ', Buffer.from('93fa967b835c', 'hex')],
  ])('text in %s, by option and by Content-Type', async (encoding, text, bytes) => {
    const isWide = encoding.startsWith('utf-16');
    const encode = (plain: string): Buffer => {
      const wide = Buffer.from(plain, 'utf16le');
      return isWide ? (encoding === 'utf-16be' ? wide.swap16() : wide) : Buffer.from(plain, 'latin1');
    };
    const [head, tail] = type === 'csv' ? ['a\n', '\n'] : ['<L><R><a>', '</a></R></L>'];
    const body = Buffer.concat([encode(head), bytes, encode(tail)]);
    const columns = [column('a', 'text')];
    for (const chunk of [1, 2, 3, 4096]) {
      expect((await read({ ...driver, encoding }, body, columns, chunk)).rows).toEqual([[text]]);
      const contentType = `text/plain; charset=${encoding}`;
      expect((await read(driver, body, columns, chunk, { contentType })).rows).toEqual([[text]]);
    }
  });

  test('bytes that are wrong in the encoding are 22021', async () => {
    const [head, tail] = type === 'csv' ? ['a\n', '\n'] : ['<L><R><a>', '</a></R></L>'];
    const columns = [column('a', 'text')];
    for (const [encoding, bytes] of [
      [null, 'c328'],
      ['shift_jis', '93'],
      ['utf-8', 'eda080'],
    ] as const) {
      const body = Buffer.concat([Buffer.from(head), Buffer.from(bytes, 'hex'), Buffer.from(tail)]);
      expect((await failure(read({ ...driver, encoding }, body, columns))).sqlstate).toBe('22021');
    }
  });
});
