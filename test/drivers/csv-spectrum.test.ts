import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { CsvReader } from '../../drivers/csv/reader.js';
import type { DriverOptions } from '../../src/config/model.js';
import { column, failure, page, type ReadResult, readPage, table } from './reading.js';

/** The files of the npm package `csv-spectrum`, each with its rows in JSON. */
const root = dirname(createRequire(import.meta.url).resolve('csv-spectrum/package.json'));
const names = readdirSync(join(root, 'csvs')).map((name) => name.replace('.csv', ''));

/**
 * Its fields have seconds of arc in them, without quotes around: RFC 4180 has no place for a quote there. So it is refused, with
 * a hint that a source that never quotes is read with `quote: ""`, and read so. Its JSON is one object, of another number.
 */
const UNQUOTED = 'location_coordinates';

const PLAIN: Extract<DriverOptions, { type: 'csv' }> = {
  type: 'csv',
  delimiter: ',',
  quote: '"',
  escape: '',
  header: true,
  skipLines: 0,
  comment: null,
  ragged: 'error',
  encoding: null,
};

test('the suite is there', () => {
  expect(names.length).toBeGreaterThanOrEqual(12);
});

test.each(names)('%s', async (name) => {
  const body = readFileSync(join(root, 'csvs', `${name}.csv`));
  const expected = JSON.parse(readFileSync(join(root, 'json', `${name}.json`), 'utf8')) as
    | Record<string, string>[]
    | Record<string, string>;
  const isUnquoted = name === UNQUOTED;
  const header = (parse(body, { to_line: 1 }) as string[][])[0]!;
  const columns = header.map((field, c) => column(`c${c}`, { type: 'text', field }));
  const read = (options: typeof PLAIN, chunk: number): Promise<ReadResult> =>
    readPage(new CsvReader({ table: table(options, columns), columns, captures: [] }), page(body, { chunk }));
  if (isUnquoted) {
    const refused = await failure(read(PLAIN, 4096));
    expect(refused).toMatchObject({ sqlstate: '22P04', detail: 'page 3 (orders.dat), line 2' });
    expect(refused.hint).toContain('set quote to ""');
  }
  for (const chunk of [1, 7, 4096]) {
    const { rows } = await read(isUnquoted ? { ...PLAIN, quote: '' } : PLAIN, chunk);
    // An empty field without quotes is NULL here and '' there.
    const texts = rows.map((row) => Object.fromEntries(header.map((field, c) => [field, row[c] ?? ''])));
    expect(texts).toEqual(Array.isArray(expected) ? expected : [{ ...expected, 'Contact Phone Number': '2095257564' }]);
  }
});
