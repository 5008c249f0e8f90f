import { beforeAll, describe, expect, it } from 'vitest';
import { loadParser, parseStatements } from '../../src/plan/syntax.js';
import { translateTsql } from '../../src/plan/tsql/translate.js';

beforeAll(async () => {
  await loadParser();
  await translateTsql('SELECT TOP 1 [a] FROM t'); // loads the second parser
});

/** Random numbers that are the same in every run. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PIECES =
  `SELECT TOP DISTINCT PERCENT WITH TIES FROM WHERE GROUP BY HAVING ORDER OFFSET ROWS FETCH NEXT ONLY UNION ALL
  JOIN LEFT CROSS OUTER APPLY ON AS CASE WHEN THEN ELSE END CAST CONVERT ISNULL IIF DATEADD DATEDIFF day LEN GETDATE
  OVER PARTITION IN LIKE BETWEEN NOT NULL IS AND OR EXISTS VALUES NOLOCK OPTION FOR INTO int varchar a b t [x] [a]]b] "q"
  ( ( ( ) ) ) , , . ; = + - * / % & < !< <> 1 2.5 'it''s' N'n' '5' $1 @v #t [ ] ' " /* */ -- \\ :: é 😀 \0`.split(
    /\s+/,
  );

const QUERIES = [
  "SELECT TOP 5 [a], ISNULL(b, 'x') + 'y' AS [c] FROM [s].[t] o WITH (NOLOCK) WHERE DATEDIFF(day, d, GETDATE()) < 7 ORDER BY a DESC",
  "WITH c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT TOP (3) WITH TIES n, CAST(n AS varchar(5)) + N'z' FROM c ORDER BY n",
  "SELECT x.*, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) [rn] FROM t CROSS APPLY (SELECT TOP 1 * FROM u WHERE u.a LIKE '%[_]%') x",
];

/** Never throws; what it gives is PostgreSQL. */
async function check(text: string): Promise<boolean> {
  const translated = await translateTsql(text);
  if (translated !== null) expect(parseStatements(translated), text).not.toBeNull();
  return translated !== null;
}

describe('any text', () => {
  it('is translated or refused: token soup', { timeout: 30_000 }, async () => {
    const random = makeRandom(20240331);
    for (let round = 0; round < 3000; round++) {
      const words = Array.from({ length: 1 + random(25) }, () => PIECES[random(PIECES.length)]!);
      await check((random(2) === 0 ? 'SELECT ' : '') + words.join(random(8) === 0 ? '' : ' '));
    }
  });

  it('is translated or refused: queries with a piece replaced, doubled or left out', { timeout: 30_000 }, async () => {
    const random = makeRandom(7);
    let translated = 0;
    for (let round = 0; round < 3000; round++) {
      const words = QUERIES[round % QUERIES.length]!.split(/(?<=[ ,()])|(?=[ ,()])/);
      const at = random(words.length);
      const replaced = [[], [words[at]!, words[at]!], [PIECES[random(PIECES.length)]!], [' ']][random(4)]!;
      words.splice(at, 1, ...replaced);
      if (await check(words.join(''))) translated++;
    }
    expect(translated).toBeGreaterThan(300); // or nothing was tested
  });

  it.each([
    ['parentheses', `SELECT TOP 1 ${'('.repeat(50_000)}1${')'.repeat(50_000)}`, false],
    ['open parentheses', `SELECT TOP 1 ${'('.repeat(100_000)}`, false],
    ['subqueries', `${'SELECT TOP 1 * FROM ('.repeat(5000)}SELECT 1 a${') x'.repeat(5000)}`, false],
    ['signs', `SELECT TOP 1 ${'- '.repeat(100_000)}1`, false],
    ['negations', `SELECT TOP 1 * FROM t WHERE ${'NOT '.repeat(100_000)}a = 1`, false],
    ['joins', `SELECT TOP 1 * FROM a ${'JOIN b '.repeat(50_000)}`, false],
    ['cases', `SELECT TOP 1 ${'CASE '.repeat(50_000)}`, false],
    ['repeated operands', `SELECT TOP 1 ${'DATEDIFF(month, 0, '.repeat(40)}a${')'.repeat(40)}`, false],
    ['a long sum', `SELECT TOP 1 a${' + b'.repeat(3000)} FROM t`, true],
    ['a long concatenation', `SELECT TOP 1 'a'${" + b + 'c'".repeat(2000)} FROM t`, true],
    ['a long list', `SELECT TOP 1 * FROM t WHERE a IN (${'1, '.repeat(100_000)}1)`, true],
    ['many columns', `SELECT TOP 1 ${'[a], '.repeat(2000)}b FROM t`, true],
    ['an open string', `SELECT TOP 1 '${"''".repeat(200_000)}`, false],
    ['an open bracket', `SELECT TOP 1 [${']]'.repeat(200_000)}`, false],
    ['an open comment', `SELECT TOP 1 ${'/*'.repeat(200_000)}`, false],
    ['a megabyte', `SELECT TOP 1 '${'x'.repeat(1_000_000)}'`, false],
    ['nothing but semicolons', ';'.repeat(100_000), false],
    [
      'opened parentheses in a list',
      `SELECT TOP 1 a FROM t WHERE a IN ${'(('.repeat(40)}SELECT 1${'))'.repeat(40)}`,
      true,
    ],
  ])('takes a bounded time: %s', { timeout: 5000 }, async (_, text, isTranslated) => {
    expect(await check(text)).toBe(isTranslated);
  });
});
