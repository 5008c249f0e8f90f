import { afterAll, beforeAll, expect, it } from 'vitest';
import { errors } from '../../src/core/errors.js';
import type { RowBatch } from '../../src/core/row-batch.js';
import type { CatalogueEntry } from '../../src/engine/engine.js';
import type { RunningEngine } from '../../src/engine/start-engine.js';
import { column, dsn, failure, gateway, login, rows, startTestEngine, table, user } from './harness.js';

let engine: RunningEngine;
let stop: () => Promise<void>;
let entry: CatalogueEntry;
const never = new AbortController().signal;
const plain = { withPrimaryKey: false };

beforeAll(async () => {
  ({ engine, stop } = await startTestEngine());
  const columns = [column('id', 'integer', { notNull: true }), column('t', 'text'), column('v', 'varchar(3)')];
  const t = table('s', 't', columns, { primaryKey: ['id'] });
  const catalogue = await engine.applyCatalogue(
    gateway([dsn('s', [t])], [user('ann', 'x', 'all'), user('bob', 'x', [])]),
  );
  entry = catalogue.entries.get('s.t')!;
});
afterAll(() => stop?.());

async function scanTables(): Promise<number> {
  const [row] = await engine.query(
    "SELECT count(*)::text FROM pg_class WHERE relkind = 'r' AND starts_with(relname, 'tidegate_scan_')",
  );
  return Number(row![0]);
}

it('stores every byte as it is', async () => {
  const texts: (string | null)[] = [
    '',
    null,
    '\\',
    '\\N',
    '\\.',
    'a\tb',
    '\n',
    '\r\n',
    '\r',
    '\b\f\v',
    'é€😀',
    '"',
    "'",
    '\\\\n',
    'x'.repeat(300_000),
    '\\'.repeat(100_000),
  ];
  const cells = texts.map((text, index) => [String(index), text]);
  const scan = await engine.load(entry, ['id', 't'], rows(cells.slice(0, 5), cells.slice(5)), plain, never);
  const ann = await login(engine, 'ann', 'x');
  const read = await ann.query(`SELECT id, t, v FROM ${scan.sqlName} ORDER BY id`);
  expect(read.rows.map((row) => row.t)).toEqual(texts);
  expect(read.rows.every((row) => row.v === null)).toBe(true);
  const bob = await login(engine, 'bob', 'x');
  expect((await failure(bob.query(`SELECT * FROM ${scan.sqlName}`))).code).toBe('42501');
  await Promise.all([ann.end(), bob.end()]);
  await scan.drop();
  expect(await scanTables()).toBe(0);
});

it('is seen by a snapshot that is older than the table', async () => {
  const ann = await login(engine, 'ann', 'x');
  await ann.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  await ann.query('SELECT count(*) FROM pg_class');
  const scan = await engine.load(entry, ['t', 'id'], rows([['a', '1']], [['b', '2']]), plain, never);
  expect((await ann.query(`SELECT t FROM ${scan.sqlName} ORDER BY id`)).rows).toEqual([{ t: 'a' }, { t: 'b' }]);
  const began = Date.now();
  await scan.drop();
  expect(Date.now() - began).toBeLessThan(1000);
  expect(await scanTables()).toBe(1);
  await ann.end();
  await expect.poll(scanTables, { timeout: 5000 }).toBe(0);
});

it('counts rows that have no cells, and takes no rows at all', async () => {
  const three = await engine.load(entry, [], rows([[], [], []]), plain, never);
  const none = await engine.load(entry, ['id'], rows(), plain, never);
  const counted = await engine.query(
    `SELECT (SELECT count(*) FROM ${three.sqlName})::text, (SELECT count(*) FROM ${none.sqlName})::text`,
  );
  expect(counted).toEqual([['3', '0']]);
  await Promise.all([three.drop(), none.drop()]);
});

it('has the primary key where it is asked for, and says what is wrong with a double one', async () => {
  const scan = await engine.load(entry, ['id', 't'], rows([['1', 'a']]), { withPrimaryKey: true }, never);
  expect(await engine.query(`SELECT id::text, t FROM ${scan.sqlName} GROUP BY id`)).toEqual([['1', 'a']]);
  await scan.drop();
  const error = await failure(engine.load(entry, ['id'], rows([['1'], ['1']]), { withPrimaryKey: true }, never));
  expect(error).toMatchObject({ sqlstate: 'HV000', message: 'two rows of "s.t" have the same primary key' });
  expect(error.detail).toContain('(id)=(1)');
  expect(await failure(engine.load(entry, ['t'], rows([['1']]), { withPrimaryKey: true }, never))).toMatchObject({
    sqlstate: 'XX000',
  });
  expect(await scanTables()).toBe(0);
});

