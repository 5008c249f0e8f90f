import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { startODataService } from './odata-server.js';

const CUSTOMERS = [
  { ID: 1, CompanyName: 'Zoë & Söhne', Home: { City: 'Köln', Zip: '50667' } },
  { ID: 2, CompanyName: 'acme', Home: null },
];
const ORDERS = Array.from({ length: 12 }, (_, index) => ({
  ID: index + 1,
  CustomerID: index % 3 === 2 ? null : (index % 3) + 1,
  Total: index,
}));

let api: TestApi;
let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  api = await startODataService({ Customers: CUSTOMERS, Orders: ORDERS });
  const yaml = `dsn: nw\ntype: odata\nurl: ${api.url}/odata\nexpand: { Orders: [Customer] }\n`;
  gateway = await startTestGateway({ dsns: { 'nw.yaml': yaml } });
  client = await gateway.connect();
});
afterAll(async () => {
  await client?.end();
  await gateway?.close();
  await api?.close();
});

/** The rows, and what each request but the pages' own asks for. */
async function run(sql: string): Promise<{ rows: unknown[][]; asked: Record<string, string>[] }> {
  const before = api.requests.length;
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
  const requests = api.requests.slice(before).filter(({ query }) => !query.has('$skiptoken'));
  return { rows, asked: requests.map(({ query }) => Object.fromEntries(query)) };
}

describe('an expanded navigation property', () => {
  test('has columns behind those of the entity, without the one that the entity has itself', async () => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT attname || ' ' || format_type(atttypid, atttypmod) AS name FROM pg_attribute
       WHERE attrelid = 'nw.orders'::regclass AND attnum > 10 ORDER BY attnum`,
    );
    expect(rows.map(({ name }) => name)).toEqual(['customer_company_name character varying(40)', 'customer_home json']);
  });

  test('is asked for only where one of its columns is needed, and only with these', async () => {
    expect(await run('SELECT id, customer_company_name FROM nw.orders WHERE id < 4 ORDER BY id')).toEqual({
      rows: [
        [1, 'Zoë & Söhne'],
        [2, 'acme'],
        [3, null],
      ],
      asked: [{ $filter: 'ID lt 4', $select: 'ID', $expand: 'Customer($select=CompanyName)' }],
    });
    expect(await run('SELECT id, total FROM nw.orders WHERE id < 2')).toEqual({
      rows: [[1, '0']],
      asked: [{ $filter: 'ID lt 2', $select: 'ID,Total' }],
    });
    const { asked } = await run('SELECT * FROM nw.orders WHERE id = 1');
    expect(asked).toEqual([{ $filter: 'ID eq 1', $expand: 'Customer($select=CompanyName,Home)' }]);
  });

  test('has values inside the entity that is pointed to', async () => {
    const { rows } = await run(`SELECT customer_home->>'City' FROM nw.orders WHERE id IN (1, 2, 3) ORDER BY id`);
    expect(rows).toEqual([['Köln'], [null], [null]]);
  });

  test('is filtered by', async () => {
    const { rows, asked } = await run(`SELECT id FROM nw.orders WHERE customer_company_name = 'acme' AND id < 6`);
    expect(rows).toEqual([[2], [5]]);
    expect(asked).toEqual([
      {
        $filter: "ID lt 6 and Customer/CompanyName eq 'acme'",
        $select: 'ID',
        $expand: 'Customer($select=CompanyName)',
      },
    ]);
    expect((await run('SELECT count(*) FROM nw.orders WHERE customer_company_name IS NULL')).rows).toEqual([['4']]);
  });

  test('comes page by page', async () => {
    const { rows } = await run('SELECT count(customer_company_name), count(*) FROM nw.orders');
    expect(rows).toEqual([['8', '12']]);
  });
});

test.each([
  ['{ Orders: [Client] }', '"Orders" has no navigation property "Client" to expand', 'It has Customer.'],
  ['{ Customers: [Orders] }', '"Customers/Orders" leads to many entities', 'join the table'],
  ['{ Order: [Customer] }', 'the OData service has no entity set "Order"', 'It has Customers, Orders'],
])('what cannot be expanded is said: %s', async (expand, message, hint) => {
  const yaml = `dsn: nw\ntype: odata\nurl: ${api.url}/odata\nexpand: ${expand}\n`;
  const wrong = await startTestGateway({ dsns: { 'nw.yaml': yaml } });
  try {
    const text = wrong.log
      .filter(({ level }) => level === 'warn')
      .map((line) => JSON.stringify([line.message, line.event]));
    expect(text.join()).toContain(JSON.stringify(message).slice(1, -1));
    expect(text.join()).toContain(hint);
  } finally {
    await wrong.close();
  }
});
