import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeClient, runProgram } from '../support/programs.js';
import { ORDER_COUNT, type Shop, startShop } from './shop.js';

/** psql's own commands: what they ask the catalogue, and what they do with rows. */
describeClient('psql', () => {
  let shop: Shop;
  let folder: string;
  beforeAll(async () => {
    shop = await startShop();
    folder = mkdtempSync(join(tmpdir(), 'tidegate-psql-'));
  });
  afterAll(async () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    await shop?.close();
  });

  const psql = async (...lines: string[]): Promise<string> => {
    const connection = `host=127.0.0.1 port=${shop.gateway.port} user=tidegate dbname=tidegate`;
    const result = await runProgram('psql', [connection, '-X', '-Aqt', '-F,', '-v', 'ON_ERROR_STOP=1'], {
      input: lines.join('\n'),
    });
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    return result.stdout;
  };
  const ordersRequests = () => shop.api.requests.filter(({ path }) => path === '/orders').length;

  // Not \dO: Debian 12's psql 15 asks for a column that PostgreSQL 17 renamed.
  const letters = ' a A Af Ao b c C d dp D E es et eu ew f fn F g i l L m n o p P s t T u v x X y ES iS sS tS vS fS';

  it.each(letters.split(' '))('answers \\d%s', async (form) => {
    await psql(`\\d${form}`);
    // PostgreSQL gives the sizes of all tablespaces to its administrators only.
    if (!['b', 'd', 'dp', 'p'].includes(form)) await psql(`\\d${form}+`);
  });

  it('lists schemas, tables, views, indexes, comments and privileges', async () => {
    expect(await psql('\\dn')).toMatch(/^shop,/m);
    expect(await psql('\\dn')).not.toMatch(/tidegate_scan|tidegate_plan/);
    expect((await psql('\\dt shop.*')).match(/^shop,\w+/gm)).toEqual(
      ['customers', 'items', 'orders', 'rates', 'slow'].map((name) => `shop,${name}`),
    );
    expect(await psql('\\dv')).toMatch(/^shop,open_orders,view/m);
    expect(await psql('\\di shop.*')).toMatch(/^shop,orders_pkey,index,.*,orders$/m);
    expect(await psql('\\dt+ shop.orders')).toContain('One row per order');
    expect(await psql('\\t off', '\\d shop.items')).toMatch(/FOREIGN KEY \(order_id\) REFERENCES orders\(id\)/);
    expect(await psql('\\t off', '\\d shop.orders')).toMatch(/TABLE "?items"? CONSTRAINT .* FOREIGN KEY/);
    expect(await psql('\\d+ shop.open_orders')).toContain('status');
    expect(await psql('\\sv shop.open_orders')).toContain("'open'");
    expect(await psql('\\conninfo')).toContain('"tidegate"');
  });

  it('asks the API for nothing while it looks at the catalogue', async () => {
    const before = shop.api.requests.length;
    await psql('\\d+ shop.*', '\\dS+', '\\dp', '\\z');
    await psql('SELECT * FROM shop.orders \\gdesc');
    expect(shop.api.requests.length).toBe(before);
  });

  it('copies to a file and from one into a temporary table', async () => {
    const file = join(folder, 'orders.csv');
    await psql(
      `\\copy (SELECT id, status, note FROM shop.orders WHERE id <= 5 ORDER BY id) TO '${file}' (FORMAT csv, HEADER)`,
    );
    expect(readFileSync(file, 'utf8')).toBe(
      'id,status,note\n1,paid,nöte 1\n2,shipped,nöte 2\n3,open,nöte 3\n4,paid,nöte 4\n5,shipped,\n',
    );
    await psql(`\\copy shop.rates TO '${file}.txt'`);
    expect(readFileSync(`${file}.txt`, 'utf8')).toBe('EUR\t1\nUSD\t1.08\n');
    const output = await psql(
      'CREATE TEMP TABLE mine (id bigint, status text, note text);',
      `\\copy mine FROM '${file}' (FORMAT csv, HEADER)`,
      'SELECT count(*), count(o.note) FROM mine JOIN shop.orders o USING (id, status);',
    );
    expect(output).toBe('5,4\n');
  });

  it('refuses \\copy into a virtual table and goes on', async () => {
    writeFileSync(join(folder, 'rates.txt'), 'GBP\t0.8\n'.repeat(1000));
    const connection = `host=127.0.0.1 port=${shop.gateway.port} user=tidegate dbname=tidegate`;
    const { stderr, stdout } = await runProgram('psql', [connection, '-X', '-At'], {
      input: `\\copy shop.rates FROM '${join(folder, 'rates.txt')}'\nSELECT count(*) FROM shop.rates;\n`,
    });
    expect(stderr).toContain('cannot be written to');
    expect(stdout).toBe('2\n');
  });

  it('reads with FETCH_COUNT, and asks for pages only as they are read', async () => {
    const ids = await psql('\\set FETCH_COUNT 7', 'SELECT id FROM shop.orders;');
    expect(ids).toBe(Array.from({ length: ORDER_COUNT }, (_, k) => `${k + 1}\n`).join(''));
    const before = ordersRequests();
    await psql('BEGIN;', 'DECLARE c CURSOR FOR SELECT id FROM shop.orders;', 'FETCH 20 FROM c;', 'CLOSE c;', 'COMMIT;');
    expect(ordersRequests() - before).toBeLessThan(ORDER_COUNT / 100);
  });

  it('uses \\gset, \\gexec and \\crosstabview', async () => {
    expect(await psql('SELECT max(id) AS top FROM shop.orders \\gset', 'SELECT :top - 1;')).toBe(
      `${ORDER_COUNT - 1}\n`,
    );
    expect(await psql("SELECT format('SELECT %s', id) FROM shop.orders WHERE id < 3 \\gexec")).toBe('1\n2\n');
    expect(
      await psql('SELECT status, id % 2 AS odd, count(*) FROM shop.orders GROUP BY 1, 2 ORDER BY 1, 2 \\crosstabview'),
    ).toMatch(/^open,75,75$/m);
  });
});
