import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { canRunGatewayProcess, GatewayProcess } from '../support/gateway-process.js';
import { type Stock, scanTableCount, startStock, stockDsn, until } from './stock.js';

let stock: Stock;
afterEach(async () => {
  await stock?.close();
});

const cacheOf = ({ gateway }: Stock) => gateway.serving.gateway.cache;
const namesOf = (of: Stock): string[] =>
  cacheOf(of)
    .entries()
    .map((entry) => entry.table)
    .sort();

async function keep(of: Stock, table: string): Promise<void> {
  const client = await of.gateway.connect();
  await client.query(`SELECT * FROM stock.${table}`);
  await client.end();
  await until(
    () =>
      cacheOf(of)
        .entries()
        .every((entry) => entry.state !== 'filling'),
    'the rows are stored',
  );
}

describe('when the time is over', () => {
  it('the API is asked again, and the table goes', async () => {
    stock = await startStock('{ ttl: 300ms, revalidate: false }');
    await keep(stock, 'items');
    expect(await scanTableCount(stock)).toBe(1);
    await until(() => cacheOf(stock).entries().length === 0, 'the entry is over');
    await until(async () => (await scanTableCount(stock)) === 0, 'its table is dropped');
    await keep(stock, 'items');
    expect(stock.requests()).toBe(8);
  });

  it('a cursor under way reads on to its end', async () => {
    stock = await startStock('{ ttl: 400ms }');
    await keep(stock, 'items');
    const client = await stock.gateway.connect();
    await client.query('BEGIN');
    await client.query('DECLARE c CURSOR FOR SELECT id FROM stock.items');
    expect((await client.query('FETCH 5 FROM c')).rows).toHaveLength(5);
    await until(() => cacheOf(stock).entries().length === 0, 'the entry is over');
    expect(await scanTableCount(stock)).toBe(1);
    expect((await client.query('FETCH ALL FROM c')).rows).toHaveLength(30);
    await client.query('COMMIT');
    await until(async () => (await scanTableCount(stock)) === 0, 'the table is dropped then');
    expect(stock.requests()).toBe(4);
    await client.end();
  });
});

describe('the bound on the size', () => {
  it('makes the least recently used go, and never what is being read', async () => {
    stock = await startStock('{ ttl: 1m }');
    await keep(stock, 'items1');
    const { bytes } = cacheOf(stock).entries()[0]!;
    await stock.close();
    stock = await startStock('{ ttl: 1m }', `limits: { cache_bytes: ${bytes * 3} }`);
    const reader = await stock.gateway.connect();
    await keep(stock, 'items1');
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM stock.items1');
    await keep(stock, 'items2');
    await keep(stock, 'items3');
    await keep(stock, 'items2');
    expect(namesOf(stock)).toEqual(['items1', 'items2', 'items3']);
    // items1 is the oldest, but in use; items3 was used before items2.
    await keep(stock, 'items4');
    expect(namesOf(stock)).toEqual(['items1', 'items2', 'items4']);
    expect((await reader.query('SELECT count(*) FROM stock.items1')).rows).toEqual([{ count: '35' }]);
    await reader.query('COMMIT');
    await keep(stock, 'items5');
    await keep(stock, 'items6');
    // Now that nobody reads it, items1 counts as any other: it was used last before these two.
    expect(namesOf(stock)).toEqual(['items1', 'items5', 'items6']);
    await keep(stock, 'items4');
    expect(namesOf(stock)).toEqual(['items4', 'items5', 'items6']);
    await until(async () => (await scanTableCount(stock)) === 3, 'the others are dropped');
    await reader.end();
  });

  it('keeps nothing that is larger than all of it', async () => {
    stock = await startStock('{ ttl: 1m }', 'limits: { cache_bytes: 1000 }');
    await keep(stock, 'items');
    await keep(stock, 'items');
    expect(stock.requests()).toBe(8);
    expect(stock.gateway.log.some(({ message }) => /larger than limits.cache_bytes/.test(message))).toBe(true);
    await until(async () => (await scanTableCount(stock)) === 0, 'no table is left');
  });

  it('of 0 switches it off', async () => {
    stock = await startStock('{ ttl: 1m }', 'limits: { cache_bytes: 0 }');
    await keep(stock, 'items');
    expect(await scanTableCount(stock)).toBe(0);
  });
});

describe('a reload', () => {
  it('ends what another definition has read, but for those who read it', async () => {
    stock = await startStock('{ ttl: 1m }');
    await keep(stock, 'items');
    await keep(stock, 'items1');
    const client = await stock.gateway.connect();
    await client.query('BEGIN');
    await client.query('SELECT count(*) FROM stock.items');
    const file = join(stock.gateway.folder, 'stock.yaml');
    // A comment moves every line, which is no other definition.
    writeFileSync(file, `# moved\n${stockDsn('{ ttl: 1m }')}`);
    await stock.gateway.serving.reload();
    expect(namesOf(stock)).toEqual(['items', 'items1']);
    const changed = stockDsn('{ ttl: 1m }').replace('  items:\n', '  items:\n    headers: { X-Account: other }\n');
    writeFileSync(file, changed);
    await stock.gateway.serving.reload();
    expect(namesOf(stock)).toEqual(['items1']);
    expect(await scanTableCount(stock)).toBe(2);
    stock.forget();
    expect((await client.query('SELECT count(*) FROM stock.items')).rows).toEqual([{ count: '35' }]);
    expect(stock.requests()).toBe(4);
    await client.query('COMMIT');
    await until(async () => (await scanTableCount(stock)) === 2, 'the table of the old definition is dropped');
    await client.end();
  });

  it('with another secret is another definition, and a fill of the old one is kept from all but its statement', async () => {
    const dsn = (token: string): string =>
      stockDsn('{ ttl: 1m }').replace('retry:', `auth: { type: bearer, token: "${token}" }\nretry:`);
    stock = await startStock('{ ttl: 1m }', '', dsn('first'));
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    stock.control.before = (_, page) => (page === 2 ? gate : undefined);
    const client = await stock.gateway.connect();
    const asked = client.query('SELECT count(*) FROM stock.items');
    await until(() => stock.requests() === 2, 'the scan is under way');
    writeFileSync(join(stock.gateway.folder, 'stock.yaml'), dsn('second'));
    await stock.gateway.serving.reload();
    open();
    expect((await asked).rows).toEqual([{ count: '35' }]);
    // A statement that streams has its rows before their table is stored, or in this case given up.
    await until(() => namesOf(stock).length === 0, 'the fill has ended');
    stock.forget();
    await keep(stock, 'items');
    expect(stock.requests()).toBe(4);
    expect(stock.api.requests.at(-1)!.headers.authorization).toBe('Bearer second');
    await client.end();
  });
});

