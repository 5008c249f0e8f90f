import { readFileSync } from 'node:fs';
import { parse as parseCsv } from 'csv-parse/sync';
import { XMLParser } from 'fast-xml-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type DemoApi, startDemoApi } from '../../demo/demo-api.js';
import { parseSqlType } from '../../src/core/sql-type.js';
import { get, newToken } from './client.js';

interface SampleColumn {
  readonly type: string;
  readonly field?: string;
  readonly from?: string;
  readonly references?: string;
  readonly description?: string;
}

interface SampleTable {
  readonly driver: string;
  readonly path: string;
  readonly records?: string;
  readonly pagination: Readonly<Record<string, unknown>>;
  readonly primary_key: readonly string[];
  readonly columns: Readonly<Record<string, SampleColumn>>;
  readonly filters?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Sample {
  readonly dsn: string;
  readonly tables: Readonly<Record<string, SampleTable>>;
}

const FILES = ['demo-json', 'demo-xml', 'demo-csv'];
const texts = new Map(
  FILES.map((name) => [name, readFileSync(new URL(`../../dsn/${name}.yaml`, import.meta.url), 'utf8')]),
);
const samples = FILES.map((name) => parse(texts.get(name)!) as Sample);
const tables = samples.flatMap(({ dsn, tables: all }) =>
  Object.entries(all).map(([name, table]) => [`${dsn}.${name}`, table] as const),
);

let api: DemoApi;
let token: string;
beforeAll(async () => {
  api = await startDemoApi({ orders: 3_000 });
  token = await newToken(api);
});
afterAll(() => api.close());

/** Walks a plain path such as `$.a.b`; undefined where the document has nothing there. */
function walk(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const step of path) value = (value as Record<string, unknown> | null)?.[step];
  return value;
}

function readRecords({ driver, records }: SampleTable, body: string): readonly unknown[] {
  if (driver === 'csv') return parseCsv(body, { columns: true });
  if (driver === 'xml') {
    const options = { ignoreAttributes: false, attributeNamePrefix: '@', removeNSPrefix: true, parseTagValue: false };
    return walk(new XMLParser(options).parse(body), records!.split('/').slice(1)) as unknown[];
  }
  expect(records).toMatch(/^\$(\.\w+)*\[\*\]$/);
  return walk(JSON.parse(body), records!.slice(2, -3).split('.').filter(Boolean)) as unknown[];
}

function fieldPath(table: SampleTable, name: string, { field }: SampleColumn): readonly string[] {
  if (field === undefined) return [name];
  return table.driver === 'json' ? field.slice(2).split('.') : field.split('/');
}

describe.each(tables)('%s', (_, table) => {
  test('has a valid type and a description for every column, and known names everywhere else', () => {
    for (const [name, column] of Object.entries(table.columns)) {
      expect(parseSqlType(column.type), name).not.toBeNull();
      expect(column.description ?? '', name).toMatch(/\w/);
      const keys = ['type', 'field', 'from', 'references', 'description', 'not_null', 'format'];
      expect(Object.keys(column).filter((key) => !keys.includes(key))).toEqual([]);
      if (column.references === undefined) continue;
      const [target, key] = column.references.split(/[()]/) as [string, string];
      const referenced = new Map<string, SampleTable>(tables).get(target)!;
      expect(referenced.primary_key).toEqual([key]);
      expect(referenced.columns[key]!.type).toBe(column.type);
    }
    for (const name of [...table.primary_key, ...Object.keys(table.filters ?? {})]) {
      expect(Object.keys(table.columns)).toContain(name);
    }
  });

  test('finds every field of every column in what the API answers', async () => {
    const body = await (await get(api, table.path.replace('{order_id}', '3'), token)).text();
    const records = readRecords(table, body);
    expect(records.length).toBeGreaterThan(0);
    for (const [name, column] of Object.entries(table.columns)) {
      if (column.from === 'filter') continue;
      const path = fieldPath(table, name, column);
      const values = records.map((record) => walk(record, path));
      expect(
        values.filter((value) => value === undefined),
        `${name} at ${path.join('/')}`,
      ).toEqual([]);
      expect(
        values.some((value) => value !== null),
        name,
      ).toBe(true);
    }
  });

  test('names filters and paging parameters that change what the API answers', async () => {
    const parameters = Object.values(table.filters ?? {}).flatMap(({ query }) => (query === undefined ? [] : [query]));
    const paging = [table.pagination.parameter, table.pagination.size_parameter].filter(Boolean);
    const whole = await (await get(api, table.path.replace('{order_id}', '3'), token)).text();
    const values: Readonly<Record<string, string>> = {
      created_after: '2023-01-20T00:00:00Z',
      currency: 'USD',
      status: 'open',
    };
    for (const parameter of [...parameters, ...paging] as string[]) {
      const changed = await get(api, `${table.path}?${parameter}=${values[parameter] ?? '7'}`, token);
      expect([parameter, changed.status]).toEqual([parameter, 200]);
      expect(await changed.text(), parameter).not.toBe(whole);
    }
  });
});

test('no sample holds a secret, and each starts with its schema', () => {
  for (const text of texts.values()) {
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../schema/dsn.schema.json');
    expect(text).toMatch(/^ {2}client_secret: \$\{env:DEMO_CLIENT_SECRET\}$/m);
  }
});
