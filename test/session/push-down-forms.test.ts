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

/** A condition on events, the ids of its rows, and the filter that the API gets. */
const FORMS: readonly (readonly [string, string, string])[] = [
  ["coalesce(kind, '') = 'open'", '1,5', 'kind = open'],
  ["coalesce(kind, 'open') = 'open'", '1,3,5,7', ''],
  ["coalesce(kind, '') IN ('open', 'paid')", '1,2,5,6', 'kind in open|paid'],
  ["coalesce(kind, '') LIKE 'op%'", '1,5', 'kind like op%'],
  ["coalesce(kind, '') LIKE '%'", '1,2,3,4,5,6,7,8', ''],
  ["coalesce(kind, 'paid') <> 'paid'", '1,4,5,8', 'kind <> paid'],
  ["coalesce(kind, '') <> 'paid'", '1,3,4,5,7,8', ''],
  ['coalesce(size, 0) > 3', '7,8', 'size > 3'],
  ['coalesce(size, 9) > 3', '7,8', ''],
  ['coalesce(price, 0) >= 3.00', '7,8', 'price >= 3.00'],
  ['coalesce(price, 0) = 0.00', '1', ''],
  ["nullif(kind, '') = 'open'", '1,5', 'kind = open'],
  ['coalesce(ok, false)', '3,5', 'ok = true'],
  ['NOT coalesce(ok, true)', '2,6,8', 'ok = false'],
  ["kind IS NOT DISTINCT FROM 'open'", '1,5', 'kind = open'],
  ['kind IS NOT DISTINCT FROM NULL', '3,7', 'kind is null null'],
  ["(kind = 'open') IS TRUE", '1,5', 'kind = open'],
  ["(kind = 'open') IS NOT FALSE", '1,3,5,7', ''],
  ["CASE WHEN kind = 'open' THEN true ELSE false END", '1,5', 'kind = open'],
  ["CASE WHEN kind = 'open' THEN false ELSE true END", '2,3,4,6,7,8', ''],
  ["kind NOT IN ('open', 'paid')", '4,8', 'kind <> open and kind <> paid'],
  ["kind NOT IN ('open', NULL)", '', ''],
  ["starts_with(kind, 'op')", '1,5', 'kind like op%'],
  ["left(kind, 2) = 'op'", '1,5', 'kind like op%'],
  ["starts_with(kind, '%')", '', ''],
  ["kind::varchar = 'open'", '1,5', 'kind = open'],
  // the rows behind another one
  ['(size, id) > (3, 6)', '7,8', 'size >= 3'],
  ['(size, id) <= (0, 3)', '1,2,3', 'size <= 0'],
  ["(at, id) >= ('2026-11-01 05:30Z', 1)", '7,8', 'at >= 2026-11-01T05:30:00Z'],
  ['(size, id) <> (3, 6)', '1,2,3,4,5,7,8', ''],
  // casts
  ["id::text = '7'", '7', 'id = 7'],
  ["key::text = '00000000-0000-0000-0000-000000000003'", '4', 'key = 00000000-0000-0000-0000-000000000003'],
  ["price::text = '1.50'", '4', 'price = 1.50'],
  ["ok::text = 'true'", '3,5', 'ok = true'],
  ['id = 3::float8', '3', 'id = 3'],
  ['id < 2.5::float8', '1,2', 'id <= 2'],
  ['id IN (1.0, 2.5, 3)', '1,3', 'id in 1|3'],
  // periods
  ["date_trunc('month', at) = '2026-11-01'", '5,6,7', 'at >= 2026-11-01T00:00:00Z and at < 2026-12-01T00:00:00Z'],
  ["date_trunc('year', at) < '2026-01-01'", '1', 'at < 2026-01-01T00:00:00Z'],
  ["date_trunc('quarter', local) > '2026-01-01'", '5,6,7,8', 'local >= 2026-04-01T00:00:00'],
  [
    "date_trunc('hour', local) = timestamp '2026-11-01 04:00'",
    '6',
    'local >= 2026-11-01T04:00:00 and local < 2026-11-01T05:00:00',
  ],
  ["date_trunc('month', day) = '2026-02-01'", '3', 'day >= 2026-02-01 and day < 2026-03-01'],
  ['extract(year FROM at) = 2025', '1', 'at >= 2025-01-01T00:00:00Z and at < 2026-01-01T00:00:00Z'],
  ['extract(year FROM day) > 2025', '2,3,4,5,6,7,8', 'day >= 2026-01-01'],
  ["date_part('year', local) IN (2024, 2025)", '1', 'local >= 2024-01-01T00:00:00 and local < 2026-01-01T00:00:00'],
  ["local::date = '2026-03-31'", '4', 'local >= 2026-03-31T00:00:00 and local < 2026-04-01T00:00:00'],
  ["at::date IN ('2026-01-01', '2026-02-10')", '2,3', 'at >= 2026-01-01T00:00:00Z and at < 2026-02-11T00:00:00Z'],
];