it('a REPEATABLE READ transaction that is older than the rows sees them', async () => {
  stock = await startStock('{ ttl: 1m }');
  const client = await stock.gateway.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  await client.query('SELECT count(*) FROM pg_class');
  await keep(stock, 'items');
  expect((await client.query('SELECT count(*) FROM stock.items')).rows).toEqual([{ count: '35' }]);
  // The copy with a key is made within the transaction, after its snapshot.
  expect((await client.query('SELECT id, name FROM stock.items GROUP BY id')).rows).toHaveLength(35);
  expect(stock.requests()).toBe(4);
  await client.query('COMMIT');
  await client.end();
});

it('rows are for those who may read the DSN, and for all of them', async () => {
  const users = ['ann', 'eve'].map((name) => `${name}: { password: pw, dsns: [stock] }`).join(', ');
  stock = await startStock('{ ttl: 1m }', `users: { ${users}, bob: { password: pw, dsns: [other] } }`, undefined, {
    'other.yaml': 'dsn: other\nbase_url: http://127.0.0.1:1\ntables: { t: { path: /t, columns: { id: bigint } } }\n',
  });
  const as = (user: string) => stock.gateway.connect({ user, password: 'pw' });
  const [ann, bob, eve] = await Promise.all([as('ann'), as('bob'), as('eve')]);
  await ann!.query('SELECT * FROM stock.items');
  expect((await eve!.query('SELECT * FROM stock.items')).rows).toHaveLength(35);
  expect(stock.requests()).toBe(4);
  for (const sql of [
    'SELECT * FROM stock.items',
    'SELECT count(*) FROM stock.items',
    'EXPLAIN SELECT id FROM stock.items',
  ]) {
    await expect(bob!.query(sql)).rejects.toMatchObject({ code: '42501' });
  }
  await Promise.all([ann!.end(), bob!.end(), eve!.end()]);
});

it('a table that the engine has lost is read anew', async () => {
  stock = await startStock('{ ttl: 1m }');
  const { engine } = stock.gateway.serving.gateway;
  const client = await stock.gateway.connect();
  const nameOf = async (): Promise<string> => {
    const [[name] = []] = await engine.query(
      "SELECT relname FROM pg_class WHERE starts_with(relname, 'tidegate_scan_')",
    );
    return `pg_catalog."${name}"`;
  };
  await keep(stock, 'items');
  // What a crash of a server that goes on leaves of an unlogged table.
  await engine.query(`TRUNCATE ${await nameOf()}`);
  expect((await client.query('SELECT * FROM stock.items')).rows).toHaveLength(35);
  await until(async () => (await scanTableCount(stock)) === 1, 'the empty table is gone');
  await until(() => cacheOf(stock).entries()[0]?.state === 'fresh', 'the rows are stored');
  await engine.query(`DROP TABLE ${await nameOf()}`);
  expect((await client.query('SELECT count(*) FROM stock.items')).rows).toEqual([{ count: '35' }]);
  await client.end();
});

it.skipIf(!canRunGatewayProcess)(
  'after kill -9 the next start drops what was kept',
  async () => {
    stock = await startStock('{ ttl: 1m }');
    const folder = mkdtempSync(join(tmpdir(), 'tidegate-kept-'));
    chmodSync(folder, 0o711);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the interpolation of the DSN
    const dsn = stockDsn('{ ttl: 1m }').replace('${env:STOCK_API_URL}', stock.api.url);
    const start = () => GatewayProcess.start(dsn, `engine: { data_dir: ${JSON.stringify(folder)} }`);
    const query = async (gateway: GatewayProcess, sql: string): Promise<Record<string, string>[]> => {
      const client = new pg.Client({ host: '127.0.0.1', port: gateway.port, user: 'tidegate', database: 'tidegate' });
      await client.connect();
      const { rows } = await client.query(sql);
      await client.end();
      return rows;
    };
    const count = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND starts_with(relname, 'tidegate_scan_')";
    const killed = await start();
    try {
      expect(await query(killed, 'SELECT id FROM stock.items')).toHaveLength(35);
      await until(async () => (await query(killed, count))[0]!.count === '1', 'the rows are kept');
      await killed.kill();
      const next = await start();
      expect(await query(next, count)).toEqual([{ count: '0' }]);
      expect(await query(next, 'SELECT id FROM stock.items')).toHaveLength(35);
      expect(stock.requests()).toBe(8);
      await next.close();
    } finally {
      await killed.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  60_000,
);
