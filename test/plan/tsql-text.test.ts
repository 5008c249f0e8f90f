import { beforeAll, describe, expect, it } from 'vitest';
import { loadParser, parseStatements } from '../../src/plan/syntax.js';
import { translateTsql } from '../../src/plan/tsql/translate.js';

beforeAll(() => loadParser());

/** Each translation is accepted by PostgreSQL's parser, and says exactly this. */
const translates = async (tsql: string, sql: string): Promise<void> => {
  const translated = await translateTsql(tsql);
  expect(translated).toBe(sql);
  expect(parseStatements(translated!)).not.toBeNull();
};

describe('names and hints', () => {
  it.each([
    ['SELECT [id] FROM [shop].[orders]', 'SELECT "id" FROM "shop"."orders"'],
    ['SELECT [Id], Id, "Id" FROM t', 'SELECT "Id", Id, "Id" FROM t'],
    ['SELECT [a]]b], [a"b] FROM [my table]', 'SELECT "a]b", "a""b" FROM "my table"'],
    ['SELECT * FROM [tidegate].[shop].[orders]', 'SELECT * FROM "tidegate"."shop"."orders"'],
    ['SELECT [t].*, [s].[t].* , [s].[t].[c] FROM [s].[t]', 'SELECT "t".*, "s"."t".*, "s"."t"."c" FROM "s"."t"'],
    ['SELECT Limit, [User] u, order# FROM [t]', 'SELECT "limit", "User" AS u, "order#" FROM "t"'],
    [
      "SELECT * FROM [INFORMATION_SCHEMA].[TABLES] WHERE TABLE_SCHEMA = N'shop'",
      'SELECT * FROM "information_schema"."tables" WHERE TABLE_SCHEMA = \'shop\'',
    ],
    ['SELECT id FROM t WITH (NOLOCK)', 'SELECT id FROM t'],
    ['SELECT id FROM t (NOLOCK), u x (nolock, readpast)', 'SELECT id FROM t, u AS x'],
    ['SELECT id FROM t AS o WITH (INDEX(1), FORCESEEK) OPTION (RECOMPILE, MAXDOP 1);', 'SELECT id FROM t AS o'],
    ['SELECT id FROM t WITH (INDEX = ix) o', 'SELECT id FROM t AS o'],
    [
      'SELECT 1 FROM [a] LEFT OUTER HASH JOIN b ON a.x = b.x INNER LOOP JOIN c ON c.x = b.x',
      'SELECT 1 FROM "a" LEFT JOIN b ON a.x = b.x INNER JOIN c ON c.x = b.x',
    ],
    ['SELECT /* [x] /* -- */ */ [a] -- [b]\nFROM [t] -- end', 'SELECT "a" FROM "t"'],
    [
      'SELECT Tbl1002."c" "Col1004" FROM "tidegate"."shop"."orders" "Tbl1002" WHERE [c] = $1',
      'SELECT Tbl1002."c" AS "Col1004" FROM "tidegate"."shop"."orders" AS "Tbl1002" WHERE "c" = $1',
    ],
  ])('%s', translates);
});

