import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCsdl } from '../../src/discover/odata/csdl.js';
import { serviceTables } from '../../src/discover/odata/service-tables.js';
import { startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { type Entity, startODataService } from './odata-server.js';

const CUSTOMERS: readonly Entity[] = [
  { ID: 1, CompanyName: "O'Neil & Söhne", Home: { City: 'Köln', Zip: '50667' } },
  { ID: 2, CompanyName: 'acme', Home: { City: 'Oslo', Zip: null } },
  { ID: 3, CompanyName: 'ACME', Home: null },
];
const ORDERS: readonly Entity[] = Array.from({ length: 35 }, (_, index) => ({
  ID: index + 1,
  CustomerID: index % 4 === 3 ? null : (index % 4) + 1,
  Total: index * 1.5,
  Price: index % 5 === 0 ? null : index + 0.25,
  PlacedAt: new Date(Date.UTC(2024, 0, 1 + index)).toISOString(),
  Day: new Date(Date.UTC(2024, 0, 1 + index)).toISOString().slice(0, 10),
  Token: `00000000-0000-0000-0000-0000000000${String(index + 10)}`,
  Paid: index % 3 === 0 ? null : index % 3 === 1,
  Color: index % 2 === 0 ? 'Red' : 'Blue',
  Tags: ['a'],
}));

let api: TestApi;
let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  api = await startODataService({ Customers: CUSTOMERS, Orders: ORDERS });
  gateway = await startTestGateway({ dsns: { 'nw.yaml': `dsn: nw\ntype: odata\nurl: ${api.url}/odata\n` } });
  client = await gateway.connect();
});

afterAll(async () => {
  await client?.end();
  await gateway?.close();
  await api?.close();
});

/** The rows' first column and the `$filter` of each request but the pages' own. */
async function run(sql: string): Promise<{ ids: unknown[]; filters: (string | null)[]; tops: (string | null)[] }> {
  const before = api.requests.length;
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  const requests = api.requests.slice(before).filter(({ query }) => !query.has('$skiptoken'));
  return {
    ids: rows.map((row) => row[0]),
    filters: requests.map(({ query }) => query.get('$filter')),
    tops: requests.map(({ query }) => query.get('$top')),
  };
}

