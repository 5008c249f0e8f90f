import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frontend } from '../../src/wire/write.js';
import { type BackendFrame, errorOf, RawClient, typesOf } from '../support/raw-client.js';
import { FOLDED, NAVIGATOR, primaryKeys, referencedKeys, referencingKeys, TYPE_LOAD } from './power-bi-queries.js';
import { ORDER_COUNT, type Shop, startShop } from './shop.js';

/**
 * Power BI Desktop speaks through Npgsql 4.0.17: text for loading types, binary for all else, the statements of a command
 * pipelined with one Sync, and DISCARD ALL in front of the first command of a pooled connection.
 */
describe('Power BI', () => {
  let shop: Shop;
  let client: RawClient;
  beforeAll(async () => {
    shop = await startShop();
    client = await RawClient.login(shop.gateway.port, { client_encoding: 'UTF8', application_name: 'Mashup Engine' });
  });
  afterAll(async () => {
    client?.close();
    await shop?.close();
  });

  /** As Npgsql: Parse, Bind, Describe portal, Execute for each statement, and one Sync. */
  const run = async (statements: readonly string[], format: 0 | 1, before: readonly Buffer[] = []) => {
    const frames = statements.flatMap((sql) => [
      frontend.parse('', sql),
      frontend.bindWithTail('', '', Buffer.from([0, 0, 0, 0, 0, 1, 0, format])),
      frontend.describe('portal', ''),
      frontend.execute(''),
    ]);
    client.send(...before, ...frames, frontend.sync);
    if (before.length > 0) await client.until('Z');
    const answer = await client.until('Z');
    expect(errorOf(answer)).toBeNull();
    return answer;
  };
  const texts = async (sql: string) => decode(await run([sql], 0));
  const binary = async (sql: string) => decode(await run([sql], 1));

  it('loads types: every type that a query of virtual tables can have is among them', async () => {
    const frames = await run(TYPE_LOAD, 0);
    expect(typesOf(frames).replace(/D+/g, 'D')).toBe('12TDC12TC12TCZ');
    const names = new Set(decode(frames).map((row) => row[1]));
    for (const name of [
      'bool',
      'int2',
      'int4',
      'int8',
      'float4',
      'float8',
      'numeric',
      'text',
      'varchar',
      'date',
      'time',
      'timestamp',
      'timestamptz',
      'uuid',
      'json',
      'jsonb',
      'bytea',
      '_text',
      '_int8',
      'name',
      'oid',
    ]) {
      expect(names, name).toContain(name);
    }
  });

  it('says what its connection needs', async () => {
    const login = await RawClient.open(shop.gateway.port);
    const { startupMessage } = await import('../../src/wire/startup.js');
    login.socket.write(
      startupMessage(196608, Object.entries({ user: 'tidegate', database: 'tidegate', client_encoding: 'UTF8' })),
    );
    const reported = (await login.until('Z'))
      .filter(({ type }) => type === 'S')
      .map(({ bytes }) => bytes.toString('utf8', 5).split('\0').slice(0, 2).join('='));
    expect(reported).toContain('integer_datetimes=on');
    expect(reported).toContain('standard_conforming_strings=on');
    expect(reported.find((setting) => setting.startsWith('server_version='))).toMatch(/=\d+\.\d+/);
    login.close();
  });

  it.each(Object.entries(NAVIGATOR))('answers the navigator: %s', async (_name, { sql, rows }) => {
    expect(await texts(sql)).toEqual(rows);
    const frames = await run([sql], 1);
    expect(frames.filter(({ type }) => type === 'D')).toHaveLength(rows.length);
  });

  it('finds primary keys, and foreign keys from both sides', async () => {
    expect(await texts(primaryKeys('shop', 'orders'))).toEqual([['shop_orders_pkey', 'id', '1', 'Y']]);
    expect(await texts(primaryKeys('shop', 'items'))).toEqual([
      ['shop_items_pkey', 'order_id', '1', 'Y'],
      ['shop_items_pkey', 'sku', '2', 'Y'],
    ]);
    const name = expect.stringMatching(/^shop_items_orders_/);
    expect(await texts(referencingKeys('shop', 'orders'))).toEqual([['id', 'shop', 'items', 'order_id', '1', name]]);
    expect(await texts(referencedKeys('shop', 'items'))).toEqual([
      ['shop', 'orders', 'id', 'order_id', '1', expect.stringMatching(/^shop_/)],
    ]);
    expect(await texts(referencingKeys('shop', 'items'))).toEqual([]);
  });

  it('describes a statement for SchemaOnly without a request', async () => {
    const before = shop.api.requests.length;
    client.send(frontend.parse('', FOLDED.preview.sql), frontend.describe('statement', ''), frontend.sync);
    expect(typesOf(await client.until('Z'))).toBe('1tTZ');
    expect(shop.api.requests.length).toBe(before);
  });

  it.each(Object.entries(FOLDED))('reads folded queries: %s', async (_name, { sql, rows, columns }) => {
    const frames = await run([sql], 1);
    const description = frames.find(({ type }) => type === 'T')!;
    expect(description.bytes.readInt16BE(5)).toBe(columns);
    expect(await texts(sql)).toEqual(rows);
    expect(frames.filter(({ type }) => type === 'D')).toHaveLength(rows.length);
  });

  it('encodes in binary what it sends as text', async () => {
    const [row] = await binary(
      'select "_"."id", "_"."amount", "_"."created_at", "_"."note" from "shop"."orders" "_" where "_"."id" = 6 and "_"."status" = \'open\'',
    );
    const hex = (index: number) => Buffer.from(row![index]!, 'latin1').toString('hex');
    expect(hex(0)).toBe('0000000000000006');
    // 7.5 with two decimal places: digits 7 and 5000.
    expect(hex(1)).toBe('000200000000000200071388');
    const microseconds = BigInt(Date.parse('2026-01-07T08:00:00Z') - Date.parse('2000-01-01T00:00:00Z')) * 1000n;
    expect(hex(2)).toBe(microseconds.toString(16).padStart(16, '0'));
    expect(hex(3)).toBe(Buffer.from('nöte 6').toString('hex'));
  });

  it('takes DISCARD ALL in front of a pipelined command, time and again', async () => {
    for (let round = 0; round < 3; round++) {
      const frames = await run([FOLDED.preview.sql, 'select 1'], 1, [frontend.query('DISCARD ALL')]);
      expect(typesOf(frames)).toBe('12TDDDC12TDCZ');
    }
  });

  it('skips the rest of a command after an error, up to its Sync', async () => {
    const bind = frontend.bindWithTail('', '', Buffer.from([0, 0, 0, 0, 0, 1, 0, 1]));
    const statement = (sql: string) => [
      frontend.parse('', sql),
      bind,
      frontend.describe('portal', ''),
      frontend.execute(''),
    ];
    client.send(
      ...statement('select * from shop.items'),
      ...statement('select id from shop.orders'),
      frontend.sync,
      ...statement('select 1'),
      frontend.sync,
    );
    const first = await client.until('Z');
    expect(typesOf(first)).toBe('12TEZ');
    expect(errorOf(first)).toMatchObject({ sqlstate: 'HV00L' });
    expect(typesOf(await client.until('Z'))).toBe('12TDCZ');
  });

  it('has the filter of a folded query reach the API through its wrappers', async () => {
    const before = shop.api.requests.length;
    expect(await texts(FOLDED.filtered.sql)).toHaveLength(ORDER_COUNT / 3);
    const requests = shop.api.requests.slice(before).filter(({ path }) => path === '/orders');
    expect(requests.map(({ query }) => query.get('status'))).toEqual(['open', 'open']);
  });
});

/** The rows of DataRow frames, each cell's bytes as latin1 when they are not UTF-8 text. */
function decode(frames: readonly BackendFrame[]): (string | null)[][] {
  return frames
    .filter(({ type }) => type === 'D')
    .map(({ bytes }) => {
      let at = 7;
      return Array.from({ length: bytes.readInt16BE(5) }, () => {
        const length = bytes.readInt32BE(at);
        at += 4;
        if (length < 0) return null;
        at += length;
        return bytes.toString('latin1', at - length, at);
      });
    });
}