describe('TOP and ORDER BY', () => {
  it.each([
    ['SELECT TOP 10 id FROM t', 'SELECT id FROM t LIMIT 10'],
    ['SELECT TOP (10) * FROM t', 'SELECT * FROM t LIMIT 10'],
    ['SELECT TOP 5 (a), b FROM t', 'SELECT (a), b FROM t LIMIT 5'],
    ['SELECT TOP (2 + 3) -a FROM t', 'SELECT -a FROM t LIMIT (2 + 3)'],
    ['SELECT TOP ($1) id FROM t', 'SELECT id FROM t LIMIT $1'],
    ['SELECT DISTINCT TOP 3 id FROM t ORDER BY id', 'SELECT DISTINCT id FROM t ORDER BY id NULLS FIRST LIMIT 3'],
    [
      'SELECT TOP 5 WITH TIES id FROM t ORDER BY total DESC',
      'SELECT id FROM t ORDER BY total DESC NULLS LAST FETCH FIRST 5 ROWS WITH TIES',
    ],
    ['SELECT * FROM (SELECT TOP 100 PERCENT id FROM t) x', 'SELECT * FROM (SELECT id FROM t) AS x'],
    [
      'SELECT id FROM t WHERE id IN (SELECT TOP 3 id FROM u ORDER BY id ASC)',
      'SELECT id FROM t WHERE id IN (SELECT id FROM u ORDER BY id NULLS FIRST LIMIT 3)',
    ],
    [
      'SELECT TOP 3 id FROM t UNION ALL SELECT TOP 2 id FROM u ORDER BY id',
      '(SELECT id FROM t LIMIT 3) UNION ALL (SELECT id FROM u LIMIT 2) ORDER BY id NULLS FIRST',
    ],
    [
      '(SELECT TOP 1 id FROM t ORDER BY id) EXCEPT SELECT id FROM u',
      '(SELECT id FROM t ORDER BY id NULLS FIRST LIMIT 1) EXCEPT SELECT id FROM u',
    ],
    [
      'SELECT [id] FROM t ORDER BY id, 2 DESC OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY',
      'SELECT "id" FROM t ORDER BY id NULLS FIRST, 2 DESC NULLS LAST OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY',
    ],
    [
      'SELECT [id] FROM t ORDER BY id OFFSET $1 * 10 ROWS FETCH FIRST 1 ROW ONLY',
      'SELECT "id" FROM t ORDER BY id NULLS FIRST OFFSET ($1 * 10) ROWS FETCH NEXT 1 ROWS ONLY',
    ],
    [
      ';WITH c (n) AS (SELECT TOP 3 id FROM t) SELECT * FROM c; SELECT TOP 1 1',
      'WITH c(n) AS (SELECT id FROM t LIMIT 3) SELECT * FROM c; SELECT 1 LIMIT 1',
    ],
    [
      'WITH c AS (SELECT 1 n UNION ALL SELECT n + 1 FROM [c] WHERE n < 5) SELECT * FROM c',
      'WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM "c" WHERE n < 5) SELECT * FROM c',
    ],
    [
      'declare "SQL_CUR1" cursor with hold for SELECT TOP 3 [id] FROM shop.orders;fetch 100 in "SQL_CUR1"',
      'declare "SQL_CUR1" cursor with hold for SELECT "id" FROM shop.orders LIMIT 3; fetch 100 in "SQL_CUR1"',
    ],
  ])('%s', translates);
});

describe('texts that PostgreSQL’s grammar accepts', () => {
  it.each([
    ['SELECT TOP (10) id FROM t', 'SELECT id FROM t LIMIT 10'],
    ['SELECT DISTINCT top(1) id FROM t', 'SELECT DISTINCT id FROM t LIMIT 1'],
    ['SELECT isnull(a, 0) FROM t ORDER BY a', 'SELECT COALESCE(a, 0) FROM t ORDER BY a NULLS FIRST'],
  ])('%s', translates);
});

