import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningEngine } from '../../src/engine/start-engine.js';
import { column, dsn, failure, filter, gateway, login, shop, startTestEngine, table, user, view } from './harness.js';

let engine: RunningEngine;
let stop: () => Promise<void>;
const logged: string[] = [];

beforeAll(async () => {
  ({ engine, stop } = await startTestEngine({
    reloadPatienceMs: 3000,
    log: (level, message) => logged.push(`${level} ${message}`),
  }));
});
afterAll(() => stop?.());

/** Changes with any DDL, grant, comment or role change. */
async function catalogueVersion(): Promise<string> {
  const names = [
    'pg_class',
    'pg_attribute',
    'pg_description',
    'pg_policy',
    'pg_constraint',
    'pg_rewrite',
    'pg_namespace',
  ];
  names.push(
    'pg_authid',
    'pg_auth_members',
    'pg_db_role_setting',
    'pg_database',
    'pg_proc',
    'pg_depend',
    'pg_shdepend',
  );
  const parts = names.map((name) => `SELECT count(*)::text || '/' || sum(xmin::text::bigint)::text AS v FROM ${name}`);
  return JSON.stringify(await engine.query(parts.join(' UNION ALL ')));
}

async function as<T>(name: string, work: (client: pg.Client) => Promise<T>, password?: string): Promise<T> {
  const client = await login(engine, name, password);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('catalogue', () => {
  it('shows tables, views, keys and comments where clients look for them', async () => {
    const catalogue = await engine.applyCatalogue(gateway([shop()]));
    expect(catalogue.problems).toEqual([]);
    expect([...catalogue.entries.keys()].sort()).toEqual(['shop.customers', 'shop.open_orders', 'shop.orders']);
    const orders = catalogue.entries.get('shop.orders')!;
    expect(catalogue.byOid.get(orders.oid)).toBe(orders);
    expect(catalogue.entries.get('shop.open_orders')!.viewSql).toMatch(
      /FROM shop\.orders\s+WHERE \(status = 'open'::text\)/,
    );
    await as('tidegate', async (client) => {
      const keys = await client.query(
        'SELECT constraint_type, table_name FROM information_schema.table_constraints WHERE table_schema = $1 ORDER BY 1, 2',
        ['shop'],
      );
      const shown = keys.rows.map((row) => `${row.constraint_type} ${row.table_name}`);
      expect(shown).toContain('FOREIGN KEY orders');
      expect(shown).toContain('PRIMARY KEY customers');
      const comments = await client.query(
        "SELECT obj_description('shop.orders'::regclass) t, col_description('shop.orders'::regclass, 1) c",
      );
      expect(comments.rows).toEqual([{ t: 'One row per order', c: "The order's number" }]);
      const types = await client.query(
        "SELECT format_type(atttypid, atttypmod) t, attnotnull n FROM pg_attribute WHERE attrelid = 'shop.orders'::regclass AND attnum > 0 ORDER BY attnum",
      );
      expect(types.rows.map((row) => row.t)).toEqual(['bigint', 'text', 'integer', 'numeric(10,2)']);
      expect(types.rows[0].n).toBe(true);
      expect((await client.query('SHOW search_path')).rows[0].search_path).toBe('shop, public');
    });
  });

  it('executes no DDL when nothing changed', async () => {
    const model = gateway([shop()], [user('ann', 'pass word', ['shop']), user('ops', 'x', 'all', true)]);
    await engine.applyCatalogue(model);
    const before = await catalogueVersion();
    const again = await engine.applyCatalogue(model);
    expect(await catalogueVersion()).toBe(before);
    expect(again.entries.size).toBe(3);
  });

  it('changes a comment in place, without taking the table from its readers', async () => {
    const first = await engine.applyCatalogue(gateway([shop()]));
    const reader = await login(engine, 'tidegate');
    await reader.query('BEGIN');
    await reader.query('EXPLAIN SELECT * FROM shop.orders');
    const base = shop();
    const orders = { ...base.tables[0]!, description: 'Changed' };
    const second = await engine.applyCatalogue(gateway([{ ...base, tables: [orders, base.tables[1]!] }]));
    await reader.end();
    expect(second.entries.get('shop.orders')!.oid).toBe(first.entries.get('shop.orders')!.oid);
    expect(await engine.query("SELECT obj_description('shop.orders'::regclass)")).toEqual([['Changed']]);
  });

  it('replaces only what changed, with the views over it, and drops what is gone', async () => {
    const first = await engine.applyCatalogue(
      gateway([shop(), dsn('old', [table('old', 'gone', [column('a', 'text')])])]),
    );
    const base = shop();
    const orders = { ...base.tables[0]!, columns: [...base.tables[0]!.columns, column('note', 'text')] };
    const second = await engine.applyCatalogue(gateway([{ ...base, tables: [orders, base.tables[1]!] }]));
    expect(second.entries.get('shop.orders')!.oid).not.toBe(first.entries.get('shop.orders')!.oid);
    expect(second.entries.get('shop.customers')!.oid).toBe(first.entries.get('shop.customers')!.oid);
    expect(second.entries.get('shop.open_orders')!.viewSql).toContain('note');
    expect(second.entries.has('old.gone')).toBe(false);
    expect(await engine.query("SELECT to_regnamespace('old')::text, to_regclass('shop.orders')::text")).toEqual([
      [null, 'shop.orders'],
    ]);
    const keys = await engine.query(
      "SELECT count(*)::text FROM pg_constraint WHERE conrelid = 'shop.orders'::regclass AND contype = 'f'",
    );
    expect(keys).toEqual([['1']]);
    // The plan tables of the old definition go as soon as nobody reads them.
    const plans = await engine.query(
      "SELECT count(*)::text FROM pg_class WHERE relname LIKE 'tidegate\\_plan\\_%' AND relkind = 'r'",
    );
    expect(plans).toEqual([['2']]);
  });

  it('waits for a transaction that uses a changed table, and lets others through meanwhile', async () => {
    await engine.applyCatalogue(gateway([shop()]));
    const holder = await login(engine, 'tidegate');
    await holder.query('BEGIN');
    await holder.query('EXPLAIN SELECT * FROM shop.orders');
    const changed = gateway([{ ...shop(), tables: [table('shop', 'orders', [column('id', 'text')])], views: [] }]);
    const applying = engine.applyCatalogue(changed);
    await new Promise((resolve) => setTimeout(resolve, 700));
    const began = Date.now();
    await as('tidegate', (client) => client.query('EXPLAIN SELECT * FROM shop.orders'));
    expect(Date.now() - began).toBeLessThan(1000);
    await holder.query('COMMIT');
    await holder.end();
    expect((await applying).entries.get('shop.orders')!.table!.columns).toHaveLength(1);
  });

  it('gives up in time, says who is in the way, and leaves the old catalogue', async () => {
    await engine.applyCatalogue(gateway([shop()]));
    const before = await catalogueVersion();
    const holder = await login(engine, 'tidegate');
    await holder.query('BEGIN');
    await holder.query('EXPLAIN SELECT * FROM shop.orders');
    const error = await failure(engine.applyCatalogue(gateway([dsn('shop', [])])));
    expect(error).toMatchObject({ sqlstate: '55P03' });
    expect(error.detail).toContain('user "tidegate" uses shop.orders');
    await holder.end();
    expect(await catalogueVersion()).toBe(before);
  });

  it('does not let a client’s temporary view keep a table', async () => {
    await engine.applyCatalogue(gateway([shop()]));
    const client = await login(engine, 'tidegate');
    await client.query('CREATE TEMP VIEW mine AS SELECT * FROM shop.orders');
    const next = await engine.applyCatalogue(gateway([dsn('shop', [table('shop', 'orders', [column('id', 'text')])])]));
    expect(next.entries.size).toBe(1);
    expect((await failure(client.query('SELECT * FROM mine'))).code).toBe('42P01');
    await client.end();
  });

  it('orders views by what they read, and reports a broken one with its place while the rest stands', async () => {
    const base = shop();
    const views = [
      view('shop', 'a_last', 'SELECT id FROM z_first'),
      view('shop', 'broken', 'SELECT id,\n  nothing FROM shop.orders'),
      view('shop', 'on_broken', 'SELECT * FROM shop.broken'),
      view('shop', 'two', 'SELECT 1; DROP TABLE shop.orders'),
      view('shop', 'z_first', 'SELECT id FROM orders -- the end'),
    ];
    const catalogue = await engine.applyCatalogue(gateway([{ ...base, views }]));
    expect([...catalogue.entries.keys()].sort()).toEqual([
      'shop.a_last',
      'shop.customers',
      'shop.orders',
      'shop.z_first',
    ]);
    const problems = catalogue.problems!;
    expect(problems.map((problem) => problem.sqlstate)).toEqual(['F0000', 'F0000', 'F0000']);
    expect(problems[0]!.message).toContain('view "shop.broken" is not valid: column "nothing" does not exist');
    expect(problems[0]!.detail).toBe('/dsn/shop.yaml:40:5, at line 2 of its sql');
    expect(logged.some((line) => line.startsWith('warn') && line.includes('shop.broken'))).toBe(true);
  });

  it('leaves out a foreign key that the engine cannot have, and says why', async () => {
    const to = (name: string) => ({ references: { dsn: 'k', table: 'target', column: name } });
    const tables = [
      table('k', 'target', [column('a', 'integer'), column('b', 'integer')], { primaryKey: ['a'] }),
      table('k', 'source', [
        column('x', 'integer', to('a')),
        column('y', 'integer', to('b')),
        column('z', 'text', to('a')),
      ]),
    ];
    const { problems } = await engine.applyCatalogue(gateway([dsn('k', tables)]));
    expect(problems!.map((problem) => problem.message)).toEqual([
      expect.stringContaining('"y" of table "k.source" gets no foreign key'),
      expect.stringContaining('"z" of table "k.source" gets no foreign key: the types differ'),
    ]);
  });

  it('keeps odd names apart and quoted', async () => {
    const long = 'ä'.repeat(31);
    const name = `we"ird.'${'x'.repeat(20)}`;
    const model = gateway([
      dsn(long, [
        table(long, name, [column('q\'"uote', 'text'), column('select', 'json')], {
          filters: [filter('q\'"uote'), filter('select')],
        }),
        table(long, `${name}2`, [column('a', 'jsonb'), column('b', 'text[]')], {
          primaryKey: ['b'],
          filters: [filter('a')],
        }),
      ]),
    ]);
    const catalogue = await engine.applyCatalogue(model);
    expect(catalogue.problems).toEqual([]);
    const entry = catalogue.entries.get(`${long}.${name}`)!;
    expect(entry.planTables).toHaveLength(1);
    await as('tidegate', async (client) => {
      await client.query(`EXPLAIN SELECT * FROM ${entry.planTables[0]}`);
      const error = await failure(client.query(`SELECT * FROM "${long}"."${name.replaceAll('"', '""')}"`));
      expect(error.message).toBe(`virtual table "${long}.${name}" cannot be read here`);
    });
  });

  it('refuses a DSN that would take a schema of somebody else’s', async () => {
    for (const name of ['public', 'pg_temp', 'tidegate_scan', 'information_schema']) {
      expect(await failure(engine.applyCatalogue(gateway([dsn(name, [])])))).toMatchObject({ sqlstate: 'F0000' });
    }
    await engine.query('CREATE SCHEMA theirs');
    const error = await failure(engine.applyCatalogue(gateway([dsn('theirs', [])])));
    expect(error.message).toContain('schema "theirs" that is not Tidegate');
    await engine.query('DROP SCHEMA theirs');
  });
});

describe('roles', () => {
  const other = () => dsn('other', [table('other', 'things', [column('a', 'text')])]);

  it('grants per DSN, and nothing permanent may be made', async () => {
    await engine.applyCatalogue(
      gateway([shop(), other()], [user('ann', 'säcret', ['shop']), user('ops', 'x', 'all', true)]),
    );
    await as(
      'ann',
      async (client) => {
        await client.query('EXPLAIN SELECT * FROM shop.orders');
        expect((await failure(client.query('EXPLAIN SELECT * FROM other.things'))).code).toBe('42501');
        for (const sql of [
          'CREATE TABLE public.t (a int)',
          'CREATE TABLE shop.t (a int)',
          'CREATE SCHEMA mine',
          'CREATE TABLE tidegate.t (a int)',
          'SELECT lo_create(0)',
          'INSERT INTO shop.orders VALUES (1)',
          'SELECT * FROM pg_catalog.tidegate_state',
          'CREATE ROLE someone',
          'DROP TABLE shop.orders',
          'ALTER TABLE shop.orders DISABLE ROW LEVEL SECURITY',
        ]) {
          expect((await failure(client.query(sql))).code, sql).toBe('42501');
        }
        await client.query('CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1)');
        expect((await client.query("SELECT pg_has_role('tidegate_admins', 'MEMBER') m")).rows[0].m).toBe(false);
      },
      'säcret',
    );
    await as(
      'ops',
      async (client) => {
        await client.query('EXPLAIN SELECT * FROM shop.orders, other.things');
        expect((await client.query("SELECT pg_has_role('tidegate_admins', 'MEMBER') m")).rows[0].m).toBe(true);
      },
      'x',
    );
  });

  it('lets a verifier in over SCRAM, and a wrong password not', async () => {
    const { makeVerifier } = await import('../../src/engine/scram.js');
    const verifier = await makeVerifier('opensesame');
    await engine.applyCatalogue(gateway([shop()], [user('ann', verifier, 'all')]));
    await as('ann', (client) => client.query('SELECT 1'), 'opensesame');
    expect((await failure(login(engine, 'ann', 'wrong'))).code).toBe('28P01');
    expect((await failure(login(engine, 'nobody', 'wrong'))).code).toBe('28P01');
    expect((await failure(login(engine, 'tidegate', 'none'))).code).toBe('28P01');
    expect((await failure(login(engine, 'tidegate_gateway', 'none'))).code).toBe('28P01');
    expect(await engine.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'ann'")).toEqual([[verifier]]);
  });

  it('takes a new password at a reload, and forgets a removed user at once', async () => {
    await engine.applyCatalogue(gateway([shop()], [user('ann', 'one', 'all'), user('bob', 'b', 'all')]));
    const bob = await login(engine, 'bob', 'b');
    await bob.query('CREATE TEMP TABLE keep (a int)');
    const ended = new Promise<void>((resolve) => bob.on('end', () => resolve()));
    await engine.applyCatalogue(gateway([shop()], [user('ann', 'two', ['nothing'])]));
    await ended;
    expect((await failure(login(engine, 'bob', 'b'))).code).toBe('28P01');
    expect((await failure(login(engine, 'ann', 'one'))).code).toBe('28P01');
    await as(
      'ann',
      async (client) => {
        expect((await failure(client.query('EXPLAIN SELECT * FROM shop.orders'))).code).toBe('42501');
      },
      'two',
    );
    await engine.applyCatalogue(gateway([shop()]));
    expect(await engine.query("SELECT rolname FROM pg_roles WHERE rolname IN ('ann', 'bob', 'tidegate')")).toEqual([
      ['tidegate'],
    ]);
  });

  it('sets a password back that the user changed', async () => {
    const model = gateway([shop()], [user('ann', 'one', 'all')]);
    await engine.applyCatalogue(model);
    await as('ann', (client) => client.query("ALTER ROLE ann PASSWORD 'mine'"), 'one');
    await engine.applyCatalogue(model);
    await as('ann', (client) => client.query('SELECT 1'), 'one');
  });

  it('refuses names that are the engine’s', async () => {
    for (const name of ['pg_reader', 'tidegate_gateway', 'tidegate_users', 'tidegate_dsn_shop', '']) {
      expect(await failure(engine.applyCatalogue(gateway([shop()], [user(name, 'x', 'all')])))).toMatchObject({
        sqlstate: 'F0000',
      });
    }
  });

  it('never logs a password or a statement', async () => {
    await engine.applyCatalogue(gateway([shop()], [user('ann', 'canary-in-the-log', 'all')]));
    await as(
      'ann',
      (client) => client.query("SELECT 'canary-in-a-statement' FROM nothing").catch(() => undefined),
      'canary-in-the-log',
    );
    await failure(login(engine, 'ann', 'canary-wrong'));
    await engine.applyCatalogue(gateway([shop()]));
    expect(logged.join('\n')).not.toContain('canary');
    expect(logged.join('\n')).not.toContain('SCRAM');
  });
});
