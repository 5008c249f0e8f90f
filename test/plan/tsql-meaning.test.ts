import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { translateTsql } from '../../src/plan/tsql/translate.js';
import { login, startTestEngine } from '../engine/harness.js';

let client: pg.Client;
let stop: () => Promise<void>;

beforeAll(async () => {
  const started = await startTestEngine();
  const { user, password } = started.engine.connectionInfo;
  client = await login(started.engine, user, password?.reveal());
  stop = async () => {
    await client.end();
    await started.stop();
  };
  await client.query(`
    SET DateStyle = 'ISO, MDY';
    SET TimeZone = 'UTC';
    CREATE TEMP TABLE one (s text, v varchar(20), blank text, n integer, big bigint, amount numeric(10,2), f float8,
      yes boolean, day date, at timestamp, zoned timestamptz, hour time, nothing text);
    INSERT INTO one VALUES ('abc  ', 'O''Neil', '', 7, 9007199254740993, -2.70, 2.9999999999999996, true, '2024-03-31',
      '2024-03-31 23:59:59.5', '2024-03-31 23:59:59.5+00', '13:45:10.25', NULL);
    CREATE TEMP TABLE scores (name text, points integer);
    INSERT INTO scores VALUES ('a', 10), ('b', 20), ('c', 20), ('d', NULL), ('e', 5)`);
}, 60_000);
afterAll(() => stop?.());

/** The rows of a T-SQL query, each value as PostgreSQL prints it. */
async function run(tsql: string): Promise<(string | null)[][]> {
  const sql = await translateTsql(tsql);
  if (sql === null) throw new Error(`not translated: ${tsql}`);
  const types = { getTypeParser: () => (text: string) => text };
  const result = await client.query({ text: sql, rowMode: 'array', types } as unknown as pg.QueryArrayConfig);
  return result.rows as (string | null)[][];
}

describe('values', () => {
  it.each([
    // strings
    ['LEN(s)', '3'],
    ["LEN(s + '.')", '6'],
    ["v + ', ' + s + '|'", "O'Neil, abc  |"],
    ["v + nothing + '|'", null],
    ["ISNULL(nothing, '-') + v", "-O'Neil"],
    ["CHARINDEX('b', s)", '2'],
    ["CHARINDEX('b', s, 2)", '2'],
    ["CHARINDEX('b', s, 3)", '0'],
    ["CHARINDEX('b', nothing, 3)", null],
    ['CHARINDEX(blank, s)', '0'],
    ["CHARINDEX('', s)", '0'],
    ['SUBSTRING(s, 0, 3)', 'ab'],
    ['REPLICATE(v, n - 8)', null],
    ["'[' + SPACE(2) + ']'", '[  ]'],
    ['LEFT(v, 2) + RIGHT(v, 2)', "O'il"],
    ["'a' + CHAR(10) + 'b'", 'a\nb'],
    ['UNICODE(blank)', null],
    // numbers: a cast to an integer cuts off, PostgreSQL's rounds
    ['CAST(amount AS int)', '-2'],
    ['CAST(f AS int)', '2'],
    ['CAST(big AS bigint)', '9007199254740993'],
    ['CAST(yes AS int)', '1'],
    ["CAST('12' AS int)", '12'],
    ['CAST(2.7 AS int)', '2'],
    ['CONVERT(int, AVG(amount) OVER ())', '-2'],
    ["n + '5'", '12'],
    ['7 / 2', '3'],
    ['-7 % 3', '-1'],
    ['5 & 4 + 2', '6'],
    ['ROUND(2.567, 2, 1)', '2.56'],
    ['ROUND(amount, 0)', '-3'],
    ['LOG(EXP(2))', '2'],
    ['IIF(amount < 0, 1, 0)', '1'],
    ['CAST(amount AS decimal)', '-3'],
    // dates
    ["DATEDIFF(year, '2023-12-31', '2024-01-01')", '1'],
    ["DATEDIFF(year, '2024-01-01', '2024-12-31 23:59')", '0'],
    ["DATEDIFF(quarter, '2024-03-31', '2024-04-01')", '1'],
    ["DATEDIFF(month, '2024-01-31', '2024-02-01')", '1'],
    ["DATEDIFF(month, '2024-02-01', '2023-12-31')", '-2'],
    ["DATEDIFF(day, '2024-01-01 23:59', '2024-01-02 00:01')", '1'],
    ["DATEDIFF(day, '2024-01-02 00:01', '2024-01-01 23:59')", '-1'],
    ["DATEDIFF(week, '2024-03-30', '2024-03-31')", '1'], // Saturday to Sunday
    ["DATEDIFF(week, '2024-03-31', '2024-04-06')", '0'],
    ["DATEDIFF(wk, '0001-01-07', '0001-01-06')", '-1'],
    ["DATEDIFF(hour, '10:59'+'', at)", 'fails'],
    ["DATEDIFF(hour, '2024-01-01 10:59:59', '2024-01-01 11:00')", '1'],
    ["DATEDIFF(mi, '2024-01-01 10:59:59', '2024-01-01 11:00')", '1'],
    ["DATEDIFF(s, '2024-01-01', '2024-01-02')", '86400'],
    ["DATEDIFF(ms, '2024-01-01', '2024-01-01 00:00:01.5')", '1500'],
    ["DATEDIFF_BIG(microsecond, '2024-01-01', '2024-03-01')", '5184000000000'],
    ['DATEDIFF(day, day, at)', '0'],
    ['DATEDIFF(day, zoned, DATEADD(second, 1, at))', '1'],
    ['DATEDIFF(day, 0, day)', '45380'],
    ['DATEADD(month, 1, day)', '2024-04-30 00:00:00'],
    ['DATEADD(month, -1, CAST(at AS date))', '2024-02-29'],
    ["DATEADD(quarter, 1, '2023-11-30')", '2024-02-29 00:00:00'],
    ['DATEADD(day, 1.9, at)', '2024-04-01 23:59:59.5'],
    ['DATEADD(hour, n, hour)', '20:45:10.25'],
    ['DATEADD(month, DATEDIFF(month, 0, at), 0)', '2024-03-01 00:00:00'],
    ['DATEADD(day, DATEDIFF(day, 0, at), 0)', '2024-03-31 00:00:00'],
    ['EOMONTH(at, 11)', '2025-02-28'],
    ['EOMONTH(day)', '2024-03-31'],
    ['YEAR(at) * 100 + MONTH(day)', '202403'],
    ['DATEPART(quarter, zoned)', '1'],
    ['DATEPART(dayofyear, day)', '91'],
    ['DATEPART(second, at)', '59'],
    ['DATEPART(ms, at)', '500'],
    ['DATEPART(hh, hour)', '13'],
    ['DATEPART(iso_week, day)', '13'],
    ['DATETRUNC(month, at)', '2024-03-01 00:00:00'],
    ['CONVERT(varchar(10), at, 120)', '2024-03-31'],
    ['CONVERT(varchar(8), day, 112)', '20240331'],
    ['CONVERT(varchar(5), zoned, 108)', '23:59'],
    ['CONVERT(char(10), at, 103)', '31/03/2024'],
    ["CAST(CAST('2024-03-31' AS datetime) - 1 AS date)", '2024-03-30'],
    // comparisons
    ["CASE WHEN 'a[b]' LIKE 'a[[]%' THEN 1 ELSE 0 END", '1'],
    ["CASE WHEN 'a\\b' LIKE 'a\\b' THEN 1 ELSE 0 END", '1'],
    ["CASE WHEN '50x' LIKE '50[%]' THEN 1 ELSE 0 END", '0'],
    ["CASE WHEN s LIKE '%' + 'b' + '%' AND NOT n !> 6 THEN 1 ELSE 0 END", '1'],
  ])('%s', async (expression, expected) => {
    const rows = run(`SELECT ${expression} AS [value] FROM one WITH (NOLOCK)`);
    if (expected === 'fails') await expect(rows).rejects.toThrow();
    else expect(await rows).toEqual([[expected]]);
  });

  it('gives the statement’s local time without a zone', async () => {
    const [row] = await run(
      'SELECT DATEDIFF(second, GETDATE(), SYSUTCDATETIME()), LEN(CONVERT(varchar(19), GETDATE(), 120)) [n]',
    );
    expect(Math.abs(Number(row![0]))).toBeLessThanOrEqual(1);
    expect(row![1]).toBe('19');
  });
});

