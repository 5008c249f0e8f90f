import { expect, test } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { DriverOptions, TableModel } from '../../src/config/model.js';
import { column, failure, page, readPage, table } from './reading.js';

const DRIVERS: Readonly<Record<DriverOptions['type'], DriverOptions>> = {
  csv: {
    type: 'csv',
    delimiter: ',',
    quote: '"',
    escape: '"',
    header: true,
    skipLines: 0,
    comment: null,
    ragged: 'error',
    encoding: null,
  },
  xml: { type: 'xml', namespaces: new Map(), encoding: null },
  json: { type: 'json', format: 'auto', encoding: null },
};
const COLUMNS = [column('d', 'date'), column('t', 'timestamp'), column('n', 'integer')];
const INFERRED = { columns: new Set(['d', 't']) } as unknown as NonNullable<TableModel['inference']>;

function body(type: DriverOptions['type'], rows: readonly (readonly [string, string])[]): string {
  if (type === 'csv') return `d,t,n\n${rows.map(([d, t]) => `${d},${t},1\n`).join('')}`;
  if (type === 'json') return JSON.stringify(rows.map(([d, t]) => ({ d, t, n: 1 })));
  return `<l>${rows.map(([d, t]) => `<r><d>${d}</d><t>${t}</t><n>1</n></r>`).join('')}</l>`;
}

const read = async (type: DriverOptions['type'], rows: readonly (readonly [string, string])[], isInferred: boolean) => {
  const overrides = { records: type === 'xml' ? '/l/r' : null, ...(isInferred ? { inference: INFERRED } : {}) };
  const model = table(DRIVERS[type], COLUMNS, overrides);
  return (await readPage(createReader({ table: model, columns: COLUMNS, captures: [] }), page(body(type, rows)))).rows;
};

const PLAIN: readonly (readonly [string, string])[] = [
  ['2024-05-06', '2024-05-06T07:08:09'],
  ['2024-05-07', '2024-05-07T07:08:09.25'],
  ['2024-05-08', '2024-05-08'],
];
const CELLS = [
  ['2024-05-06', '2024-05-06 07:08:09', '1'],
  ['2024-05-07', '2024-05-07 07:08:09.25', '1'],
  ['2024-05-08', '2024-05-08 00:00:00', '1'],
];

test.each(['json', 'csv', 'xml'] as const)(
  '%s: a date or timestamp from a sample drops nothing of a later value',
  async (type) => {
    expect(await read(type, PLAIN, true)).toEqual(CELLS);
    const time = await failure(read(type, [...PLAIN, ['2024-05-09T23:30:00', '2024-05-09']], true));
    expect(time).toMatchObject({
      sqlstate: '22007',
      message: expect.stringContaining('type date: "2024-05-09T23:30:00"'),
    });
    expect(time.detail).toMatch(/column "d".*record 4/);
    expect(time.hint).toContain('declare columns: { d: timestamp }');
    for (const zoned of [
      '2024-05-09T23:30:00+02:00',
      '2024-05-09T23:30:00Z',
      '2024-05-09 23:30-0330',
      '2024-05-09T23:30:00.5+02',
    ]) {
      const zone = await failure(read(type, [...PLAIN, ['2024-05-09', zoned]], true));
      expect(zone).toMatchObject({ sqlstate: '22007', message: expect.stringContaining(zoned) });
      expect(zone.hint).toContain('declare columns: { t: timestamptz }');
    }
  },
);

test.each(['json', 'csv', 'xml'] as const)('%s: declared ones take them as PostgreSQL does', async (type) => {
  expect(await read(type, [['2024-05-09T23:30:00', '2024-05-09T23:30:00+02:00']], false)).toEqual([
    ['2024-05-09', '2024-05-09 23:30:00', '1'],
  ]);
});
