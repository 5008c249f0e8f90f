import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeClient, PYTHON, runProgram } from '../support/programs.js';
import { type Shop, startShop } from './shop.js';

/** Runs a Python program with `conn` connected; its printed lines are JSON. */
const PROLOGUE = `
import json, sys, psycopg2, psycopg2.extras
def show(value): print(json.dumps(value, default=str))
conn = psycopg2.connect(host="127.0.0.1", port=int(sys.argv[1]), user="tidegate", dbname="tidegate")
cur = conn.cursor()
`;

describeClient('psycopg2', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop?.close());

  const python = async (program: string): Promise<unknown[]> => {
    const result = await runProgram(PYTHON, ['-c', PROLOGUE + program, String(shop.gateway.port)]);
    expect(result.stderr).toBe('');
    return result.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  };

  it('queries with parameters', async () => {
    const lines = await python(`
cur.execute("SELECT id, amount, created_at, note FROM shop.orders WHERE status = %s AND id < %s", ("paid", 5))
show(cur.fetchall())
show([d.name for d in cur.description])
cur.execute("SELECT count(*) FROM shop.orders WHERE id = ANY(%s)", ([1, 2, 999],))
show(cur.fetchone())
`);
    expect(lines).toEqual([
      [
        [1, '1.25', '2026-01-02 08:00:00+00:00', 'nöte 1'],
        [4, '5.00', '2026-01-05 08:00:00+00:00', 'nöte 4'],
      ],
      ['id', 'amount', 'created_at', 'note'],
      [2],
    ]);
  });

  it('reads through a named cursor', async () => {
    const lines = await python(`
named = conn.cursor("c1")
named.itersize = 50
named.execute("SELECT id FROM shop.orders ORDER BY id")
rows = [row[0] for row in named]
show([len(rows), rows[0], rows[-1]])
named.close()
conn.commit()
`);
    expect(lines).toEqual([[450, 1, 450]]);
  });

  it('recovers from an error by rollback', async () => {
    const lines = await python(`
try:
    cur.execute("SELECT * FROM shop.items")
except psycopg2.Error as error:
    show([error.pgcode, error.diag.message_primary, error.diag.message_hint])
try:
    cur.execute("SELECT 1")
except psycopg2.Error as error:
    show(error.pgcode)
conn.rollback()
cur.execute("SELECT sku FROM shop.items WHERE order_id = %s", (7,))
show(cur.fetchall())
`);
    expect(lines).toEqual([
      [
        'HV00L',
        'virtual table "shop.items" needs a filter on column "order_id"',
        'Add a condition such as WHERE order_id = 42, or join it with a table that has the values.',
      ],
      '25P02',
      [['a7'], ['b7']],
    ]);
  });
});
