import pg from 'pg';
import Cursor from 'pg-cursor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORDER_COUNT, type Shop, startShop } from './shop.js';

describe('node-postgres', () => {
  let shop: Shop;
  let client: pg.Client;
  beforeAll(async () => {
    shop = await startShop();
    client = await shop.gateway.connect();
  });
  afterAll(async () => {
    await client?.end();
    await shop?.close();
  });

  const ordersRequests = () => shop.api.requests.filter((request) => request.path === '/orders').length;

  it('reads with parameters, in text and in binary', async () => {
    const sql = 'SELECT id, status, amount, created_at FROM shop.orders WHERE id = $1 AND status = $2';
    const created = new Date('2026-01-07T08:00:00Z');
    const text = await client.query(sql, [6, 'open']);
    expect(text.rows).toEqual([{ id: '6', status: 'open', amount: '7.50', created_at: created }]);
    // The driver takes binary values for UTF-8 texts; bytes below 0x80 survive that.
    const binary = await client.query({ text: sql, values: [6, 'open'], binary: true } as pg.QueryConfig);
    expect(binary.rows[0]).toMatchObject({ id: '6', status: 'open' });
    expect(binary.fields.map(({ dataTypeID }) => dataTypeID)).toEqual([20, 1043, 1700, 1184]);
  });

  it('runs a named statement again and again, also after an error', async () => {
    for (const wanted of [3, 4, 5]) {
      const { rows } = await client.query({
        name: 'items',
        text: 'SELECT sku FROM shop.items WHERE order_id = $1',
        values: [wanted],
      });
      expect(rows).toEqual([{ sku: `a${wanted}` }, { sku: `b${wanted}` }]);
      await expect(client.query('SELECT * FROM shop.items')).rejects.toMatchObject({ code: 'HV00L' });
    }
  });

  it('reads a cursor page by page and asks for no page before it is needed', async () => {
    const before = ordersRequests();
    const cursor = client.query(new Cursor('SELECT id FROM shop.orders WHERE id > $1', [0]));
    expect((await cursor.read(10)).map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, k) => String(k + 1)));
    expect(ordersRequests() - before).toBeLessThan(ORDER_COUNT / 100);
    expect(await cursor.read(ORDER_COUNT)).toHaveLength(ORDER_COUNT - 10);
    expect(await cursor.read(10)).toEqual([]);
    await cursor.close();
  });

  it('leaves a cursor early: its requests end and the connection goes on', async () => {
    const cursor = client.query(new Cursor('SELECT id FROM shop.slow'));
    expect(await cursor.read(2)).toHaveLength(2);
    await cursor.close();
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await expect.poll(() => shop.api.openResponses(), { timeout: 5000 }).toBe(0);
  });

  it('reads a cursor over what the engine computes', async () => {
    const cursor = client.query(
      new Cursor('SELECT o.id, c.name FROM shop.orders o JOIN shop.customers c USING (id) ORDER BY id DESC'),
    );
    expect(await cursor.read(2)).toEqual([
      { id: '5', name: 'Customer 5' },
      { id: '4', name: 'Customer 4' },
    ]);
    expect(await cursor.read(9)).toHaveLength(3);
    await cursor.close();
  });

  it('serves a pool whose clients come and go', async () => {
    const pool = new pg.Pool({
      host: '127.0.0.1',
      port: shop.gateway.port,
      user: 'tidegate',
      database: 'tidegate',
      max: 4,
    });
    try {
      const sums = await Promise.all(
        Array.from({ length: 24 }, (_, k) =>
          pool.query('SELECT sum(id)::int AS n FROM shop.orders WHERE id <= $1', [k]),
        ),
      );
      expect(sums.map(({ rows }) => rows[0].n)).toEqual(
        Array.from({ length: 24 }, (_, k) => (k === 0 ? null : (k * (k + 1)) / 2)),
      );
    } finally {
      await pool.end();
    }
  });
});
