import { createRequire } from 'node:module';

type TransactSql = typeof import('node-sql-parser/build/transactsql.js');

/** Above this the opinion costs more than it is worth. */
const MAX_LENGTH = 20_000;

const require = createRequire(import.meta.url);
let parser: InstanceType<TransactSql['Parser']> | null = null;

/** node-sql-parser's T-SQL build, loaded when it is first needed: 40 ms, and most gateways never need it. */
function loadParser(): InstanceType<TransactSql['Parser']> {
  parser ??= new (require('node-sql-parser/build/transactsql.js') as TransactSql).Parser();
  return parser;
}

/**
 * The names of the tables and CTEs that node-sql-parser finds in the original T-SQL, in lower case. It misses some
 * (`t (NOLOCK)` is a function to it) and rejects many texts (`%`, `WITH TIES`, `]]`, COLLATE): those have none. But a
 * table that it finds and the translation lacks says that one of the two misread the text.
 */
export function readTables(tsql: string): string[] {
  if (tsql.length > MAX_LENGTH) return [];
  try {
    const { tableList } = loadParser().parse(tsql, { database: 'transactsql' });
    return tableList.map((entry) => entry.split('::').at(-1)!.toLowerCase());
  } catch {
    return [];
  }
}