describe('tables and grouping', () => {
  it.each([
    [
      'SELECT * FROM a CROSS APPLY (SELECT TOP 1 * FROM b WHERE b.x = a.x) c',
      'SELECT * FROM a CROSS JOIN LATERAL (SELECT * FROM b WHERE b.x = a.x LIMIT 1) AS c',
    ],
    [
      'SELECT * FROM a OUTER APPLY (VALUES (a.x), (a.y)) AS v(z) JOIN d ON d.x = v.z',
      'SELECT * FROM a LEFT JOIN LATERAL (VALUES (a.x), (a.y)) AS v(z) ON true JOIN d ON d.x = v.z',
    ],
    [
      'SELECT * FROM [a] JOIN b JOIN c ON b.x = c.x ON a.x = b.x, (d CROSS JOIN e)',
      'SELECT * FROM "a" JOIN b JOIN c ON b.x = c.x ON a.x = b.x, (d CROSS JOIN e)',
    ],
    [
      'SELECT * FROM ((SELECT 1 a) x JOIN [y] z ON x.a = z.a)',
      'SELECT * FROM ((SELECT 1 AS a) AS x JOIN "y" AS z ON x.a = z.a)',
    ],
    [
      'SELECT * FROM ((SELECT 1 a UNION SELECT 2) UNION ALL (SELECT TOP 1 3)) x',
      'SELECT * FROM ((SELECT 1 AS a UNION SELECT 2) UNION ALL (SELECT 3 LIMIT 1)) AS x',
    ],
    ['SELECT [a], COUNT(*) n FROM t GROUP BY a WITH ROLLUP', 'SELECT "a", COUNT(*) AS n FROM t GROUP BY ROLLUP (a)'],
    [
      'SELECT [a] FROM t GROUP BY GROUPING SETS ((a, b), (a), ()) HAVING COUNT_BIG(*) > 1',
      'SELECT "a" FROM t GROUP BY GROUPING SETS ((a, b), (a), ()) HAVING count(*) > 1',
    ],
    [
      "SELECT x = 3, y 'My y', 'n' = a, YEAR(d) year FROM [t]",
      'SELECT 3 AS x, y AS "My y", a AS "n", CAST(extract(year FROM CAST(d AS timestamp)) AS integer) AS year FROM "t"',
    ],
    [
      'SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC) [rn] FROM t',
      'SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST) AS "rn" FROM t',
    ],
    [
      'SELECT [a], SUM(x) OVER (ORDER BY y ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t',
      'SELECT "a", SUM(x) OVER (ORDER BY y NULLS FIRST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t',
    ],
    [
      "SELECT STRING_AGG([name], ', ') WITHIN GROUP (ORDER BY name DESC) FROM t",
      'SELECT string_agg("name", \', \' ORDER BY name DESC NULLS LAST) FROM t',
    ],
  ])('%s', translates);
});

