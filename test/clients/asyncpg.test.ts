import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeClient } from '../support/programs.js';
import { runPython } from './python-program.js';
import { ORDER_COUNT, type Shop, startShop } from './shop.js';

/** asyncpg uses the binary format for everything, and prepares every statement. */
describeClient('asyncpg', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop?.close());

  const asyncpg = (body: string) =>
    runPython(
      `
import asyncio, asyncpg, datetime, decimal
async def main():
    conn = await asyncpg.connect(host="127.0.0.1", port=port, user="tidegate", password="any", database="tidegate")
    def rows(records): return [list(record.values()) for record in records]
${body.replace(/^/gm, '    ')}
    await conn.close()
asyncio.run(main())
`,
      shop.gateway.port,
    );

  it('reads every type in binary, with typed parameters', async () => {
    const lines = await asyncpg(`
utc = datetime.timezone.utc
show(rows(await conn.fetch("SELECT * FROM shop.orders WHERE id = ANY($1::bigint[]) ORDER BY id", [1, 5])))
show(rows(await conn.fetch("SELECT id FROM shop.orders WHERE amount = $1", decimal.Decimal("12.50"))))
show(rows(await conn.fetch("SELECT id FROM shop.orders WHERE created_at = $1 AND status = $2 AND id < $3",
    datetime.datetime(2026, 1, 3, 8, tzinfo=utc), "open", 200)))
show(await conn.fetchval("SELECT count(*) FROM shop.orders WHERE note IS NULL"))
show(rows(await conn.fetch("SELECT currency, rate FROM shop.rates ORDER BY rate")))
show(rows(await conn.fetch("SELECT o.id, c.name FROM shop.orders o JOIN shop.customers c USING (id) WHERE o.status = $1 ORDER BY id", "paid")))
show((await conn.fetchrow("SELECT o FROM shop.orders o WHERE id = 2"))[0][0])
`);
    expect(lines).toEqual([
      [
        [1, 'paid', '1.25', '2026-01-02 08:00:00+00:00', 'nöte 1'],
        [5, 'shipped', '6.25', '2026-01-06 08:00:00+00:00', null],
      ],
      [[10]],
      // Days repeat every 28, statuses every 3.
      [[30], [114], [198]],
      ORDER_COUNT / 5,
      [
        ['EUR', '1'],
        ['USD', '1.08'],
      ],
      [
        [1, 'Customer 1'],
        [4, 'Customer 4'],
      ],
      2,
    ]);
  });

  it('uses prepared statements again with other values', async () => {
    const lines = await asyncpg(`
statement = await conn.prepare("SELECT sku FROM shop.items WHERE order_id = $1")
show([(a.name, a.type.name) for a in statement.get_attributes()] + [p.name for p in statement.get_parameters()])
for order in (3, 4): show([record[0] for record in await statement.fetch(order)])
`);
    expect(lines).toEqual([
      [['sku', 'varchar'], 'int8'],
      ['a3', 'b3'],
      ['a4', 'b4'],
    ]);
  });

  it('reads through cursors, two at a time', async () => {
    const lines = await asyncpg(`
async with conn.transaction():
    one = await conn.cursor("SELECT id FROM shop.orders")
    two = await conn.cursor("SELECT id FROM shop.orders ORDER BY id DESC")
    show([r[0] for r in await one.fetch(3)] + [r[0] for r in await two.fetch(2)])
    show(len(await one.fetch(96)))
    show([r[0] for r in await one.fetch(2)] + [(await two.fetchrow())[0]])
async with conn.transaction():
    three = await conn.cursor("SELECT id FROM shop.orders")
    four = await conn.cursor("SELECT id FROM shop.orders ORDER BY id DESC")
    show([await three.forward(10), (await three.fetchrow())[0], await three.forward(2), (await three.fetchrow())[0]])
    show([await four.forward(10), (await four.fetchrow())[0]])
async with conn.transaction():
    show(sum([r[0] async for r in conn.cursor("SELECT id FROM shop.orders", prefetch=30)]))
`);
    const moved = [
      [10, 11, 2, 14],
      [10, 440],
    ];
    expect(lines).toEqual([[1, 2, 3, 450, 449], 96, [100, 101, 448], ...moved, (ORDER_COUNT * (ORDER_COUNT + 1)) / 2]);
  });

  it('inspects the schema, resets connections of a pool and copies out', async () => {
    const lines = await asyncpg(`
import io
pool = await asyncpg.create_pool(host="127.0.0.1", port=port, user="tidegate", password="any", database="tidegate", min_size=1, max_size=2)
async def one(n):
    async with pool.acquire() as c:
        return await c.fetchval("SELECT note FROM shop.orders WHERE id = $1", n)
show(await asyncio.gather(*[one(n) for n in (1, 2, 3, 4, 6, 7, 8)]))
await pool.close()
out = io.BytesIO()
show(await conn.copy_from_query("SELECT id, status FROM shop.orders WHERE id < $1", 3, output=out, format="csv"))
show(out.getvalue().decode())
`);
    expect(lines).toEqual([
      ['nöte 1', 'nöte 2', 'nöte 3', 'nöte 4', 'nöte 6', 'nöte 7', 'nöte 8'],
      'COPY 2',
      '1,paid\n2,shipped\n',
    ]);
  });

  it('times out, cancels and goes on; errors keep their SQLSTATE', async () => {
    const lines = await asyncpg(`
try:
    await conn.fetch("SELECT count(*) FROM shop.slow", timeout=0.5)
except asyncio.TimeoutError:
    show("timeout")
show(await conn.fetchval("SELECT id FROM shop.orders WHERE id = 3"))
try:
    await conn.fetch("SELECT * FROM shop.items")
except asyncpg.PostgresError as error:
    show([error.sqlstate, error.hint[:15]])
async with conn.transaction():
    try:
        async with conn.transaction():
            await conn.fetch("SELECT * FROM shop.items")
    except asyncpg.PostgresError as error:
        show(error.sqlstate)
    show(await conn.fetchval("SELECT id FROM shop.orders WHERE id = 4"))
`);
    expect(lines).toEqual(['timeout', 3, ['HV00L', 'Add a condition'], 'HV00L', 4]);
    await expect.poll(() => shop.api.openResponses(), { timeout: 5000 }).toBe(0);
  });
});
