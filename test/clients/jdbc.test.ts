import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeClient, JDBC_JAR, runProgram } from '../support/programs.js';
import { ORDER_COUNT, type Shop, startShop } from './shop.js';

const SOURCE = fileURLToPath(new URL('./jdbc/Cases.java', import.meta.url));

describeClient('JDBC', () => {
  let shop: Shop;
  let folder: string;
  beforeAll(async () => {
    shop = await startShop();
    folder = mkdtempSync(join(tmpdir(), 'tidegate-jdbc-'));
    const compiled = await runProgram('javac', ['-cp', JDBC_JAR, '-d', folder, SOURCE], { timeoutMs: 60_000 });
    expect(compiled).toEqual({ code: 0, stdout: '', stderr: '' });
  });
  afterAll(async () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    await shop?.close();
  });

  const run = async (name: string): Promise<string[]> => {
    const classPath = `${folder}:${JDBC_JAR}`;
    const flags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Duser.timezone=UTC'];
    const result = await runProgram('java', [...flags, '-cp', classPath, 'Cases', name, String(shop.gateway.port)]);
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    return result.stdout.trim().split('\n');
  };

  const ordersRequests = () => shop.api.requests.filter((request) => request.path === '/orders').length;

  it('has metadata', async () => {
    expect(await run('metadata')).toEqual([
      expect.stringMatching(/^PostgreSQL\|42\./),
      'shop',
      'customers|TABLE|null',
      'items|TABLE|null',
      'orders|TABLE|One row per order',
      'rates|TABLE|null',
      'slow|TABLE|null',
      'open_orders|VIEW|null',
      'id|int8|-5|19|0|NO|null',
      'status|varchar|12|20|0|YES|null',
      'amount|numeric|2|10|2|YES|null',
      'created_at|timestamptz|93|35|6|YES|null',
      'note|text|12|2147483647|0|YES|Free text',
      'order_id|1|items_pkey',
      'sku|2|items_pkey',
      'orders|id|items|order_id',
      'items|order_id',
      'orders_pkey|id|false',
      'id',
    ]);
  });

  it('describes without a request and reads in binary', async () => {
    const before = ordersRequests();
    expect(await run('types')).toEqual([
      'id|int8|19|0|java.lang.Long',
      'status|varchar|20|0|java.lang.String',
      'amount|numeric|10|2|java.math.BigDecimal',
      'created_at|timestamptz|35|6|java.sql.Timestamp',
      'note|text|2147483647|0|java.lang.String',
      '1|paid|1.25|2026-01-02T08:00:00Z|nöte 1|false',
      '5|shipped|6.25|2026-01-06T08:00:00Z|null|true',
    ]);
    // Those of the one execution.
    expect(ordersRequests() - before).toBe(5);
  });

  it('prepares on the server after five uses, with the same rows', async () => {
    // The driver's answer is about the next use: true after four.
    const expected = Array.from({ length: 9 }, (_, k) => {
      const use = k + 1;
      const wanted = use % 2 === 0 ? 1 : 0;
      const ids = Array.from({ length: ORDER_COUNT }, (_, n) => n + 1).filter(
        (id) => id % 3 === wanted && id > use * 10,
      );
      const orders = ids.slice(0, 2).map((id) => `${id} ${(id * 1.25).toFixed(2)}`);
      return [use, ...orders, `a${use}`, `b${use}`, use >= 4].join('|');
    });
    expect(await run('prepared')).toEqual(expected);
  });

  it('reads two portals in turns with a fetch size, and leaves a third early', async () => {
    const sum = (ORDER_COUNT * (ORDER_COUNT + 1)) / 2;
    const before = ordersRequests();
    expect(await run('fetch')).toEqual([`${ORDER_COUNT}|${sum}|${sum}|false`, 'first|1']);
    // Five pages for each of the two that are read to the end, and the first ones of the third.
    expect(ordersRequests() - before).toBeLessThan(15);
    await expect.poll(() => shop.api.openResponses(), { timeout: 5000 }).toBe(0);
  });

  it('scrolls', async () => {
    expect(await run('scroll')).toEqual(['30|30', '3', '2']);
  });

  it('stops at the query timeout', async () => {
    expect(await run('timeout')).toEqual(['57014|true', '3']);
    await expect.poll(() => shop.api.openResponses(), { timeout: 5000 }).toBe(0);
  });

  it('stops when cancelled', async () => {
    expect(await run('cancel')).toEqual(['57014', '4']);
    await expect.poll(() => shop.api.openResponses(), { timeout: 5000 }).toBe(0);
  });

  it('recovers from errors, by rollback or by savepoints of its own', async () => {
    const missing = 'HV00L|virtual table "shop.items" needs a filter on column "order_id"';
    expect(await run('errors')).toEqual([
      ...['1', missing, '25P02', 'Customer 3', '25006'],
      ...['1', missing, '2', 'Customer 3', '25006'],
    ]);
  });

  it('runs several statements in one text, and batches', async () => {
    expect(await run('batch')).toEqual(['true', '1', 'false|3', 'true', '3', '[1, 1, 1, 0]']);
  });
});