describe('expressions', () => {
  it.each([
    ['a !< 3 AND NOT b !> 2 OR c != 1', 'a >= 3 AND NOT b <= 2 OR c <> 1'],
    ['a IN ((SELECT 1), 2) AND a = ((SELECT 1) + 2)', 'a IN ((SELECT 1), 2) AND a = ((SELECT 1) + 2)'],
    ['a = ANY (SELECT b FROM u) OR EXISTS (SELECT 1)', 'a = ANY (SELECT b FROM u) OR EXISTS (SELECT 1)'],
    ['a NOT BETWEEN 1 AND 2 + 3 AND b IS NOT NULL', 'a NOT BETWEEN 1 AND 2 + 3 AND b IS NOT NULL'],
    ['a%-1=-1 AND -(-a)=a - -1', 'a % -1 = -1 AND -(-a) = a - -1'],
    ['a & 1 + 2 = 0 AND a + b & c = 0', '(a & 1) + 2 = 0 AND a + b & c = 0'],
    ["a LIKE N'100[%]\\x[_][[]' AND b NOT LIKE 'x%'", "a LIKE '100\\%\\\\x\\_[' AND b NOT LIKE 'x%'"],
    ["a LIKE '%' + b + '%'", "a LIKE '%' || b || '%' ESCAPE ''"],
    ["a LIKE 'x!%![%' ESCAPE '!'", "a LIKE 'x!%![%' ESCAPE '!'"],
    ["first + ' ' + last = N'It''s'", "first || ' ' || last = 'It''s'"],
    ["a + b + 'x' = 'y'", "a || b || 'x' = 'y'"],
    ["'x' + (a + b) = 'y'", "'x' || ((a || b)) = 'y'"],
    ["ISNULL(a, '') + ISNULL(b, '') = ''", "COALESCE(a, '') || COALESCE(b, '') = ''"],
    ["CAST(a AS varchar(9)) + UPPER(b) = ''", "CAST(a AS varchar(9)) || upper(b) = ''"],
    ["total + '5' = 1 AND a + b = 2 AND '1' + '2' = c", "total + '5' = 1 AND a + b = 2 AND '1' || '2' = c"],
    ["d + '01:00' > e", "d + '01:00' > e"],
    ["IIF(a > 1, 'x', 'y') + 'z' = b", "CASE WHEN a > 1 THEN 'x' ELSE 'y' END || 'z' = b"],
    ["CASE a WHEN 1 THEN 'x' END + b = ''", "CASE a WHEN 1 THEN 'x' END || b = ''"],
    ['d > GETDATE() - 7', "d > CAST(statement_timestamp() AS timestamp(3)) - 7 * interval '1 day'"],
    ['d < SYSUTCDATETIME()', "d < (statement_timestamp() AT TIME ZONE 'UTC')"],
    ['d >= DATEADD(day, -7, [x])', 'd >= "x" + interval \'-7 day\''],
    ['d >= DATEADD(qq, n, x)', "d >= x + trunc(n) * interval '3 month'"],
    ["d = CAST('20240131' AS date) OR e = TRUE", "d = CAST('20240131' AS date) OR e = TRUE"],
    [
      'CONVERT(varchar(10), d, 120) = a',
      "CAST(to_char(date_trunc('milliseconds', d), 'YYYY-MM-DD') AS varchar(10)) = a",
    ],
    ["CONVERT(datetime, '2024-01-31', 120) = d", "CAST('2024-01-31' AS timestamp(3)) = d"],
    ['a COLLATE DATABASE_DEFAULT = b', 'a = b'],
    ['lower(a) = jsonb_typeof(b) AND dbo.f(1) = 2', 'lower(a) = jsonb_typeof(b) AND dbo.f(1) = 2'],
  ])('%s', (tsql, sql) => translates(`SELECT * FROM [t] WHERE ${tsql}`, `SELECT * FROM "t" WHERE ${sql}`));

  it('casts to tinyint', () => translates("SELECT CAST('5' AS tinyint) [a]", 'SELECT CAST(\'5\' AS smallint) AS "a"'));

  it.each([
    ['bit', 'boolean'],
    ['decimal', 'numeric(18,0)'],
    ['decimal(10, 2)', 'numeric(10,2)'],
    ['money', 'numeric(19,4)'],
    ['float', 'double precision'],
    ['float(24)', 'real'],
    ['varchar', 'varchar(30)'],
    ['nvarchar(50)', 'varchar(50)'],
    ['[nvarchar](max)', 'text'],
    ['nchar(3)', 'char(3)'],
    ['datetime', 'timestamp(3)'],
    ['datetime2', 'timestamp(6)'],
    ['datetime2(7)', 'timestamp(6)'],
    ['datetime2(0)', 'timestamp(0)'],
    ['time(3)', 'time(3)'],
    ['uniqueidentifier', 'uuid'],
  ])('CAST AS %s', async (type, sql) => {
    await translates(`SELECT CAST([a] AS ${type}) FROM t`, `SELECT CAST("a" AS ${sql}) FROM t`);
    await translates(`SELECT CONVERT(${type}, [a]) FROM t`, `SELECT CAST("a" AS ${sql}) FROM t`);
  });
});

