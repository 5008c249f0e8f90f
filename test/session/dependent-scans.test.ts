import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Shop, startShop } from '../clients/shop.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';

let shop: Shop;
let client: RawClient;

beforeAll(async () => {
  shop = await startShop();
  client = await RawClient.login(shop.gateway.port);
});
afterAll(async () => {
  client?.close();
  await shop?.close();
});

const itemRequests = (from: number): string[] =>
  shop.api.requests
    .slice(from)
    .filter((request) => request.path.endsWith('/items'))
    .map((request) => request.path)
    .sort();

describe('a required filter is found wherever the statement has it', () => {
  const both = ['/orders/3/items', '/orders/6/items'];
  const cases: [string, string[], string[][]][] = [
    ['SELECT sku FROM shop.items WHERE order_id = 3 ORDER BY 1', ['/orders/3/items'], [['a3'], ['b3']]],
    ['SELECT sku FROM shop.items WHERE order_id IN (3, 6) ORDER BY 1 LIMIT 1', both, [['a3']]],
    [
      "SELECT i.sku FROM shop.orders o JOIN shop.items i ON i.order_id = o.id WHERE o.status = 'open' AND o.id < 7 ORDER BY 1 DESC LIMIT 1",
      both,
      [['b6']],
    ],
    [
      "SELECT i.sku FROM shop.orders o LEFT JOIN shop.items i ON i.order_id = o.id WHERE o.status = 'open' AND o.id < 7 ORDER BY 1 LIMIT 1",
      both,
      [['a3']],
    ],
    [
      'SELECT count(*) FROM shop.items i JOIN shop.orders o ON i.order_id = o.id WHERE o.id = 3',
      ['/orders/3/items'],
      [['2']],
    ],
    ['SELECT count(*) FROM shop.items WHERE order_id IN (SELECT id FROM shop.open_orders WHERE id < 7)', both, [['4']]],
    [
      "SELECT id FROM shop.open_orders o WHERE id < 7 AND EXISTS (SELECT FROM shop.items i WHERE i.order_id = o.id AND sku = 'a6')",
      both,
      [['6']],
    ],
    [
      'SELECT id, (SELECT max(sku) FROM shop.items i WHERE i.order_id = o.id) FROM shop.open_orders o WHERE id < 7 ORDER BY 1',
      both,
      [
        ['3', 'b3'],
        ['6', 'b6'],
      ],
    ],
    [
      'SELECT o.id, x.sku FROM shop.open_orders o, LATERAL (SELECT sku FROM shop.items i WHERE i.order_id = o.id ORDER BY sku LIMIT 1) x WHERE o.id < 7 ORDER BY 1',
      both,
      [
        ['3', 'a3'],
        ['6', 'a6'],
      ],
    ],
    [
      'WITH c AS (SELECT id FROM shop.open_orders WHERE id < 7) SELECT count(*) FROM c JOIN shop.items i ON i.order_id = c.id',
      both,
      [['4']],
    ],
    [
      'SELECT count(*) FROM shop.orders o JOIN shop.items i ON i.order_id = o.id WHERE o.id = 999999',
      ['/orders/999999/items'],
      [['0']],
    ],
  ];
  it.each(cases)('%s', async (sql, requests, rows) => {
    const before = shop.api.requests.length;
    const frames = await client.query(sql);
    expect(errorOf(frames)).toBeNull();
    expect(rowsOf(frames)).toEqual(rows);
    expect(itemRequests(before)).toEqual(requests);
  });

  it.each([
    ['SELECT * FROM shop.items'],
    ['SELECT * FROM shop.items i LEFT JOIN shop.orders o ON o.id = i.order_id'],
    ['SELECT * FROM shop.items i FULL JOIN shop.orders o ON o.id = i.order_id'],
    ['SELECT * FROM shop.items i JOIN shop.orders o ON o.id > i.order_id'],
    ['SELECT * FROM (SELECT * FROM shop.items LIMIT 3) i JOIN shop.orders o ON o.id = i.order_id'],
    ['SELECT * FROM shop.items a JOIN shop.items b ON a.order_id = b.order_id'],
    ['SELECT * FROM shop.items i, LATERAL (SELECT count(*) FROM shop.orders o WHERE o.id = i.order_id) x'],
    ['SELECT * FROM shop.items i, LATERAL (SELECT 1 FROM shop.rates r LEFT JOIN shop.orders o ON o.id = i.order_id) x'],
  ])('and where it does not: HV00L, %s', async (sql) => {
    expect(errorOf(await client.query(sql))).toMatchObject({ sqlstate: 'HV00L' });
  });

  it("leaves the session's planner settings as they were", async () => {
    await client.query('BEGIN; SET LOCAL enable_mergejoin = off');
    await client.query('SELECT count(*) FROM shop.orders o JOIN shop.items i ON i.order_id = o.id WHERE o.id < 3');
    const settings = await client.query(
      "SELECT current_setting('enable_hashjoin'), current_setting('enable_seqscan'), current_setting('enable_mergejoin')",
    );
    expect(rowsOf(settings)).toEqual([['on', 'on', 'off']]);
    await client.query('ROLLBACK');
  });
});
