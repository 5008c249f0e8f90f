import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type ApiRoutes, startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item.close();
});

async function start(routes: ApiRoutes, tables: string): Promise<{ api: TestApi; gateway: TestGateway }> {
  const api = await startApi(routes);
  open.push(api);
  const gateway = await startTestGateway({
    dsns: { 'shop.yaml': `dsn: shop\nbase_url: ${api.url}\ntables:\n${tables}` },
  });
  open.push(gateway);
  return { api, gateway };
}

const ORDERS = [
  {
    id: 1,
    customerName: 'Ann',
    total: 10,
    placed: '2024-05-01T10:00:00Z',
    day: '2024-05-01',
    key: '6f9619ff-8b86-d011-b42d-00c04fc964ff',
    paid: true,
    ship: { city: 'Oslo', geo: { lat: 1 } },
    tags: ['a'],
    note: null,
    code: 7,
  },
  { id: 2, total: 12.5, placed: '2024-05-02T10:00:00+02:00', day: '2024-05-02', paid: false, note: null, code: 'x7' },
];

test('a table without columns gets them from one request, and clients see them', async () => {
  const { api, gateway } = await start(
    { '/orders': { body: { data: ORDERS, total: 2 } } },
    '  orders: { path: /orders }\n',
  );
  const client = await gateway.connect();
  open.push({ close: () => client.end() });
  const { rows } = await client.query(
    `SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'shop' ORDER BY ordinal_position`,
  );
  expect(rows.map(({ column_name, data_type }) => `${column_name} ${data_type}`)).toEqual([
    'id bigint',
    'customer_name text',
    'total numeric',
    'placed timestamp with time zone',
    'day date',
    'key uuid',
    'paid boolean',
    'ship_city text',
    'ship_geo json',
    'tags json',
    'note text',
    'code text',
  ]);
  expect(api.requests.length).toBe(1);
  const answer = await client.query(
    'SELECT id, customer_name, total, ship_city, ship_geo, code FROM shop.orders ORDER BY id',
  );
  expect(answer.rows).toEqual([
    { id: '1', customer_name: 'Ann', total: '10', ship_city: 'Oslo', ship_geo: { lat: 1 }, code: '7' },
    { id: '2', customer_name: null, total: '12.5', ship_city: null, ship_geo: null, code: 'x7' },
  ]);
});

test('columns are the same after a restart, without a request, until the declaration changes', async () => {
  let total: unknown = 1;
  const api = await startApi({ '/orders': () => ({ body: [{ id: 1, total }] }) });
  open.push(api);
  const dsn = (extra: string): string =>
    `dsn: shop\nbase_url: ${api.url}\ntables:\n  orders: { path: /orders${extra} }\n`;
  const types = async (gateway: TestGateway): Promise<string[]> => {
    const client = await gateway.connect();
    const { rows } = await client.query(`SELECT data_type FROM information_schema.columns WHERE table_schema = 'shop'`);
    await client.end();
    return rows.map((row) => row.data_type as string);
  };
  const first = await startTestGateway({ dsns: { 'shop.yaml': dsn('') } });
  open.push(first);
  expect(await types(first)).toEqual(['bigint', 'bigint']);
  const cache = join(first.folder, '.tidegate', 'columns.json');
  expect(statSync(cache).mode & 0o777).toBe(0o600);
  expect(readFileSync(cache, 'utf8')).not.toContain(api.url);
  total = 'twelve';
  await first.serving.reload();
  expect(await types(first)).toEqual(['bigint', 'bigint']);
  expect(api.requests.length).toBe(1);
});

test('a later value that does not fit says which column to declare, how and where', async () => {
  let page: unknown[] = [{ id: 1, price: 10 }];
  const { gateway } = await start({ '/items': () => ({ body: page }) }, '  items: { path: /items }\n');
  page = [{ id: 1, price: 10.5 }];
  const client = await gateway.connect();
  open.push({ close: () => client.end() });
  await expect(client.query('SELECT price FROM shop.items')).rejects.toMatchObject({
    code: '22P02',
    detail: expect.stringContaining('column "price"'),
    hint: expect.stringMatching(
      /^The type bigint was inferred from a sample: declare columns: \{ price: numeric \} with infer: true, .* in DSN file .*shop\.yaml:4, or run tidegate discover --refresh shop\.items\.$/,
    ),
  });
});