it('leaves nothing when the engine refuses a row, early or late', async () => {
  const early = await failure(engine.load(entry, ['v'], rows([['long text']]), plain, never));
  expect(early).toMatchObject({ sqlstate: '22001' });
  expect(early.detail).toContain('rows of "s.t"');
  expect(`${early.message}${early.detail}`).not.toContain('tidegate_scan');
  async function* late(): AsyncGenerator<RowBatch> {
    for (let batch = 0; batch < 400; batch++)
      yield* rows(
        Array.from({ length: 100 }, (_, n) => ['x'.repeat(100), '1', batch === 50 && n === 7 ? 'long text' : null]),
      );
  }
  expect(await failure(engine.load(entry, ['t', 'id', 'v'], late(), plain, never))).toMatchObject({
    sqlstate: '22001',
  });
  expect(await scanTables()).toBe(0);
});

it('sends rows before it is asked for them, which is no harm where the table cannot be made', async () => {
  const columns = Array.from({ length: 1601 }, (_, index) => column(`c${index}`, 'text'));
  const wide = { ...entry, table: table('s', 'wide', columns) };
  const large = async function* (): AsyncGenerator<RowBatch> {
    for (let n = 0; n < 40; n++) yield* rows([['x'.repeat(50_000)]]);
  };
  for (let n = 0; n < 10; n++) {
    const source = n % 2 === 0 ? large() : rows([['one']]);
    const error = await failure(engine.load(wide, ['c0'], source, plain, never));
    expect(error).toMatchObject({ sqlstate: '54011' });
  }
  const scan = await engine.load(entry, ['t'], large(), plain, never);
  expect(await engine.query(`SELECT count(*)::text FROM ${scan.sqlName}`)).toEqual([['40']]);
  await scan.drop();
  expect(await scanTables()).toBe(0);
});

it('drops together what is dropped at once, but for what somebody reads', async () => {
  const scans = await Promise.all(
    Array.from({ length: 5 }, () => engine.load(entry, ['id'], rows([['1']]), plain, never)),
  );
  const ann = await login(engine, 'ann', 'x');
  await ann.query(`BEGIN; SELECT * FROM ${scans[2]!.sqlName}`);
  await Promise.all(scans.map((scan) => scan.drop()));
  expect(await scanTables()).toBe(1);
  await ann.end();
  await expect.poll(scanTables, { timeout: 5000 }).toBe(0);
});

it('leaves nothing when the source fails, and closes it', async () => {
  let isClosed = false;
  async function* failing(): AsyncGenerator<RowBatch> {
    try {
      for (let n = 0; n < 30; n++) yield* rows([['x'.repeat(50_000)]]);
      throw errors.apiError('the API answered 500');
    } finally {
      isClosed = true;
    }
  }
  expect(await failure(engine.load(entry, ['t'], failing(), plain, never))).toMatchObject({
    sqlstate: 'HV000',
    message: 'the API answered 500',
  });
  expect([isClosed, await scanTables()]).toEqual([true, 0]);
});

it('ends with its signal: before, while the source is silent, in the middle, and while it waits for a connection', async () => {
  const silent = async function* (): AsyncGenerator<RowBatch> {
    for (let n = 0; n < 30; n++) yield* rows([['x'.repeat(50_000)]]);
    await new Promise((resolve) => setTimeout(resolve, 3000).unref());
  };
  expect(await failure(engine.load(entry, ['t'], silent(), plain, AbortSignal.abort()))).toMatchObject({
    sqlstate: '57014',
  });
  const controllers = Array.from({ length: 6 }, () => new AbortController());
  const loads = controllers.map((controller) => failure(engine.load(entry, ['t'], silent(), plain, controller.signal)));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const began = Date.now();
  controllers[5]!.abort(errors.canceled('statement timeout'));
  expect(await loads[5]).toMatchObject({ sqlstate: '57014', message: 'statement timeout' });
  for (const controller of controllers) controller.abort();
  for (const error of await Promise.all(loads)) expect(error).toMatchObject({ sqlstate: '57014' });
  expect(Date.now() - began).toBeLessThan(1000);
  await expect.poll(scanTables, { timeout: 3000 }).toBe(0);
  const scan = await engine.load(entry, ['t'], rows([['fine']]), plain, never);
  await scan.drop();
});

it('loads more at once than it has connections', async () => {
  const scans = await Promise.all(
    Array.from({ length: 12 }, (_, n) => engine.load(entry, ['id'], rows([[String(n)]]), plain, never)),
  );
  expect(new Set(scans.map((scan) => scan.sqlName)).size).toBe(12);
  await Promise.all(scans.map((scan) => scan.drop()));
  expect(await scanTables()).toBe(0);
});

it('survives the end of its connections', async () => {
  async function* interrupted(): AsyncGenerator<RowBatch> {
    for (let n = 0; n < 200; n++) {
      if (n === 60)
        await engine.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active' AND query LIKE '%COPY%'",
        );
      yield* rows([['x'.repeat(50_000)]]);
    }
  }
  expect(await failure(engine.load(entry, ['t'], interrupted(), plain, never))).toBeInstanceOf(Error);
  await expect.poll(scanTables, { timeout: 3000 }).toBe(0);
  await (await engine.load(entry, ['t'], rows([['fine']]), plain, never)).drop();
});
