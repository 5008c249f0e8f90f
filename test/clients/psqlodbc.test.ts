import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeClient } from '../support/programs.js';
import { runPython } from './python-program.js';
import { ORDER_COUNT, type Shop, startShop } from './shop.js';

const DRIVERS = ['PostgreSQL Unicode', 'PostgreSQL ANSI'];
/** Excel and MSDASQL use 0 unless told otherwise, Tableau always 1. */
const CURSOR_MODES = [0, 1];

describeClient('psqlODBC', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop?.close());

  const odbc = (program: string, driver = DRIVERS[0], options = '') =>
    runPython(
      `
import pyodbc
def open_connection(autocommit=True, extra=""):
    conn = pyodbc.connect("Driver={${driver}};Server=127.0.0.1;Port=%d;Database=tidegate;Uid=tidegate;Pwd=any;${options}" % port + extra,
                          autocommit=autocommit)
    ${driver === 'PostgreSQL ANSI' ? 'conn.setdecoding(pyodbc.SQL_CHAR, encoding="utf-8"); conn.setdecoding(pyodbc.SQL_WCHAR, encoding="utf-8", ctype=pyodbc.SQL_CHAR); conn.setencoding(encoding="utf-8")' : 'pass'}
    return conn
conn = open_connection()
cur = conn.cursor()
def rows(result): return [list(row) for row in result]
${program}`,
      shop.gateway.port,
    );

  describe.each(DRIVERS)('%s', (driver) => {
    it.each(CURSOR_MODES)('reads rows with UseDeclareFetch=%d', async (mode) => {
      const lines = await odbc(
        `
cur.execute("SELECT id, status, amount, created_at, note FROM shop.orders WHERE id < 4 OR id = 450 ORDER BY id")
show([column[0] for column in cur.description])
show(rows(cur.fetchall()))
cur.execute("SELECT id FROM shop.orders")
ids = [row[0] for row in cur]
show([len(ids), ids[0], ids[-1], sum(ids)])
cur.execute("SELECT o.id, c.name FROM shop.orders o JOIN shop.customers c ON c.id = o.id ORDER BY 1")
show(rows(cur.fetchmany(2)))
show(rows(cur.fetchall()))
`,
        driver,
        `UseDeclareFetch=${mode};Fetch=50`,
      );
      expect(lines).toEqual([
        ['id', 'status', 'amount', 'created_at', 'note'],
        [
          [1, 'paid', '1.25', '2026-01-02 08:00:00', 'nöte 1'],
          [2, 'shipped', '2.50', '2026-01-03 08:00:00', 'nöte 2'],
          [3, 'open', '3.75', '2026-01-04 08:00:00', 'nöte 3'],
          [450, 'open', '562.50', '2026-01-03 08:00:00', null],
        ],
        [ORDER_COUNT, 1, ORDER_COUNT, (ORDER_COUNT * (ORDER_COUNT + 1)) / 2],
        [
          [1, 'Customer 1'],
          [2, 'Customer 2'],
        ],
        [
          [3, 'Customer 3'],
          [4, 'Customer 4'],
          [5, 'Customer 5'],
        ],
      ]);
    });

    it.each(CURSOR_MODES)('binds parameters with UseDeclareFetch=%d', async (mode) => {
      const lines = await odbc(
        `
import datetime, decimal
cur.execute("SELECT id FROM shop.orders WHERE status = ? AND id < ? ORDER BY id", "paid", 8)
show(rows(cur.fetchall()))
cur.execute("SELECT id FROM shop.orders WHERE amount = ?", decimal.Decimal("12.50"))
show(rows(cur.fetchall()))
cur.execute("SELECT id FROM shop.orders WHERE note = ?", "nöte 4")
show(rows(cur.fetchall()))
cur.execute("SELECT count(*) FROM shop.orders WHERE created_at >= ?", datetime.datetime(2026, 1, 28, 8, 0, 0))
show(rows(cur.fetchall()))
cur.execute("SELECT count(*) FROM shop.orders WHERE note = ?", None)
show(rows(cur.fetchall()))
for wanted in (7, 9):
    cur.execute("SELECT sku FROM shop.items WHERE order_id = ?", wanted)
    show(rows(cur.fetchall()))
`,
        driver,
        `UseDeclareFetch=${mode}`,
      );
      // Day 28 is that of every id with a remainder of 27.
      const late = Array.from({ length: ORDER_COUNT }, (_, k) => k + 1).filter((id) => id % 28 === 27).length;
      expect(lines).toEqual([[[1], [4], [7]], [[10]], [[4]], [[late]], [[0]], [['a7'], ['b7']], [['a9'], ['b9']]]);
    });

    it('answers the catalogue functions', async () => {
      const lines = await odbc(
        `
show([[row.table_schem, row.table_name, row.table_type] for row in cur.tables(schema="shop")])
show(sorted({row.table_schem for row in cur.tables(tableType="TABLE")}))
show([[row.column_name, row.type_name, row.column_size, row.decimal_digits, row.nullable, row.ordinal_position] for row in cur.columns(table="orders", schema="shop")])
show([[row.column_name, row.key_seq, row.pk_name] for row in cur.primaryKeys("items", schema="shop")])
show([[row.index_name, row.non_unique, row.column_name] for row in cur.statistics("orders", schema="shop", unique=True) if row.index_name])
show([[row.pktable_name, row.pkcolumn_name, row.fktable_name, row.fkcolumn_name] for row in cur.foreignKeys(foreignTable="items", foreignSchema="shop")])
show(len(list(cur.getTypeInfo())) > 10)
`,
        driver,
      );
      expect(lines).toEqual([
        [
          ['shop', 'customers', 'TABLE'],
          ['shop', 'items', 'TABLE'],
          ['shop', 'open_orders', 'VIEW'],
          ['shop', 'orders', 'TABLE'],
          ['shop', 'rates', 'TABLE'],
          ['shop', 'slow', 'TABLE'],
        ],
        // The user is an admin, who sees the statistics.
        ['shop', 'tidegate'],
        [
          ['id', 'int8', 19, 0, 0, 1],
          ['status', 'varchar', 20, null, 1, 2],
          ['amount', 'numeric', 10, 2, 1, 3],
          ['created_at', 'timestamptz', expect.any(Number), expect.any(Number), 1, 4],
          ['note', 'text', expect.any(Number), null, 1, 5],
        ],
        [
          ['order_id', 1, 'items_pkey'],
          ['sku', 2, 'items_pkey'],
        ],
        [['orders_pkey', 0, 'id']],
        [['orders', 'id', 'items', 'order_id']],
        true,
      ]);
    });
  });

  it.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [2, 0],
    [2, 1],
  ])('recovers from errors with Protocol=7.4-%d and UseDeclareFetch=%d', async (rollback, mode) => {
    const lines = await odbc(
      `
conn = open_connection(autocommit=False)
cur = conn.cursor()
cur.execute("SELECT 1"); cur.fetchall()
try:
    cur.execute("SELECT * FROM shop.items"); cur.fetchall()
except pyodbc.Error as error:
    show([error.args[0], 'needs a filter on column "order_id"' in error.args[1]])
try:
    cur = conn.cursor()
    cur.execute("SELECT id FROM shop.orders WHERE id = 3")
    show(rows(cur.fetchall()))
except pyodbc.Error as error:
    show(error.args[0])
conn.rollback()
cur = conn.cursor()
cur.execute("SELECT id FROM shop.orders WHERE id = 5")
show(rows(cur.fetchall()))
conn.commit()
`,
      'PostgreSQL Unicode',
      `Protocol=7.4-${rollback};UseDeclareFetch=${mode}`,
    );
    // 0: nothing is done about the failed transaction; 1: the driver rolls it back; 2: it rolls back the statement.
    expect(lines).toEqual([['HV00L', true], rollback === 0 ? expect.stringMatching(/^25P02$/) : [[3]], [[5]]]);
  });

  it('declares a long varchar with its length, as linked servers need', async () => {
    const lines = await odbc(`
cur.execute("SELECT status, note FROM shop.orders WHERE id = 1")
show([[column[0], column[1].__name__, column[3]] for column in cur.description])
cur.execute("SELECT id, amount, created_at FROM shop.orders WHERE false")
show([[column[0], column[1].__name__, column[4], column[5], column[6]] for column in cur.description])
show(rows(cur.fetchall()))
`);
    expect(lines).toEqual([
      [
        ['status', 'str', 20],
        ['note', 'str', expect.any(Number)],
      ],
      [
        ['id', 'int', 19, 0, expect.any(Boolean)],
        ['amount', 'Decimal', 10, 2, true],
        ['created_at', 'datetime', expect.any(Number), expect.any(Number), true],
      ],
      [],
    ]);
  });

  it("stops at SQLCancel and at the session's statement_timeout", async () => {
    const lines = await odbc(`
import threading, time
conn.execute("SET statement_timeout = 400")
try:
    cur.execute("SELECT count(*) FROM shop.slow")
except pyodbc.Error as error:
    show([error.args[0], "statement timeout" in error.args[1]])
conn.execute("SET statement_timeout = 0")
threading.Timer(0.4, cur.cancel).start()
started = time.monotonic()
try:
    cur.execute("SELECT count(*) FROM shop.slow")
except pyodbc.Error as error:
    show([error.args[0], time.monotonic() - started < 3])
cur = conn.cursor()
cur.execute("SELECT 1")
show(rows(cur.fetchall()))
`);
    expect(lines).toEqual([['57014', true], [expect.stringMatching(/^(57014|HY008)$/), true], [[1]]]);
    await expect.poll(() => shop.api.openResponses(), { timeout: 5000 }).toBe(0);
  });

  it('answers the statement that a linked server makes of a four-part name', async () => {
    const lines = await odbc(`
cur.execute('SELECT "Tbl1002"."id" "Col1004", "Tbl1002"."status" "Col1005" FROM "tidegate"."shop"."orders" "Tbl1002" WHERE "Tbl1002"."id"=?', 6)
show(rows(cur.fetchall()))
show([column[0] for column in cur.description])
`);
    expect(lines).toEqual([[[6, 'open']], ['Col1004', 'Col1005']]);
  });
});