describe('an OData service', () => {
  test('becomes tables with types, keys and foreign keys, from one request', async () => {
    const { rows } = await client.query(
      `SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute
       WHERE attrelid = 'nw.orders'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    expect(rows.map(({ attname, type, attnotnull }) => `${attname} ${type}${attnotnull ? ' not null' : ''}`)).toEqual([
      'id integer not null',
      'customer_id integer',
      'total numeric not null',
      'price numeric(10,2)',
      'placed_at timestamp with time zone',
      'day date',
      'token uuid',
      'paid boolean',
      'color text',
      'tags json',
    ]);
    const keys = await client.query(
      `SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conrelid = 'nw.orders'::regclass AND contype IN ('p', 'f') ORDER BY contype`,
    );
    expect(keys.rows.map(({ text }) => text)).toEqual([
      'FOREIGN KEY (customer_id) REFERENCES customers(id)',
      'PRIMARY KEY (id)',
    ]);
    expect(api.requests.filter(({ path }) => path.endsWith('$metadata')).length).toBe(1);
  });

  test.each([
    ['id = 7', ['ID eq 7'], [7]],
    ['id IN (3, 5)', ['(ID eq 3 or ID eq 5)'], [3, 5]],
    ['id >= 33 AND id < 35', ['ID ge 33 and ID lt 35'], [33, 34]],
    [`placed_at > '2024-02-03T00:00:00Z'`, ['PlacedAt gt 2024-02-03T00:00:00Z'], [35]],
    [`day = '2024-01-05'`, ['Day eq 2024-01-05'], [5]],
    [`token = '00000000-0000-0000-0000-000000000012'`, ['Token eq 00000000-0000-0000-0000-000000000012'], [3]],
    ['paid AND id < 6', ['ID lt 6 and Paid eq true'], [2, 5]],
    ['price IS NULL AND id < 12', ['ID lt 12 and Price eq null'], [1, 6, 11]],
    ['price <> 1.25 AND id < 4', ['ID lt 4 and (Price ne 1.25 and Price ne null)'], [3]],
    [`color = 'Blue' AND id < 5`, [`ID lt 5 and Color eq Shop.Color'Blue'`], [2, 4]],
  ])('pushes %s as $filter', async (condition, filters, ids) => {
    const seen = await run(`SELECT id FROM nw.orders WHERE ${condition} ORDER BY id`);
    expect(seen.ids).toEqual(ids);
    expect(seen.filters.map((filter) => filter?.split(' and ').sort())).toEqual(
      filters.map((filter) => filter.split(' and ').sort()),
    );
  });

  test('quotes texts, compares them by eq only, and lets the engine check case again', async () => {
    expect(await run(`SELECT id FROM nw.customers WHERE company_name = 'O''Neil & Söhne'`)).toMatchObject({
      ids: [1],
      filters: [`CompanyName eq 'O''Neil & Söhne'`],
    });
    expect(await run(`SELECT id FROM nw.customers WHERE company_name = 'ACME'`)).toMatchObject({
      ids: [3],
      filters: [`CompanyName eq 'ACME'`],
    });
    expect(await run(`SELECT id FROM nw.customers WHERE company_name <> 'ACME' ORDER BY id`)).toMatchObject({
      ids: [1, 2],
      filters: [null],
    });
    expect(await run(`SELECT id FROM nw.customers WHERE home_city IN ('Oslo', 'O''x') ORDER BY id`)).toMatchObject({
      ids: [2],
      filters: [`(Home/City eq 'Oslo' or Home/City eq 'O''x')`],
    });
  });

  test('follows all pages, and asks for no more than LIMIT', async () => {
    const before = api.requests.length;
    expect((await client.query('SELECT count(total) FROM nw.orders')).rows).toEqual([{ count: '35' }]);
    expect(api.requests.length - before).toBe(4);
    expect(await run('SELECT id FROM nw.orders LIMIT 3')).toMatchObject({ ids: [1, 2, 3], tops: ['3'] });
  });

  test('sorts, selects and counts where that gives the same rows', async () => {
    const before = api.requests.length;
    const { rows } = await client.query(
      'SELECT id, price FROM nw.orders WHERE id > 3 ORDER BY price DESC NULLS LAST LIMIT 2',
    );
    expect(rows).toEqual([
      { id: 35, price: '34.25' },
      { id: 34, price: '33.25' },
    ]);
    const [request, ...others] = api.requests.slice(before);
    expect(others).toEqual([]);
    expect(Object.fromEntries(request!.query)).toEqual({
      $filter: 'ID gt 3',
      $orderby: 'Price desc',
      $select: 'ID,Price',
      $top: '2',
    });
    expect((await client.query('SELECT count(*) FROM nw.orders')).rows).toEqual([{ count: '35' }]);
    expect(api.requests.length - before).toBe(2);
    expect(api.requests.at(-1)!.query.get('$top')).toBe('0');
    expect((await client.query(`SELECT count(*) FROM nw.customers WHERE company_name = 'ACME'`)).rows).toEqual([
      { count: '1' },
    ]);
  });

  test('a join pushes the keys of one side', async () => {
    const seen = await run(
      `SELECT o.id FROM nw.customers c JOIN nw.orders o ON o.customer_id = c.id WHERE c.id = 2 AND o.id < 8 ORDER BY 1`,
    );
    expect(seen.ids).toEqual([2, 6]);
  });
});

test('a service that cannot be read is logged, and its tables appear once it can be', async () => {
  const service = await startODataService({ Customers: CUSTOMERS });
  let isUp = false;
  const front = await startApi(async (request) => {
    if (!isUp) return { status: 503 };
    const answer = await fetch(`${service.url}${request.url}`);
    return {
      status: answer.status,
      headers: { 'content-type': answer.headers.get('content-type') ?? '' },
      body: await answer.text(),
    };
  });
  const late = await startTestGateway({
    dsns: { 'nw.yaml': `dsn: nw\ntype: odata\nurl: ${front.url}/odata\nretry: { attempts: 1 }\n` },
  });
  const session = await late.connect();
  try {
    expect(late.log.some(({ level, message }) => level === 'warn' && message.includes('503'))).toBe(true);
    await expect(session.query('SELECT * FROM nw.customers')).rejects.toMatchObject({ code: '42P01' });
    isUp = true;
    await expect
      .poll(
        () =>
          session.query('SELECT count(id) FROM nw.customers').then(
            ({ rows }) => rows[0].count,
            () => null,
          ),
        { timeout: 20_000 },
      )
      .toBe('3');
  } finally {
    await session.end();
    await late.close();
    await front.close();
    await service.close();
  }
});

test('versions 2 and 3 are read too: associations, literals and pages of their own', () => {
  const csdl = parseCsdl(
    `<edmx:Edmx Version="1.0" xmlns:edmx="e"><edmx:DataServices m:DataServiceVersion="2.0" xmlns:m="m"><Schema Namespace="N">
     <EntityType Name="P"><Key><PropertyRef Name="Id"/></Key><Property Name="Id" Type="Edm.Guid" Nullable="false"/><Property Name="Amount" Type="Edm.Decimal"/><Property Name="When" Type="Edm.DateTime"/></EntityType>
     <EntityType Name="Q"><Key><PropertyRef Name="Id"/></Key><Property Name="Id" Type="Edm.Int64" Nullable="false"/><Property Name="PId" Type="Edm.Guid"/><NavigationProperty Name="P" Relationship="N.PQ" FromRole="Q" ToRole="P"/></EntityType>
     <Association Name="PQ"><End Role="P" Type="N.P" Multiplicity="0..1"/><End Role="Q" Type="N.Q" Multiplicity="*"/>
      <ReferentialConstraint><Principal Role="P"><PropertyRef Name="Id"/></Principal><Dependent Role="Q"><PropertyRef Name="PId"/></Dependent></ReferentialConstraint></Association>
     <EntityContainer Name="C"><EntitySet Name="Ps" EntityType="N.P"/><EntitySet Name="Qs" EntityType="N.Q"/></EntityContainer>
     </Schema></edmx:DataServices></edmx:Edmx>`,
    'test',
  );
  const tables = serviceTables(csdl, null, {}) as Record<
    string,
    {
      columns: Record<string, { references?: string }>;
      filters: Record<string, { template: Record<string, string> }>;
      records: string;
    }
  >;
  expect(csdl.version).toBe(2);
  expect(tables.qs!.records).toBe('$.d.results[*]');
  expect(tables.qs!.columns.p_id!.references).toBe('ps(id)');
  expect(tables.ps!.filters.id!.template['=']).toBe("Id eq guid'{value}'");
  expect(tables.ps!.filters.amount!.template['>']).toBe('Amount gt {value}M');
  expect(tables.ps!.filters.when).toBeUndefined();
});