test('a table that could not be sampled says why when it is used, and gets its columns when the API works', async () => {
  let status = 503;
  const { gateway } = await start(
    { '/orders': () => (status === 200 ? { body: ORDERS } : { status, body: { message: 'down for maintenance' } }) },
    '  orders: { path: /orders, retry: { attempts: 1 } }\n',
  );
  const client = await gateway.connect();
  open.push({ close: () => client.end() });
  const listed = await client.query(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop'`);
  expect(listed.rows).toEqual([{ table_name: 'orders' }]);
  await expect(client.query('SELECT * FROM shop.orders')).rejects.toMatchObject({
    code: 'HV000',
    message: expect.stringContaining('503'),
  });
  status = 200;
  await expect
    .poll(
      () =>
        client.query('SELECT count(total) FROM shop.orders').then(
          ({ rows }) => rows[0].count,
          () => null,
        ),
      { timeout: 15_000 },
    )
    .toBe('2');
});

test('the path of a sample is filled by "sample", and its filter is a column', async () => {
  const { api, gateway } = await start(
    {
      '/orders/7/items': { body: { items: [{ sku: 'a', qty: 1 }] } },
      '/orders/8/items': { body: { items: [{ sku: 'b', qty: 2 }] } },
    },
    '  items: { path: "/orders/{order_id}/items", sample: { order_id: 7 }, filters: { order_id: { path: order_id } } }\n',
  );
  const client = await gateway.connect();
  open.push({ close: () => client.end() });
  const { rows } = await client.query('SELECT * FROM shop.items WHERE order_id = 8');
  expect(rows).toEqual([{ sku: 'b', qty: '2', order_id: '8' }]);
  expect(api.requests.map(({ path }) => path)).toEqual(['/orders/7/items', '/orders/8/items']);
});

test('records that a declared path of any kind leads to are the ones that are sampled', async () => {
  const body = {
    rows: [
      { t: 'x', id: 1, in: [{ n: 1 }] },
      { t: 'y', id: 2, in: [{ n: 2 }, { n: 3 }] },
    ],
    none: null,
  };
  const paths = ['$.rows', '$.rows[*]', "$.rows[?(@.t == 'y')]", '$.rows[1:]', '$..in[*]', '$..id', '$'];
  const { gateway } = await start(
    { '/rows': { body } },
    [...paths.map((path, n) => `  r${n}: { path: /rows, records: "${path}" }`), ''].join('\n'),
  );
  const client = await gateway.connect();
  open.push({ close: () => client.end() });
  const both = [
    { t: 'x', id: '1', in: [{ n: 1 }] },
    { t: 'y', id: '2', in: [{ n: 2 }, { n: 3 }] },
  ];
  const expected = [
    both,
    both,
    both.slice(1),
    both.slice(1),
    [{ n: '1' }, { n: '2' }, { n: '3' }],
    [{ value: '1' }, { value: '2' }],
    [{ rows: body.rows, none: null }],
  ];
  for (const [n, rows] of expected.entries()) {
    expect((await client.query(`SELECT * FROM shop.r${n}`)).rows, paths[n]).toEqual(rows);
  }
});

test('XML of any shape is read as it was sampled: nested elements are flattened, repeated ones arrays', async () => {
  const { gateway } = await start(
    {
      '/xml': {
        headers: { 'content-type': 'application/xml' },
        body: `<r><o id="1"><tag>a</tag><tag>b</tag><c><n>N</n><a><zip>01</zip></a></c><l no="1"><q>2</q></l><l no="2"/></o>
          <o id="2"><tag>c</tag><c><n>M</n></c><p cur="EUR">1.5</p></o><o><p>2</p><note>some <b>mixed</b> text</note></o></r>`,
      },
      '/csv': { headers: { 'content-type': 'text/csv' }, body: 'a,b,,a\n1,2,3,4\n' },
      '/vast': { body: '[{"a": 1e400, "b": 9007199254740993000, "c": 1e3}, {"a": 1, "b": 1e2, "c": 2}]' },
    },
    ['  x: { path: /xml, driver: xml }', '  c: { path: /csv, driver: csv }', '  v: { path: /vast }', ''].join('\n'),
  );
  const client = await gateway.connect();
  open.push({ close: () => client.end() });
  const read = async (table: string): Promise<unknown[]> => (await client.query(`SELECT * FROM shop.${table}`)).rows;
  const empty = { id: null, tag: null, c_n: null, c_a_zip: null, l_no: null, l_q: null, p_cur: null, p: null };
  const rest = { note_b: null, note: null };
  expect(await read('x')).toEqual([
    { ...empty, ...rest, id: '1', tag: ['a', 'b'], c_n: 'N', c_a_zip: '01', l_no: ['1', '2'], l_q: ['2'] },
    { ...empty, ...rest, id: '2', tag: ['c'], c_n: 'M', p_cur: 'EUR', p: '1.5' },
    { ...empty, p: '2', note_b: 'mixed', note: 'some  text' },
  ]);
  expect(await read('c')).toEqual([{ column_1: '1', b: '2', column_3: '3', column_4: '4' }]);
  expect(await read('v')).toEqual([
    { a: `1${'0'.repeat(400)}`, b: '9007199254740993000', c: 1000 },
    { a: '1', b: '100', c: 2 },
  ]);
});

test('XML, CSV and NDJSON are sampled too, and links to further pages are followed', async () => {
  const { gateway } = await start(
    {
      '/xml': {
        headers: { 'content-type': 'application/xml' },
        body: '<r><o id="1"><n>A</n><p cur="EUR">1.5</p></o><o id="2"><n>B</n><p cur="USD">2</p></o></r>',
      },
      '/csv': { headers: { 'content-type': 'text/csv' }, body: 'Id,Zip Code,When\n1,00123,2024-01-01\n2,99999,\n' },
      '/ndjson': { headers: { 'content-type': 'application/x-ndjson' }, body: '{"a":1}\n{"a":2}\n' },
      '/paged': (request) => ({
        body: [{ n: request.query.get('p') ?? '1' }],
        headers: request.query.get('p') === '2' ? {} : { link: '</paged?p=2>; rel="next"' },
      }),
    },
    [
      '  x: { path: /xml, driver: xml }',
      '  c: { path: /csv, driver: csv }',
      '  n: { path: /ndjson }',
      '  p: { path: /paged }',
      '',
    ].join('\n'),
  );
  const client = await gateway.connect();
  open.push({ close: () => client.end() });
  const read = async (table: string): Promise<unknown[]> => (await client.query(`SELECT * FROM shop.${table}`)).rows;
  expect(await read('x')).toEqual([
    { id: '1', n: 'A', p_cur: 'EUR', p: '1.5' },
    { id: '2', n: 'B', p_cur: 'USD', p: '2' },
  ]);
  expect((await read('c')).map((row) => (row as { zip_code: string }).zip_code)).toEqual(['00123', '99999']);
  expect(await read('n')).toEqual([{ a: '1' }, { a: '2' }]);
  expect(await read('p')).toEqual([{ n: '1' }, { n: '2' }]);
});

describe('declared columns beside inferred ones', () => {
  const ITEM = { id: 1, unitPrice: 10, customerName: 'Ann', total: 7, ship: { city: 'Oslo' }, note: 'n' };
  const TABLE = `  items:
    path: /items
    infer: true
    primary_key: [id]
    filters: { note: { query: note } }
    order_by: { query: sort, columns: [id] }
    columns:
      unit_price: numeric
      amount: { type: numeric, field: $.total, description: What it costs }
      customer_name: { type: varchar(20), not_null: true }
      city: { type: text, field: $.ship.city }
`;

  const columnsOf = async (gateway: TestGateway): Promise<string[]> => {
    const client = await gateway.connect();
    const { rows } = await client.query(
      `SELECT column_name || ' ' || data_type AS c FROM information_schema.columns WHERE table_schema = 'shop' ORDER BY ordinal_position`,
    );
    await client.end();
    return rows.map((row) => row.c as string);
  };

  test('win over them, by name and by field, and take their place where they name none', async () => {
    const { gateway, api } = await start({ '/items': { body: [ITEM] } }, TABLE);
    expect(await columnsOf(gateway)).toEqual([
      'unit_price numeric',
      'amount numeric',
      'customer_name character varying',
      'city text',
      'id bigint',
      'note text',
    ]);
    expect(api.requests).toHaveLength(1);
    const client = await gateway.connect();
    open.push({ close: () => client.end() });
    const { rows } = await client.query('SELECT * FROM shop.items');
    expect(rows).toEqual([{ unit_price: '10', amount: '7', customer_name: 'Ann', city: 'Oslo', id: '1', note: 'n' }]);
    await client.query("SELECT id FROM shop.items WHERE note = 'n'");
    expect(api.requests.at(-1)!.query.get('note')).toBe('n');
  });

  test('keep the others as they are: after a restart, and when one is declared or taken away', async () => {
    let item: object = ITEM;
    const api = await startApi({ '/items': () => ({ body: [item] }) });
    open.push(api);
    const dsn = (table: string): string => `dsn: shop\nbase_url: ${api.url}\ntables:\n${table}`;
    const gateway = await startTestGateway({ dsns: { 'shop.yaml': dsn('  items: { path: /items }\n') } });
    open.push(gateway);
    const inferred = await columnsOf(gateway);
    expect(inferred).toContain('note text');
    item = { other: 1 };
    const file = join(gateway.folder, 'shop.yaml');
    writeFileSync(file, dsn('  items: { path: /items, infer: true, columns: { note: varchar(9) } }\n'));
    await gateway.serving.reload();
    expect((await columnsOf(gateway)).sort()).toEqual(
      inferred.map((column) => (column === 'note text' ? 'note character varying' : column)).sort(),
    );
    writeFileSync(file, dsn('  items: { path: /items }\n'));
    await gateway.serving.reload();
    expect(await columnsOf(gateway)).toEqual(inferred);
    expect(api.requests).toHaveLength(1);
  });

  test('only an inferred column is said to be inferred when a value does not fit', async () => {
    let body: unknown[] = [ITEM];
    const { gateway } = await start({ '/items': () => ({ body }) }, TABLE);
    const client = await gateway.connect();
    open.push({ close: () => client.end() });
    body = [{ ...ITEM, id: 'x', unitPrice: 'y' }];
    await expect(client.query('SELECT id FROM shop.items')).rejects.toMatchObject({
      code: '22P02',
      hint: expect.stringMatching(
        /^The type bigint was inferred from a sample: declare columns: \{ id: text \} with infer: true,/,
      ),
    });
    await expect(client.query('SELECT unit_price FROM shop.items')).rejects.toMatchObject({
      code: '22P02',
      hint: expect.stringMatching(/^Change the column's type/),
    });
  });

  test('a table whose sample is missing says so, and then has all its columns', async () => {
    let status = 503;
    const { gateway } = await start(
      { '/items': () => (status === 200 ? { body: [ITEM] } : { status, body: {} }) },
      TABLE.replace('infer: true', 'infer: true\n    retry: { attempts: 1 }'),
    );
    const client = await gateway.connect();
    open.push({ close: () => client.end() });
    await expect(client.query('SELECT city FROM shop.items')).rejects.toMatchObject({
      code: 'HV000',
      message: expect.stringContaining('503'),
    });
    status = 200;
    const asked = (): Promise<unknown> =>
      client.query('SELECT id FROM shop.items').then(
        ({ rows }) => rows[0].id,
        () => null,
      );
    await expect.poll(asked, { timeout: 15_000 }).toBe('1');
  });
});