describe('what is not translated', () => {
  it.each([
    'SELECT TOP 5 PERCENT id FROM t',
    'SELECT TOP 5 WITH TIES id FROM t',
    'SELECT TOP 2.5 id FROM t',
    'SELECT TOP (NULL) id FROM t',
    'SELECT TOP 5 id FROM t ORDER BY id OFFSET 1 ROWS',
    'SELECT TOP 1 * FROM shop..orders',
    'SELECT TOP 1 * FROM srv.tidegate.shop.orders',
    'SELECT TOP 1 @@VERSION',
    'SELECT @x = [id] FROM t',
    'SELECT TOP 1 * FROM #temp',
    'SELECT TOP 1 * INTO x FROM t',
    "SELECT TOP 1 id FROM t FOR XML PATH('')",
    'SELECT TOP 1 * FROM t PIVOT (SUM(x) FOR y IN ([a], [b])) p',
    'SELECT TOP 1 * FROM t WITH (WHATEVER)',
    'SELECT TOP 1 * FROM a CROSS APPLY f(a.x) y',
    "SELECT TOP 1 * FROM a CROSS APPLY STRING_SPLIT(a.x, ',') y",
    'SELECT TOP 1 * FROM (SELECT 1 a)',
    'SELECT TOP 1 id FROM t LIMIT 5',
    'SELECT [a] FROM t WHERE b::int = 1',
    'SELECT tags[1], [a] FROM t',
    "SELECT [a], E'\\n' FROM t",
    "SELECT [a] FROM t WHERE b = 'x' COLLATE Latin1_General_CI_AS",
    'SELECT TRY_CAST([a] AS int) FROM t',
    "SELECT FORMAT([a], 'd') FROM t",
    'SELECT CAST([a] AS smalldatetime) FROM t',
    'SELECT CAST([a] AS varbinary(8)) FROM t',
    'SELECT CAST(GETDATE() AS varchar(30)), [a] FROM t',
    "SELECT [a] FROM t WHERE b LIKE '[a-z]%'",
    'SELECT [a] ^ 2 FROM t',
    'SELECT ~[a] FROM t',
    'SELECT DATEPART(weekday, [a]) FROM t',
    'SELECT DATEADD(nanosecond, 1, [a]) FROM t',
    "SELECT COUNT(*) + ' items', [a] FROM t",
    "SELECT CAST([a] AS char(5)) + 'x' FROM t",
    "SELECT ISNULL(CAST([a] AS char(5)), '') + 'x' FROM t",
    "SELECT CASE WHEN a = 1 THEN CAST(b AS nchar(5)) ELSE [c] END + 'x' FROM t",
    'SELECT [a] b c FROM t',
    'SELECT TOP 5 [a], FROM t',
    'SELECT [a] FROM t WHERE a == 1',
    'SELECT LEFT([a], -1) FROM t',
    'SELECT [a] FROM t FOR UPDATE',
    "SELECT TOP 1 * FROM OPENQUERY(x, 'SELECT 1')",
    'SELECT CAST([a] AS constructor), DATEADD(constructor, 1, b) FROM t',
    // PostgreSQL's own: its meaning is not touched, whatever it says in strings and comments
    'SELECT a FROM t ORDER BY a DESC',
    "SELECT a FROM t WHERE b = 'len(x)' /* getdate() */ ORDER BY a",
    'SELECT x = 3 FROM t',
    "SELECT convert(a, 'LATIN1', 'UTF8') FROM t",
    'SELECT s.len(a) FROM t',
    'SELECT 0xFF, [a] FROM t',
    'SELECT $1.50, [a] FROM t',
    "SELECT {d '2024-01-01'}, [a] FROM t",
    'SELECT [a FROM t',
    "SELECT 'a FROM [t]",
    'SELECT [a] /* FROM t',
    'SELECT ([a] FROM t',
    'SELECT [a]) FROM t',
    'SELECT [] FROM t',
    'SELECT',
    ';',
    '',
    'UPDATE [t] SET a = 1',
    'SELECT [a] FROM t; DELETE FROM [t]',
    'INSERT INTO [t] SELECT 1',
    'EXEC sp_help',
    'BEGIN; COMMIT',
  ])('%s', async (tsql) => {
    expect(await translateTsql(tsql)).toBeNull();
  });
});
