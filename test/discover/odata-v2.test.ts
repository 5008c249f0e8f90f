import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const METADATA = `<edmx:Edmx Version="1.0" xmlns:edmx="e"><edmx:DataServices m:DataServiceVersion="2.0" xmlns:m="m"><Schema Namespace="N">
 <EntityType Name="Product"><Key><PropertyRef Name="Id"/></Key><Property Name="Id" Type="Edm.Int64" Nullable="false"/>
  <Property Name="Name" Type="Edm.String"/><Property Name="Price" Type="Edm.Decimal" Precision="10" Scale="2"/><Property Name="Since" Type="Edm.DateTime"/>
  <Property Name="MakerId" Type="Edm.Guid"/><NavigationProperty Name="Maker" Relationship="N.PM" FromRole="P" ToRole="M"/></EntityType>
 <EntityType Name="Maker"><Key><PropertyRef Name="Id"/></Key><Property Name="Id" Type="Edm.Guid" Nullable="false"/><Property Name="Country" Type="Edm.String"/></EntityType>
 <Association Name="PM"><End Role="M" Type="N.Maker" Multiplicity="0..1"/><End Role="P" Type="N.Product" Multiplicity="*"/>
  <ReferentialConstraint><Principal Role="M"><PropertyRef Name="Id"/></Principal><Dependent Role="P"><PropertyRef Name="MakerId"/></Dependent></ReferentialConstraint></Association>
 <EntityContainer Name="C"><EntitySet Name="Products" EntityType="N.Product"/><EntitySet Name="Makers" EntityType="N.Maker"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`;
const PAGE = 4;
const maker = (n: number) => `00000000-0000-0000-0000-00000000000${n}`;
const MAKERS = [
  { Id: maker(1), Country: 'DE' },
  { Id: maker(2), Country: null },
];
/** Int64 and Decimal are texts in version 2. */
const PRODUCTS = Array.from({ length: 10 }, (_, index) => ({
  Id: String(index + 1),
  Name: `p${index + 1}`,
  Price: `${index}.50`,
  Since: '/Date(1704067200000)/',
  MakerId: maker((index % 2) + 1),
}));

/** One comparison of each kind that the tests need; anything else is refused, as services do. */
function matches(filter: string | null): ((row: Record<string, unknown>) => boolean) | null {
  if (filter === null) return () => true;
  const number = /^Id (eq|gt) (\d+)L$/.exec(filter);
  if (number !== null) return ({ Id }) => (number[1] === 'eq' ? Id === number[2] : Number(Id) > Number(number[2]));
  const price = /^Price ge ([\d.]+)M$/.exec(filter);
  if (price !== null) return ({ Price }) => Number(Price) >= Number(price[1]);
  const guids = [...filter.matchAll(/(?:Maker)?Id eq guid'([0-9a-f-]+)'/g)].map(([, guid]) => guid);
  if (guids.length > 0) return ({ Id, MakerId }) => guids.includes((MakerId ?? Id) as string);
  const country = /^(?:Maker\/)?Country eq '(\w+)'$/.exec(filter);
  if (country === null) return null;
  return (row) => MAKERS.find(({ Id }) => Id === (row.MakerId ?? row.Id))?.Country === country[1];
}

let api: TestApi;
let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  api = await startApi(({ path, query }) => {
    if (path === '/v2/$metadata') return { headers: { 'content-type': 'application/xml' }, body: METADATA };
    const isProducts = path === '/v2/Products';
    const keep = matches(query.get('$filter'));
    if (keep === null) return { status: 400, body: { error: { message: { value: 'syntax error in $filter' } } } };
    const expand = query.get('$expand');
    const all = (isProducts ? PRODUCTS : MAKERS).filter(keep).map((row) => {
      if (!isProducts) return row;
      const { MakerId } = row as (typeof PRODUCTS)[0];
      const deferred = { __deferred: { uri: `${api.url}/v2/Products(1L)/Maker` } };
      return { ...row, Maker: expand === 'Maker' ? MAKERS.find(({ Id }) => Id === MakerId) : deferred };
    });
    const top = Number(query.get('$top') ?? all.length);
    const start = Number(query.get('$skiptoken') ?? 0);
    const results = all.slice(start, Math.min(start + PAGE, top));
    const next = new URLSearchParams(query);
    next.set('$skiptoken', String(start + PAGE));
    const hasMore = start + PAGE < Math.min(all.length, top);
    return { body: { d: { results, ...(hasMore ? { __next: `${api.url}${path}?${next}` } : {}) } } };
  });
  const yaml = `dsn: old\ntype: odata\nurl: ${api.url}/v2\nexpand: { Products: [Maker] }\n`;
  gateway = await startTestGateway({ dsns: { 'old.yaml': yaml } });
  client = await gateway.connect();
});
afterAll(async () => {
  await client?.end();
  await gateway?.close();
  await api?.close();
});

async function run(sql: string): Promise<{ rows: unknown[][]; asked: Record<string, string>[] }> {
  const before = api.requests.length;
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
  return { rows, asked: api.requests.slice(before).map(({ query }) => Object.fromEntries(query)) };
}

test('pages of version 2 are followed by d.__next, their texts become numbers', async () => {
  const { rows, asked } = await run('SELECT id, price FROM old.products');
  expect(rows.map(([id, price]) => `${id} ${price}`)).toEqual(PRODUCTS.map(({ Id, Price }) => `${Id} ${Price}`));
  expect(asked).toEqual([{}, { $skiptoken: '4' }, { $skiptoken: '8' }]);
});

test('filters are written with the literals of version 2', async () => {
  expect(await run('SELECT name FROM old.products WHERE id = 3')).toEqual({
    rows: [['p3']],
    asked: [{ $filter: 'Id eq 3L' }],
  });
  expect((await run('SELECT id FROM old.products WHERE price >= 8.5')).asked).toEqual([{ $filter: 'Price ge 8.5M' }]);
  expect((await run(`SELECT id FROM old.products WHERE maker_id = '${maker(2)}' ORDER BY id LIMIT 1`)).rows).toEqual([
    ['2'],
  ]);
  expect((await run('SELECT since FROM old.products WHERE id = 1')).rows).toEqual([['/Date(1704067200000)/']]);
});

test('the entity behind an association is expanded where it is needed, and filtered by', async () => {
  expect(await run('SELECT id, maker_country FROM old.products WHERE id = 1')).toEqual({
    rows: [['1', 'DE']],
    asked: [{ $filter: 'Id eq 1L', $expand: 'Maker' }],
  });
  const { rows, asked } = await run(`SELECT count(*) FROM old.products WHERE maker_country = 'DE'`);
  expect(rows).toEqual([['5']]);
  expect(asked[0]).toEqual({ $filter: "Maker/Country eq 'DE'", $expand: 'Maker' });
});

test('a join of two sets', async () => {
  const { rows } = await run(
    `SELECT p.id FROM old.makers m JOIN old.products p ON p.maker_id = m.id WHERE m.country = 'DE' AND p.id > 4 ORDER BY 1`,
  );
  expect(rows).toEqual([['5'], ['7'], ['9']]);
});
