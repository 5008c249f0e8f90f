import { expect, it, test } from 'vitest';
import type { RecordReader } from '../../drivers/driver.js';
import { QueryReader } from '../../drivers/json/query-reader.js';
import { JsonReader } from '../../drivers/json/reader.js';
import { createReader } from '../../drivers/registry.js';
import { column, failure, page, type ReadResult, readPage, seeded, table } from './reading.js';

const DOCUMENTS = 4000;
const SEED = 1202;

const random = seeded(SEED);
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
const several = (most: number, make: () => string): string[] =>
  Array.from({ length: Math.floor(random() * (most + 1)) }, make);

function value(depth: number): string {
  const kind = Math.floor(random() * (depth > 0 ? 9 : 5));
  if (kind < 5) return pick(['null', 'true', 'false', '7', '-2.5', '"x"', '""']);
  if (kind < 7) return `[${several(3, () => value(depth - 1)).join(',')}]`;
  const keys = ['a', 'b', 'c'].sort(() => random() - 0.5).slice(0, Math.floor(random() * 4));
  return `{${keys.map((key) => `"${key}": ${value(depth - 1)}`).join(', ')}}`;
}

const outcomeOf = async (reader: RecordReader, text: string): Promise<unknown> => {
  try {
    const { rows, recordCount, captured }: ReadResult = await readPage(reader, page(text, { chunk: 64 }));
    return { rows, recordCount, captured };
  } catch (error) {
    const { sqlstate, message } = error as { sqlstate: string; message: string };
    return { sqlstate, message };
  }
};

test('plain paths lead both JSON readers to the same records, in pages of any shape', async () => {
  let compared = 0;
  for (let n = 0; n < DOCUMENTS; n++) {
    const records = `$${several(3, () => pick(['.a', '.b', '[*]', '[*]', '[0]', '[1]'])).join('')}`;
    const format = pick(['auto', 'auto', 'json', 'ndjson'] as const);
    const columns = ['one', 'other'].map((name) =>
      column(name, { type: 'text', field: pick(['a', '$', '$.a.b', '$.b[0]', '$.a[1].c', '^.c', '^.a', '^^.b']) }),
    );
    const captures = random() < 0.3 ? [pick(['$.a', '$.b', '$.c.a'])] : [];
    const options = {
      table: table({ type: 'json', format, encoding: null }, columns, {
        records,
        recordsMissing: pick(['error', 'empty'] as const),
      }),
      columns,
      captures,
    };
    const text = format === 'json' || random() < 0.7 ? value(4) : [value(3), ...several(2, () => value(3))].join('\n');
    let plain: JsonReader;
    try {
      plain = new JsonReader(options);
    } catch {
      // A field that leads nowhere: the declaration is refused.
      continue;
    }
    const expected = await outcomeOf(plain, text);
    // The reader that holds the page can give more: what stands behind the records, and the one record as a whole.
    if (/comes after the records|captured as a whole/.test(JSON.stringify(expected))) continue;
    compared++;
    const shown = JSON.stringify({ records, format, fields: columns.map(({ field }) => field), captures, text });
    expect(await outcomeOf(new QueryReader(options), text), shown).toEqual(expected);
  }
  expect(compared).toBeGreaterThan(DOCUMENTS / 2);
});

const JSON_DRIVER = { type: 'json', format: 'auto', encoding: null } as const;
const QUERY = [column('v', { type: 'jsonb', field: '$..v' })];

it.each([
  ['$.data[*]', '{"data": {"error": "denied"}}', 'records "$.data[*]" leads to an object, not an array'],
  ['$.data[*]', '{"data": "denied"}', 'records "$.data[*]" leads to a string, not an array'],
  ['$.data[*].rows[*]', '{"data": [{"id": 1}]}', 'the page has no records at "$.data[*].rows[*]"'],
  ['$.data[?(@.v == 1)]', '{"data": "denied"}', /^records "\$\.data\[.*\]" leads to a string/],
])('a column with a query path does not hide that %s leads elsewhere', async (records, body, message) => {
  const reader = createReader({ table: table(JSON_DRIVER, QUERY, { records }), columns: QUERY, captures: [] });
  const error = await failure(readPage(reader, page(body)));
  expect(error).toMatchObject({ sqlstate: 'HV000' });
  expect(error.message).toMatch(message);
});
