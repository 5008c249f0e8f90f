import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeClient } from '../support/programs.js';
import { runPython } from './python-program.js';
import { type Shop, startShop } from './shop.js';

describeClient('sqlalchemy', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop?.close());

  const alchemy = (program: string) =>
    runPython(
      `
import sqlalchemy as sa
engine = sa.create_engine("postgresql+psycopg2://tidegate:any@127.0.0.1:%d/tidegate" % port)
${program}
engine.dispose()
`,
      shop.gateway.port,
    );

  it('inspects', async () => {
    const lines = await alchemy(`
inspector = sa.inspect(engine)
show([name for name in inspector.get_schema_names() if name != "information_schema"])
show(sorted(inspector.get_table_names(schema="shop")))
show(inspector.get_view_names(schema="shop"))
show([[c["name"], str(c["type"]), c["nullable"], c["comment"]] for c in inspector.get_columns("orders", schema="shop")])
show(inspector.get_pk_constraint("items", schema="shop")["constrained_columns"])
show([[k["constrained_columns"], k["referred_schema"], k["referred_table"], k["referred_columns"]] for k in inspector.get_foreign_keys("items", schema="shop")])
show(inspector.get_table_comment("orders", schema="shop"))
show(inspector.has_table("orders", schema="shop"))
show("open" in inspector.get_view_definition("open_orders", schema="shop"))
`);
    expect(lines).toEqual([
      expect.arrayContaining(['shop']),
      ['customers', 'items', 'orders', 'rates', 'slow'],
      ['open_orders'],
      [
        ['id', 'BIGINT', false, null],
        ['status', 'VARCHAR(20)', true, null],
        ['amount', 'NUMERIC(10, 2)', true, null],
        ['created_at', 'TIMESTAMP', true, null],
        ['note', 'TEXT', true, 'Free text'],
      ],
      ['order_id', 'sku'],
      [[['order_id'], 'shop', 'orders', ['id']]],
      { text: 'One row per order' },
      true,
      true,
    ]);
    expect(lines[0]).not.toContain('tidegate_scan');
  });

  it('reflects tables and queries them with expressions', async () => {
    const lines = await alchemy(`
meta = sa.MetaData()
meta.reflect(engine, schema="shop", views=True)
orders, items, customers = (meta.tables["shop." + name] for name in ("orders", "items", "customers"))
show(sorted(meta.tables))
with engine.connect() as conn:
    query = sa.select(orders.c.id, orders.c.amount).where(orders.c.status == "paid", orders.c.id < 8).order_by(orders.c.id.desc())
    show([list(row) for row in conn.execute(query)])
    joined = sa.select(orders.c.id, items.c.sku).select_from(orders.join(items)).where(orders.c.id.in_([2, 3])).order_by(orders.c.id, items.c.sku)
    show([list(row) for row in conn.execute(joined)])
    grouped = sa.select(orders.c.status, sa.func.count()).group_by(orders.c.status).having(sa.func.count() > 1).order_by(orders.c.status)
    show([list(row) for row in conn.execute(grouped)])
    exists = sa.select(customers.c.name).where(sa.exists().where(orders.c.id == customers.c.id, orders.c.status == "open"))
    show([list(row) for row in conn.execute(exists)])
    streamed = conn.execution_options(stream_results=True, max_row_buffer=40).execute(sa.select(orders.c.id))
    show(sum(row[0] for row in streamed))
`);
    expect(lines).toEqual([
      ['shop.customers', 'shop.items', 'shop.open_orders', 'shop.orders', 'shop.rates', 'shop.slow'],
      [
        [7, '8.75'],
        [4, '5.00'],
        [1, '1.25'],
      ],
      [
        [2, 'a2'],
        [2, 'b2'],
        [3, 'a3'],
        [3, 'b3'],
      ],
      [
        ['open', 150],
        ['paid', 150],
        ['shipped', 150],
      ],
      [['Customer 3']],
      101475,
    ]);
  });

  it('maps classes and loads related rows', async () => {
    const lines = await alchemy(`
from sqlalchemy.orm import Session
from sqlalchemy.ext.automap import automap_base
Base = automap_base()
Base.metadata.reflect(engine, schema="shop", only=["orders", "items"])
Base.prepare()
with Session(engine) as session:
    order = session.get(Base.classes.orders, 6)
    show([order.status, sorted(item.sku for item in order.items_collection)])
    item = session.query(Base.classes["items"]).filter_by(order_id=9, sku="b9").one()
    show([item.orders.id, str(item.orders.amount)])
`);
    expect(lines).toEqual([
      ['open', ['a6', 'b6']],
      [9, '11.25'],
    ]);
  });
});
