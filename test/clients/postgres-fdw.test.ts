import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeClient, findServerBinaries } from '../support/programs.js';
import { ORDER_COUNT, type Shop, startShop } from './shop.js';

/** PostgreSQL does not run as root: its own user then, which Debian's package makes. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (option: string): number => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

describeClient('postgres_fdw', () => {
  let shop: Shop;
  let folder: string;
  let server: ChildProcess;
  let client: pg.Client;

  beforeAll(async () => {
    shop = await startShop();
    const binaries = findServerBinaries()!;
    const user = serverUser();
    folder = mkdtempSync(join(tmpdir(), 'tidegate-fdw-'));
    chmodSync(folder, 0o700);
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid!);
    const data = join(folder, 'data');
    const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    execFileSync(join(binaries, 'initdb'), initdb, { ...user, cwd: folder, stdio: 'ignore', timeout: 60_000 });
    const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off', 'shared_buffers=16MB'];
    server = spawn(join(binaries, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
      ...user,
      cwd: folder,
      stdio: 'ignore',
    });
    client = await connectWhenReady();
    await client.query('CREATE EXTENSION postgres_fdw');
    await client.query(
      `CREATE SERVER gateway FOREIGN DATA WRAPPER postgres_fdw
        OPTIONS (host '127.0.0.1', port '${shop.gateway.port}', dbname 'tidegate', fetch_size '50')`,
    );
    await client.query("CREATE USER MAPPING FOR postgres SERVER gateway OPTIONS (user 'tidegate', password 'any')");
    await client.query('CREATE SCHEMA far');
    await client.query('IMPORT FOREIGN SCHEMA shop FROM SERVER gateway INTO far');
  }, 120_000);

  afterAll(async () => {
    await client?.end();
    if (server !== undefined && server.exitCode === null) {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await ended;
    }
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    await shop?.close();
  });

  async function connectWhenReady(): Promise<pg.Client> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const candidate = new pg.Client({ host: folder, user: 'postgres', database: 'postgres' });
      candidate.on('error', () => {});
      try {
        await candidate.connect();
        return candidate;
      } catch (error) {
        await candidate.end().catch(() => {});
        if (Date.now() > deadline || server.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  const rows = async (sql: string): Promise<unknown[]> => (await client.query({ text: sql, rowMode: 'array' })).rows;
  const requestsFor = (path: string) => shop.api.requests.filter((request) => request.path === path);

  it('imports tables with types, lengths and nullability', async () => {
    expect(
      await rows(
        `SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
          WHERE attrelid = 'far.orders'::regclass AND attnum > 0 ORDER BY attnum`,
      ),
    ).toEqual([
      ['id', 'bigint', true],
      ['status', 'character varying(20)', false],
      ['amount', 'numeric(10,2)', false],
      ['created_at', 'timestamp with time zone', false],
      ['note', 'text', false],
    ]);
    expect(
      await rows("SELECT relname FROM pg_class WHERE relnamespace = 'far'::regnamespace AND relkind = 'f' ORDER BY 1"),
    ).toEqual([['customers'], ['items'], ['open_orders'], ['orders'], ['rates'], ['slow']]);
  });

  it('reads a whole table in parts', async () => {
    expect(
      await rows('SELECT count(note), sum(id), min(created_at) FROM (SELECT * FROM far.orders OFFSET 0) o'),
    ).toEqual([
      [String(ORDER_COUNT * 0.8), String((ORDER_COUNT * (ORDER_COUNT + 1)) / 2), new Date('2026-01-01T08:00:00Z')],
    ]);
  });

  it('has a filter reach the API through both servers', async () => {
    const before = requestsFor('/orders').length;
    expect(await rows("SELECT id, note FROM far.orders WHERE status = 'open' AND id < 7 ORDER BY id")).toEqual([
      ['3', 'nöte 3'],
      ['6', 'nöte 6'],
    ]);
    const requests = requestsFor('/orders').slice(before);
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.map(({ query }) => query.get('status'))).toEqual(requests.map(() => 'open'));
  });

  it('pushes aggregates, joins, limits and parameters down', async () => {
    expect(await rows('SELECT status, count(*) FROM far.orders GROUP BY status ORDER BY status')).toEqual([
      ['open', '150'],
      ['paid', '150'],
      ['shipped', '150'],
    ]);
    expect(
      await rows('SELECT o.id, c.name FROM far.orders o JOIN far.customers c USING (id) ORDER BY id DESC LIMIT 2'),
    ).toEqual([
      ['5', 'Customer 5'],
      ['4', 'Customer 4'],
    ]);
    expect(await rows('SELECT sku FROM far.items WHERE order_id = 12 ORDER BY sku')).toEqual([['a12'], ['b12']]);
    await client.query('PREPARE items(bigint) AS SELECT sku FROM far.items WHERE order_id = $1 ORDER BY sku');
    for (const order of [1, 2, 3, 4, 5, 6, 7])
      expect(await rows(`EXECUTE items(${order})`)).toEqual([[`a${order}`], [`b${order}`]]);
  });

  it('joins with tables of its own', async () => {
    await client.query(
      'CREATE TABLE wanted AS SELECT n::bigint AS id FROM generate_series(440, 460) n; ANALYZE wanted',
    );
    expect(await rows('SELECT count(*), max(o.amount) FROM wanted w JOIN far.orders o USING (id)')).toEqual([
      ['11', '562.50'],
    ]);
    expect(await rows('SELECT count(*) FROM wanted w LEFT JOIN far.orders o USING (id) WHERE o.id IS NULL')).toEqual([
      ['10'],
    ]);
  });

  it('estimates with the far EXPLAIN', async () => {
    await client.query("ALTER FOREIGN TABLE far.orders OPTIONS (ADD use_remote_estimate 'true')");
    expect(await rows("SELECT count(*) FROM far.orders o JOIN wanted USING (id) WHERE o.status = 'open'")).toEqual([
      ['4'],
    ]);
    await client.query('ALTER FOREIGN TABLE far.orders OPTIONS (DROP use_remote_estimate)');
  });

  it('fails with the SQLSTATE of the gateway, and goes on', async () => {
    await expect(rows('SELECT * FROM far.items')).rejects.toMatchObject({ code: 'HV00L' });
    await expect(client.query("UPDATE far.orders SET note = 'x' WHERE id = 1")).rejects.toMatchObject({
      code: '25006',
    });
    expect(await rows('SELECT id FROM far.orders WHERE id = 8')).toEqual([['8']]);
  });

  it('cancels the far statement with its own', async () => {
    await client.query("SET statement_timeout = '700ms'");
    await expect(rows('SELECT count(*) FROM far.slow')).rejects.toMatchObject({ code: '57014' });
    await client.query('RESET statement_timeout');
    await expect.poll(() => shop.api.openResponses(), { timeout: 5000 }).toBe(0);
    expect(await rows('SELECT id FROM far.orders WHERE id = 9')).toEqual([['9']]);
  });
});
