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
