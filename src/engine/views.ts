import type pg from 'pg';
import type { ViewModel } from '../config/model.js';
import { errors, type GatewayError } from '../core/errors.js';
import { dsnRole, fingerprint, quoteIdentifier, quoteLiteral, quoteName } from './names.js';

/** SQLSTATEs of a name that may yet be made: another view that comes later. */
const NOT_YET = new Set(['42P01', '42703', '3F000', '42883', '42704']);

/** What a view's identity depends on. */
export function viewFingerprint(view: ViewModel): string {
  return fingerprint(['view 1', view.sql, view.description]);
}

/**
 * Creates views in an order in which each finds what it names. Those that cannot be created are returned as problems and
 * leave the rest, and the transaction, unharmed. `searchPath` resolves unqualified names after the view's own DSN.
 */
export async function createViews(
  client: pg.Client,
  views: readonly ViewModel[],
  searchPath: readonly string[],
): Promise<{ created: readonly ViewModel[]; problems: readonly GatewayError[] }> {
  const created: ViewModel[] = [];
  let waiting = views;
  let failures = new Map<ViewModel, pg.DatabaseError>();
  while (waiting.length > 0) {
    const left: ViewModel[] = [];
    failures = new Map();
    for (const view of waiting) {
      const failure = await tryCreate(client, view, searchPath);
      if (failure === null) created.push(view);
      else {
        left.push(view);
        failures.set(view, failure);
      }
    }
    const hasProgress = left.length < waiting.length;
    waiting = left;
    if (!hasProgress || [...failures.values()].every((failure) => !NOT_YET.has(failure.code ?? ''))) break;
  }
  if (views.length > 0) await client.query("SET LOCAL search_path = ''");
  return { created, problems: [...failures].map(([view, failure]) => viewProblem(view, failure)) };
}

async function tryCreate(
  client: pg.Client,
  view: ViewModel,
  searchPath: readonly string[],
): Promise<pg.DatabaseError | null> {
  const name = quoteName(view.dsn, view.name);
  const path = [view.dsn, ...searchPath.filter((schema) => schema !== view.dsn), 'public']
    .map(quoteIdentifier)
    .join(', ');
  await client.query(`SAVEPOINT tidegate_view; SET LOCAL search_path = ${path}`);
  try {
    // With the reader's own rights, the tables' guards hold inside the view too. The extended protocol takes one
    // statement only, so a view's text cannot bring another along.
    await client.query({ text: `${createPrefix(name)}${view.sql}`, queryMode: 'extended' } as pg.QueryConfig);
    const comment = view.description === null ? '' : `COMMENT ON VIEW ${name} IS ${quoteLiteral(view.description)};`;
    const role = quoteIdentifier(dsnRole(view.dsn));
    await client.query(`GRANT SELECT, REFERENCES ON ${name} TO ${role};${comment} RELEASE tidegate_view`);
    return null;
  } catch (error) {
    const failure = error as pg.DatabaseError;
    // A lock that was not granted, or a lost connection, is not the view's fault.
    if (failure.code === undefined || failure.code.startsWith('55') || failure.code.startsWith('40')) throw error;
    await client.query('ROLLBACK TO tidegate_view');
    return failure;
  }
}

function createPrefix(name: string): string {
  return `CREATE VIEW ${name} WITH (security_invoker = true) AS `;
}

function viewProblem(view: ViewModel, failure: pg.DatabaseError): GatewayError {
  const { file, line, column } = view.location;
  const prefix = createPrefix(quoteName(view.dsn, view.name)).length;
  const at = failure.position === undefined ? -1 : Number(failure.position) - 1 - prefix;
  const where =
    at >= 0 && at <= view.sql.length ? `, at line ${view.sql.slice(0, at).split('\n').length} of its sql` : '';
  return errors.configuration(`view "${view.dsn}.${view.name}" is not valid: ${failure.message}`, {
    detail: `${file}:${line}:${column}${where}`,
    hint: failure.hint ?? 'Correct the view\'s "sql"; it must be one SELECT over tables and views that are declared.',
    cause: failure,
  });
}
