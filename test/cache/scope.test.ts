import { describe, expect, it } from 'vitest';
import type { FilterOperator, TableModel } from '../../src/config/model.js';
import { scanScope, serves } from '../../src/engine/scan-cache/scan-scope.js';
import type { PushedFilter } from '../../src/scan/scan.js';
import { column, table as tableOf } from '../engine/harness.js';

const cache = { ttlMs: 1000, staleIfErrorMs: 0, revalidates: true, reuse: 'narrower', columns: 'needed' } as const;
const columns = [
  column('id', 'bigint'),
  column('owner', 'text', { from: 'filter' }),
  column('url', 'text', { from: 'page_url' }),
  column('s', 'text'),
];
const table = (extra: Partial<TableModel> = {}): TableModel => ({ ...tableOf('d', 't', columns), cache, ...extra });

const equal = (name: string, ...values: string[]): PushedFilter => ({
  column: name,
  operator: (values.length > 1 ? 'in' : '=') as FilterOperator,
  values,
});

/** `id,s` of a table, with filters and a limit. */
function scope(names: string, filters: readonly PushedFilter[] = [], limit: number | null = null, of = table()) {
  return scanScope({ table: of, columns: names.split(','), filters, limit }, false);
}

describe('kept rows serve', () => {
  it('fewer columns, not others', () => {
    expect(serves(scope('id,s'), scope('s'))).toBe(true);
    expect(serves(scope('id'), scope('id,s'))).toBe(false);
  });

  it('smaller limits with the same filters', () => {
    expect(serves(scope('id', [], 10), scope('id', [], 10))).toBe(true);
    expect(serves(scope('id', [], 10), scope('id', [], 3))).toBe(true);
    expect(serves(scope('id', [], 10), scope('id', [], 11))).toBe(false);
    expect(serves(scope('id', [], 10), scope('id'))).toBe(false);
    expect(serves(scope('id', [], 10), scope('id', [equal('s', 'a')], 3))).toBe(false);
    expect(serves(scope('id'), scope('id', [], 3))).toBe(true);
  });

  it('stricter filters, unless the scan was cut short or the table says otherwise', () => {
    const strict = scope('id', [equal('s', 'a')]);
    expect(serves(scope('id'), strict)).toBe(true);
    expect(serves(scope('id'), strict, false)).toBe(false);
    expect(serves(strict, strict, false)).toBe(true);
    const careful = table({ cache: { ...cache, reuse: 'equal' } });
    const kept = scope('id', [], null, careful);
    expect(serves(kept, scope('id', [equal('s', 'a')], null, careful))).toBe(false);
    expect(serves(kept, scope('id', [], null, careful))).toBe(true);
  });

  it('a column with the value of the filter only with that filter', () => {
    expect(serves(scope('id,owner'), scope('id,owner', [equal('owner', 'a')]))).toBe(false);
    expect(serves(scope('id,owner', [equal('owner', 'a', 'b')]), scope('id,owner', [equal('owner', 'a')]))).toBe(true);
    expect(serves(scope('id,owner', [equal('owner', 'a')]), scope('id,owner', [equal('owner', 'b')]))).toBe(false);
  });

  it('a column with the address of the page only for the very same requests', () => {
    expect(serves(scope('id,url'), scope('id,url'))).toBe(true);
    expect(serves(scope('id,url'), scope('id,url', [equal('s', 'a')]))).toBe(false);
    expect(serves(scope('id,url'), scope('id', [equal('s', 'a')]))).toBe(true);
    expect(serves(scope('id,url'), scope('id,url', [], 5))).toBe(false);
  });
});

it('leaves out what one statement wishes besides', () => {
  const wish = {
    table: table(),
    columns: ['id'],
    filters: [],
    limit: null,
    enough: { rows: 5, counts: null, order: [], withTies: false, sizesPages: true },
  };
  expect(scanScope(wish, false).spec).toEqual({ table: wish.table, columns: ['id'], filters: [], limit: null });
});
