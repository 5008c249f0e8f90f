import { readStatements, type Statement } from '../plan/statement.js';

/** A query text as the engine will get it. */
export interface ClientSql {
  readonly sql: string;
  /** It was T-SQL, and `sql` is not what the client sent. */
  readonly isTranslated: boolean;
  /** Null: PostgreSQL's parser rejects it, and has the better error. */
  readonly statements: readonly Statement[] | null;
}

/** Signs of T-SQL in texts that PostgreSQL's grammar lets pass; the translator decides. */
const TSQL_SIGN =
  /\btop\s*\(|\(\s*nolock|\b(?:isnull|len|getdate|getutcdate|sysdatetime|sysutcdatetime|iif|dateadd|datediff|datediff_big|datepart|charindex|convert|year|month|day|eomonth|newid|count_big|stdev|replicate|space)\s*\(/i;

/** Texts that are remembered, taken apart: clients send the same ones again and again. */
const MOST_TEXTS = 500;
/** Longer ones are not likely to come again. */
const MOST_CHARACTERS = 20_000;

const known = new Map<string, ClientSql>();

/**
 * Takes a query text apart. What PostgreSQL does not understand is tried as T-SQL, as users of linked servers type it;
 * that takes a promise, because the translator is loaded when it is first needed.
 */
export function readClientSql(sql: string): ClientSql | Promise<ClientSql> {
  const client = known.get(sql);
  if (client !== undefined) return client;
  const statements = readStatements(sql);
  if (statements !== null && !TSQL_SIGN.test(sql)) return remember(sql, { sql, isTranslated: false, statements });
  return readTsql(sql, statements).then((read) => remember(sql, read));
}

function remember(sql: string, client: ClientSql): ClientSql {
  if (sql.length > MOST_CHARACTERS) return client;
  if (known.size >= MOST_TEXTS) known.delete(known.keys().next().value!);
  known.set(sql, client);
  return client;
}

async function readTsql(sql: string, statements: readonly Statement[] | null): Promise<ClientSql> {
  const { translateTsql } = await import('../plan/tsql/translate.js');
  const translated = await translateTsql(sql);
  if (translated === null) return { sql, isTranslated: false, statements };
  return { sql: translated, isTranslated: true, statements: readStatements(translated) };
}
