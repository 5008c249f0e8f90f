import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORDER_COUNT, type Shop, startShop } from './shop.js';

/** postgres.js pipelines the statements of a connection and prepares each under a name. */
describe('postgres.js', () => {
  let shop: Shop;
  let sql: postgres.Sql;
  beforeAll(async () => {
    shop = await startShop();
    sql = postgres({ host: '127.0.0.1', port: shop.gateway.port, user: 'tidegate', database: 'tidegate', max: 2 });
  });
  afterAll(async () => {
    await sql?.end({ timeout: 5 });
    await shop?.close();
  });

  it('reads with parameters of inferred types', async () => {
    expect([...(await sql`SELECT id, amount, note FROM shop.orders WHERE id = ${6} AND status = ${'open'}`)]).toEqual([
      { id: '6', amount: '7.50', note: 'nöte 6' },
    ]);
    expect([...(await sql`SELECT id FROM shop.orders WHERE id IN ${sql([2, 3])} ORDER BY id`)]).toEqual([
      { id: '2' },
      { id: '3' },
    ]);
    expect([...(await sql`SELECT id FROM shop.orders WHERE id = ANY(${[5, 7]}) ORDER BY id`)]).toEqual([
      { id: '5' },
      { id: '7' },
    ]);
    expect(
      await sql`SELECT * FROM ${sql('shop.orders')} WHERE created_at = ${new Date('2026-01-02T08:00:00Z')}`,
    ).toHaveLength(Math.floor((ORDER_COUNT - 1) / 28) + 1 + Number(ORDER_COUNT < 1));
  });

  it('keeps pipelined statements apart, failing ones among them', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, k) =>
        k % 5 === 4 ? sql`SELECT * FROM shop.items` : sql`SELECT sku FROM shop.items WHERE order_id = ${k}`,
      ),
    );
    results.forEach((result, k) => {
      if (k % 5 === 4) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'HV00L' } });
      else
        expect([...(result as PromiseFulfilledResult<postgres.RowList<postgres.Row[]>>).value]).toEqual([
          { sku: `a${k}` },
          { sku: `b${k}` },
        ]);
    });
  });

  it('reads a cursor and leaves it early', async () => {
    const sizes: number[] = [];
    for await (const rows of sql`SELECT id FROM shop.orders`.cursor(200)) sizes.push(rows.length);
    expect(sizes).toEqual([200, 200, 50]);
    for await (const [row] of sql`SELECT id FROM shop.slow`.cursor(1)) {
      expect(row?.id).toBe('1');
      break;
    }
    expect(await sql`SELECT 1 AS one`).toHaveLength(1);
    await expect.poll(() => shop.api.openResponses(), { timeout: 5000 }).toBe(0);
  });

  it('uses transactions and savepoints', async () => {
    const result = await sql.begin('read only', async (inner) => {
      const failed = await inner
        .savepoint((deep) => deep`SELECT * FROM shop.items`)
        .catch((error: { code: string }) => error.code);
      const [row] = await inner`SELECT count(*)::int AS n FROM shop.orders`;
      return [failed, row?.n];
    });
    expect(result).toEqual(['HV00L', ORDER_COUNT]);
  });

  it('cancels', async () => {
    const query = sql`SELECT count(*) FROM shop.slow`;
    const outcome = query.catch((error: { code: string }) => error.code);
    const before = shop.api.requests.length;
    await expect.poll(() => shop.api.requests.length, { timeout: 5000 }).toBeGreaterThan(before);
    query.cancel();
    expect(await outcome).toBe('57014');
    await expect.poll(() => shop.api.openResponses(), { timeout: 5000 }).toBe(0);
  });

  it('runs the simple protocol with several statements, describes, and copies out', async () => {
    const results = await sql.unsafe("SELECT 1 AS a; SELECT id FROM shop.orders LIMIT 1; SELECT 'end' AS b");
    expect(results.map((rows) => [...(rows as unknown as Iterable<unknown>)])).toEqual([
      [{ a: 1 }],
      [{ id: '1' }],
      [{ b: 'end' }],
    ]);
    const described = await sql`SELECT id, status FROM shop.orders WHERE amount > ${1}`.describe();
    expect(described.columns.map(({ name, type }) => [name, type])).toEqual([
      ['id', 20],
      ['status', 1043],
    ]);
    let text = '';
    for await (const chunk of await sql`COPY (SELECT id FROM shop.orders WHERE id < 4) TO STDOUT`.readable())
      text += chunk;
    expect(text).toBe('1\n2\n3\n');
  });
});
