import { describe, expect, test } from 'vitest';
import { JsonReader } from '../../drivers/json/reader.js';
import { createReader } from '../../drivers/registry.js';
import type { ColumnModel, DriverOptions } from '../../src/config/model.js';
import { PLAIN_CSV } from './plain-csv.js';
import { column, failure, page, readPage, table } from './reading.js';

const VALUES = { true: ['Y', 'yes', '1'], false: ['N', 'no', '0'] };
const DRIVERS: Readonly<Record<string, DriverOptions>> = {
  csv: PLAIN_CSV,
  // A longer delimiter keeps the quick path from being taken.
  'csv, slowly': { ...PLAIN_CSV, delimiter: '||' },
  xml: { type: 'xml', namespaces: new Map(), encoding: null },
  json: { type: 'json', format: 'auto', encoding: null },
};
const CHUNKS = [1 << 20, 1, 7];

/** One record for each text, in column `paid`; `id` before it and `note` behind it. */
function render(driver: DriverOptions, texts: readonly string[]): string {
  switch (driver.type) {
    case 'csv':
      return `id,paid,note\n${texts.map((text, i) => `${i},${text},n`).join('\n')}\n`.replaceAll(',', driver.delimiter);
    case 'xml':
      return `<L>${texts.map((text, i) => `<R><id>${i}</id><paid>${text}</paid><note>n</note></R>`).join('')}</L>`;
    case 'json':
      return JSON.stringify(texts.map((paid, id) => ({ id, paid, note: 'n' })));
  }
}

const columnsOf = (paid: Partial<ColumnModel>): ColumnModel[] => [
  column('id', 'bigint'),
  column('paid', { type: 'boolean', values: VALUES, ...paid } as never),
  column('note', 'text'),
];

async function cells(driver: DriverOptions, body: string, paid: Partial<ColumnModel>, chunk: number) {
  const columns = columnsOf(paid);
  const records = driver.type === 'xml' ? '/L/R' : null;
  const options = { table: table(driver, columns, { records }), columns, captures: [] };
  const { rows } = await readPage(createReader(options), page(body, { chunk }));
  if (driver.type === 'json') {
    const plain = await readPage(new JsonReader({ ...options, isPlain: true }), page(body, { chunk }));
    expect(plain.rows).toEqual(rows);
  }
  expect(rows.map(([id, , note]) => [id, note])).toEqual(rows.map((_, i) => [String(i), 'n']));
  return rows.map((row) => row[1]);
}

describe.each(Object.entries(DRIVERS))('%s', (_, driver) => {
  test.each(CHUNKS)('the texts listed, with spaces around them, are true and false (chunks of %i)', async (chunk) => {
    const texts = ['Y', 'no', '1', '0', 'yes', ' N '];
    expect(await cells(driver, render(driver, texts), {}, chunk)).toEqual(['t', 'f', 't', 'f', 't', 'f']);
  });

  test.each(CHUNKS)('others are 22P02, set_null or in null_values (chunks of %i)', async (chunk) => {
    const body = render(driver, ['Y', 'true']);
    expect(await failure(cells(driver, body, {}, chunk))).toMatchObject({
      sqlstate: '22P02',
      message: 'invalid input syntax for type boolean: "true"',
      hint: "Add the text to the column's values or null_values, or set on_error: set_null.",
      detail: expect.stringContaining('column "paid", page 3 (orders.dat), record 2'),
    });
    expect(await failure(cells(driver, render(driver, ['y']), {}, chunk))).toMatchObject({ sqlstate: '22P02' });
    expect(await cells(driver, body, { onError: 'set_null' }, chunk)).toEqual(['t', null]);
    expect(await cells(driver, body, { nullValues: ['true'] }, chunk)).toEqual(['t', null]);
  });

  test.each(CHUNKS)('nothing is NULL, unless it is listed (chunks of %i)', async (chunk) => {
    const body = render(driver, ['X', '', 'X']);
    const values = { true: ['X'], false: ['-'] };
    if (driver.type !== 'json') expect(await cells(driver, body, { values }, chunk)).toEqual(['t', null, 't']);
    expect(await cells(driver, body, { values: { true: ['X'], false: [''] } }, chunk)).toEqual(['t', 'f', 't']);
    const notNull = { values: { true: ['X'], false: [''] }, notNull: true };
    expect(await cells(driver, body, notNull, chunk)).toEqual(['t', 'f', 't']);
  });
});

test('JSON numbers and booleans: what is listed, and true and false as they are', async () => {
  const body = '[{"id":0,"paid":1,"note":"n"},{"id":1,"paid":false,"note":"n"},{"id":2,"paid":true,"note":"n"}]';
  expect(await cells(DRIVERS.json!, body, {}, 5)).toEqual(['t', 'f', 't']);
  const turned = { true: ['false'], false: ['true', '1'] };
  expect(await cells(DRIVERS.json!, body, { values: turned }, 5)).toEqual(['f', 't', 'f']);
});

test('arrays of them, defaults, and what does not come from records', async () => {
  const columns = [
    column('flags', { type: 'boolean[]', values: VALUES }),
    column('a', { type: 'boolean', values: VALUES, defaultValue: 'no' }),
    column('b', { type: 'boolean', values: VALUES, defaultValue: 'true' }),
    column('c', { type: 'boolean', values: VALUES, from: 'filter' }),
    column('d', { type: 'boolean', values: VALUES, from: 'header', field: 'X-Paid' }),
  ];
  const constants = new Map([
    ['c', 't'],
    ['d', 'N'],
  ]);
  const read = async (driver: DriverOptions, records: string | null, body: string) => {
    const reader = createReader({ table: table(driver, columns, { records }), columns, captures: [] });
    return (await readPage(reader, page(body, { constants }))).rows;
  };
  const row = ['{t,f,NULL}', 'f', 't', 't', 'f'];
  expect(await read(DRIVERS.json!, null, '[{"flags":["Y",0,null]}]')).toEqual([row]);
  const xml = '<L><R><flags>Y</flags><flags>0</flags><flags/></R></L>';
  expect(await read(DRIVERS.xml!, '/L/R', xml)).toEqual([row]);
});

test('an element that is nil is NULL, though nothing means false', async () => {
  const nil =
    '<L xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><R><id>0</id><paid xsi:nil="true"/><note>n</note></R></L>';
  const values = { true: ['X'], false: [''] };
  expect(await cells(DRIVERS.xml!, nil, { values }, 9)).toEqual([null]);
  expect(await cells(DRIVERS.xml!, nil.replace(/ xsi:nil="true"/, ''), { values }, 9)).toEqual(['f']);
});
