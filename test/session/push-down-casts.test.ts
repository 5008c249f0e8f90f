import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { startValues, type ValuesWorld } from './values.js';

let world: ValuesWorld;
let client: RawClient;

beforeAll(async () => {
  world = await startValues();
  client = await RawClient.login(world.gateway.port);
});
afterAll(async () => {
  client?.close();
  await world?.close();
});

const rows = async (sql: string): Promise<string[]> => {
  const frames = await client.query(sql);
  expect(errorOf(frames)).toBeNull();
  return rowsOf(frames).map((row) => row.join('|'));
};

describe('a cast that changes values', () => {
  // Each was once asked for by the values before the cast: 007, 2.4.
  it.each([
    'SELECT t.v FROM v.people p JOIN v.texts t ON t.t = (p.code::int)::text WHERE p.id = 1',
    'SELECT n.v FROM v.people p JOIN v.numbers n ON n.x = (p.share::int)::numeric WHERE p.id = 1',
    'SELECT t.v FROM (SELECT code::int AS n FROM v.people OFFSET 0) p JOIN v.texts t ON t.t = p.n::text',
    'SELECT n.v FROM v.people p JOIN v.numbers n ON n.x::int = p.share::int WHERE p.id = 2',
    'SELECT t.v FROM v.people p JOIN v.texts t ON t.t::int = p.code::int WHERE p.id = 1',
    'SELECT n.v FROM (VALUES (2.0), (3.0)) w (x) JOIN v.numbers n ON n.x::int::numeric = w.x',
  ])('gives no values: %s', async (sql) => {
    expect(errorOf(await client.query(sql))).toMatchObject({ sqlstate: 'HV00L' });
  });
});

describe('the day of a moment', () => {
  // 04:30Z is in the hour that Cuba had twice, and before what the engine takes for the beginning of that day.
  it.each<[string, string[]]>([
    ["SELECT id FROM v.events WHERE at::date = '2026-11-01' ORDER BY 1", ['6', '7']],
    ["SELECT id FROM v.events WHERE at::date >= '2026-11-01' ORDER BY 1", ['6', '7', '8']],
    ["SELECT id FROM v.events WHERE at::date > '2026-10-31' ORDER BY 1", ['6', '7', '8']],
    ["SELECT id FROM v.events WHERE at::date < '2026-11-01' AND id > 3 ORDER BY 1", ['4', '5']],
    ["SELECT id FROM v.events WHERE at::date <= '2026-10-31' AND id > 3 ORDER BY 1", ['4', '5']],
  ])('begins with the first of two midnights: %s', async (sql, wanted) => {
    await client.query("SET TimeZone = 'America/Havana'");
    try {
      expect(await rows(sql)).toEqual(wanted);
    } finally {
      await client.query('RESET TimeZone');
    }
  });
});

describe('values of a row are asked for together only where they are of one row', () => {
  const BOTH = 'SELECT x.code, y.id, p.v FROM c x CROSS JOIN c y JOIN v.pairs p ON p.a = x.code AND p.b = y.id';
  const people = 'c AS MATERIALIZED (SELECT id, code FROM v.people)';
  const all = ['007', '8', '8'].flatMap((code) => [1, 2, 3].map((id) => `${code}|${id}|${code}/${id}`));
  it.each<[string, string[]]>([
    [`WITH ${people} ${BOTH} ORDER BY 1, 2`, [...all].sort()],
    [
      `WITH ${people} SELECT x.code, x.id, p.v FROM c x JOIN v.pairs p ON p.a = x.code AND p.b = x.id ORDER BY 2`,
      ['007|1|007/1', '8|2|8/2', '8|3|8/3'],
    ],
    [
      `WITH ${people}, d AS MATERIALIZED (SELECT a.code, b.id FROM c a, c b)
       SELECT d.code, d.id, p.v FROM d JOIN v.pairs p ON p.a = d.code AND p.b = d.id ORDER BY 1, 2`,
      [...all].sort(),
    ],
  ])('%s', async (sql, wanted) => {
    expect(await rows(sql)).toEqual(wanted);
  });
});

describe('a number that the column cannot have', () => {
  it.each([
    'size::float8 = 1e10',
    'size::numeric = 99999999999',
    'size = 99999999999',
    "size::text = '99999999999'",
    "size::text IN ('99999999999', '-99999999999')",
    'size::numeric IN (99999999999, 88888888888)',
    'size::float8 > 1e10',
    'size::numeric < -99999999999',
    "id::text = '99999999999999999999'",
    'id::numeric > 99999999999999999999',
  ])('finds nothing: %s', async (condition) => {
    expect(await rows(`SELECT id FROM v.events WHERE ${condition}`)).toEqual([]);
  });

  it.each(['n::float8 = 1e10', "n::text = '99999999999'", 'n::numeric IN (99999999999, 1.5)', 'n = 99999999999'])(
    'is not asked for where rows have the value that they were asked by: %s',
    async (condition) => {
      const frames = await client.query(`SELECT v FROM v.shorts WHERE ${condition}`);
      expect(errorOf(frames)).toMatchObject({ sqlstate: 'HV00L' });
    },
  );

  it('leaves the others of a list', async () => {
    expect(await rows('SELECT n, v FROM v.shorts WHERE n::numeric IN (99999999999, 1.5, 3) ORDER BY 1')).toEqual([
      '3|3',
    ]);
  });

  it.each(['size::float8 < 1e10', 'size::numeric <> 99999999999', 'size::numeric > -99999999999'])(
    'excludes nothing: %s',
    async (condition) => {
      const all = await rows('SELECT id FROM v.events WHERE size IS NOT NULL ORDER BY 1');
      expect(all.length).toBeGreaterThan(0);
      expect(await rows(`SELECT id FROM v.events WHERE ${condition} ORDER BY 1`)).toEqual(all);
    },
  );
});