describe('rows', () => {
  it.each([
    ['SELECT TOP 2 name FROM scores ORDER BY points DESC', ['b', 'c']],
    ['SELECT TOP 1 WITH TIES name FROM scores ORDER BY points DESC', ['b', 'c']],
    // NULL is the lowest value
    ['SELECT TOP (1) name FROM scores ORDER BY points', ['d']],
    ['SELECT [name] FROM scores ORDER BY points, name OFFSET 1 ROW FETCH NEXT 2 ROWS ONLY', ['e', 'a']],
    ['SELECT TOP 0 name FROM scores', []],
    ['SELECT TOP 100 PERCENT name FROM scores ORDER BY name', ['a', 'b', 'c', 'd', 'e']],
    ["SELECT TOP 1 name FROM scores WHERE name = 'e' UNION ALL SELECT TOP 1 'x' ORDER BY name", ['e', 'x']],
    [
      "SELECT s.name + ISNULL(x.name, N'-') FROM scores s OUTER APPLY (SELECT TOP 1 name FROM scores o WHERE o.points > s.points ORDER BY points, name) x ORDER BY s.name",
      ['ab', 'b-', 'c-', 'd-', 'ea'],
    ],
    ['SELECT s.name FROM scores s CROSS APPLY (VALUES (s.points)) v(p) WHERE v.p !< 20 ORDER BY s.name', ['b', 'c']],
    [
      'WITH c AS (SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT TOP 9 n FROM c ORDER BY n DESC',
      ['3', '2', '1'],
    ],
    ["SELECT STRING_AGG(name, '') WITHIN GROUP (ORDER BY points DESC, name) [x] FROM scores", ['bcaed']],
    ['SELECT [points] FROM scores GROUP BY points WITH ROLLUP HAVING GROUPING(points) = 1', [null]],
  ])('%s', async (tsql, expected) => {
    expect((await run(tsql)).map(([value]) => value)).toEqual(expected);
  });
});