describe('a condition in the words of a tool', () => {
  it.each(FORMS)('%s', async (condition, ids, filter) => {
    const from = world.api.requests.length;
    const frames = await client.query(`SELECT id FROM v.events WHERE ${condition} ORDER BY id`);
    expect(errorOf(frames)).toBeNull();
    expect(rowsOf(frames).join()).toBe(ids);
    const sent = world.api.requests.slice(from).map(({ query }) => query.get('f') ?? '');
    expect(sent).toEqual(ids === '' && sent.length === 0 ? [] : [filter]);
  });

  it.each<[string, string[]]>([
    ['SELECT v FROM v.counts WHERE n BETWEEN 3 AND 5', ['3', '4', '5']],
    ['SELECT v FROM v.counts WHERE n > 3 AND n < 5', ['4']],
    ['SELECT v FROM v.counts WHERE n > 4 AND n < 4', []],
    ["SELECT v FROM v.days WHERE d BETWEEN '2024-02-28' AND '2024-03-01'", ['2024-02-28', '2024-02-29', '2024-03-01']],
    [
      "SELECT v FROM v.days WHERE date_trunc('week', d) = '2026-01-05' AND d < '2026-01-07'",
      ['2026-01-05', '2026-01-06'],
    ],
    ['SELECT v FROM v.counts WHERE n = 3::float8', ['3']],
    ["SELECT v FROM v.texts WHERE coalesce(t, '') = 'a'", ['a']],
    ["SELECT v FROM v.texts WHERE t IS NOT DISTINCT FROM 'a'", ['a']],
  ])('fills a required filter: %s', async (sql, wanted) => {
    const frames = await client.query(`${sql} ORDER BY 1`);
    expect(errorOf(frames)).toBeNull();
    expect(rowsOf(frames).flat()).toEqual(wanted);
  });

  it.each(['SELECT v FROM v.counts WHERE n > 3', 'SELECT v FROM v.counts WHERE n BETWEEN 1 AND 5000'])(
    'but not by values without end: %s',
    async (sql) => {
      expect(errorOf(await client.query(sql))).toMatchObject({ sqlstate: 'HV00L' });
    },
  );
});

describe('a list for an API that takes none', () => {
  it('is asked for value by value, by the operator that the API knows', async () => {
    const from = world.api.requests.length;
    const frames = await client.query('SELECT v FROM v.marks WHERE m IN (4, 5) ORDER BY 1');
    expect(errorOf(frames)).toBeNull();
    expect(rowsOf(frames).flat()).toEqual(['m = 4', 'm = 5']);
    // once `m in 4`
    expect(
      world.api.requests
        .slice(from)
        .map(({ query }) => query.get('f'))
        .sort(),
    ).toEqual(['m = 4', 'm = 5']);
  });
});
