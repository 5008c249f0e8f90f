import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Period, periodBounds } from '../../src/plan/periods.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gateway: TestGateway;
let client: RawClient;

/** Zones that have put their clocks back over midnight, at other hours, by half an hour, or left out a day. */
const ZONES = [
  'UTC',
  'America/Havana',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Pacific/Apia',
];

beforeAll(async () => {
  gateway = await startTestGateway({ dsns: {} });
  client = await RawClient.login(gateway.port);
  const around =
    "VALUES ('2026-11-01 04:00Z'::timestamptz), ('2010-11-07 02:30Z'), ('2018-11-04 03:00Z'), ('2018-02-18 02:00Z'), ('2026-03-29 01:00Z'), ('2026-04-04 15:00Z'), ('2011-12-30 10:00Z'), ('2026-01-01 00:00Z')";
  const made = await client.query(
    `CREATE TEMP TABLE moments AS SELECT DISTINCT a.m + s.n * interval '53 minutes 30 seconds' + b.s AS m FROM (${around}) a (m), generate_series(-32, 32) s (n), (VALUES (interval '0'), ('1 month'), ('1 year')) b (s)`,
  );
  expect(errorOf(made)).toBeNull();
});
afterAll(async () => {
  client?.close();
  await gateway?.close();
});

const valueSql = (period: Period, column: string): string => {
  if (period === 'date') return `(${column})::date`;
  return period === 'year_number' ? `extract(year FROM ${column})` : `date_trunc('${period}', ${column})`;
};

const PERIODS: readonly Period[] = [
  'date',
  'year_number',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
];

describe.each(['timestamptz', 'timestamp', 'date'] as const)('bounds of periods of a %s', (scalar) => {
  it.each(PERIODS)('let every moment through that compares so: %s', { timeout: 60_000 }, async (period) => {
    for (const zone of ZONES) {
      expect(errorOf(await client.query(`SET TimeZone = '${zone}'`))).toBeNull();
      const constants =
        period === 'date'
          ? 'm::date'
          : period === 'year_number'
            ? 'extract(year FROM m) + 0.25 * (extract(minute FROM m)::int % 5)'
            : `m::${scalar}`;
      for (const operator of ['=', '<', '<=', '>', '>='] as const) {
        const bounds = periodBounds(period, scalar, operator, 'k.c');
        if (bounds === null) continue;
        const value = valueSql(period, 'x.v');
        const sql = `WITH x AS MATERIALIZED (SELECT DISTINCT m::${scalar} AS v FROM moments),
          k AS MATERIALIZED (SELECT c, ${bounds.lower ?? `NULL::${scalar}`} AS lower, ${bounds.upper ?? `NULL::${scalar}`} AS upper
            FROM (SELECT DISTINCT ${constants} AS c FROM moments WHERE hashint8(extract(epoch FROM m)::bigint) % 40 = 0
              UNION SELECT DISTINCT ${valueSql(period, `m::${scalar}`)} FROM moments WHERE hashint8(extract(epoch FROM m)::bigint) % 40 = 1) k (c))
          SELECT count(*) FILTER (WHERE ${value} ${operator} k.c AND NOT (x.v >= coalesce(k.lower, '-infinity') AND x.v < coalesce(k.upper, 'infinity'))),
            count(*) FILTER (WHERE ${value} ${operator} k.c) > 0, bool_or(k.lower IS NOT NULL OR k.upper IS NOT NULL) FROM x, k`;
        const frames = await client.query(sql, 50_000);
        expect(errorOf(frames)).toBeNull();
        expect([zone, operator, ...rowsOf(frames)[0]!]).toEqual([zone, operator, '0', 't', 't']);
      }
    }
  });
});
