import type { Statement } from '../plan/statement.js';
import { readStatements } from '../plan/statement.js';
import { readParameterDescription, readRowDescription } from '../wire/messages.js';
import { frontend, textBindTail } from '../wire/write.js';
import type { BoundStatement } from './bound-statement.js';
import { ownQueries } from './engine-requests.js';
import type { PreparedStatement } from './prepared.js';
import type { SessionState } from './session-state.js';

const ROW_DESCRIPTION = 'T'.charCodeAt(0);
const PARAMETER_DESCRIPTION = 't'.charCodeAt(0);

/** Words of statements that act on SQL-level prepared statements; of interest once one of those is virtual. */
const PREPARED_WORDS = /\b(?:prepare|execute|deallocate|discard)\b/i;

/** Words of statements that read or end a cursor; of interest once there is one that the gateway reads. */
const CURSOR_WORDS = /\b(?:fetch|move|close|discard)\b/i;

/** A quick answer from the text alone: false means that the engine can run it without the gateway. */
export function mayBeVirtual(session: SessionState, sql: string): boolean {
  if (session.services.names().mayOccurIn(sql)) return true;
  if (session.hasCursors && CURSOR_WORDS.test(sql)) return true;
  if (!PREPARED_WORDS.test(sql)) return false;
  for (const statement of session.prepared.values()) if (statement.virtual !== null) return true;
  return false;
}

/** Whether the gateway has a part in a statement. */
export function isVirtual(session: SessionState, statement: Statement): boolean {
  if (session.services.names().mayConcern(statement)) return true;
  if (statement.kind === 'cursor') return session.hasCursors;
  return ['prepare', 'execute', 'deallocate', 'discard'].includes(statement.kind);
}

/** Has the engine describe a prepared statement; its parameter types are needed for the rewritten text. */
export async function describeStatement(
  session: SessionState,
  name: string,
  statement: PreparedStatement,
): Promise<Buffer | null> {
  const frames = await session.link.ask(frontend.describe('statement', name), 'describe');
  let row: Buffer | null = null;
  for (const { type, bytes } of frames) {
    if (type === PARAMETER_DESCRIPTION) statement.parameterOids = readParameterDescription(bytes);
    if (type !== ROW_DESCRIPTION) continue;
    statement.fields = readRowDescription(bytes);
    row = bytes;
  }
  statement.isDescribed = true;
  return row;
}

/** Keeps the session's named objects as SQL-level PREPARE, DEALLOCATE, DISCARD and CLOSE change them. */
export function noteNamedObjects(session: SessionState, statement: Statement): void {
  const { prepared } = session;
  if (statement.cursor?.type === 'close') {
    const { name: closed } = statement.cursor;
    session.runner.cursors.close((_, name) => closed === null || name === closed);
  } else if (statement.kind === 'discard') {
    prepared.clear();
    session.runner.cursors.close(() => true);
  } else if (statement.kind === 'deallocate') {
    if (statement.preparedName === null) prepared.clear();
    else prepared.delete(statement.preparedName);
  } else if (statement.kind === 'prepare') {
    const sql = Buffer.from(statement.text.slice(statement.inner!.start, statement.inner!.end), 'latin1').toString();
    const [inner] = readStatements(sql) ?? [];
    const virtual = inner !== undefined && session.services.names().mayConcern(inner) ? inner : null;
    const entry: PreparedStatement = { virtual, isDescribed: false, parameterOids: [], fields: null };
    prepared.set(statement.preparedName!, entry);
  }
}

/**
 * `EXECUTE name (…)` of a virtual prepared statement as that statement with the arguments' values for parameters.
 * @returns null when the prepared statement is not virtual or the arguments do not fit: then the engine has the say
 */
export async function bindExecute(
  session: SessionState,
  execute: Statement,
  target: PreparedStatement,
): Promise<BoundStatement | null> {
  if (target.virtual === null) return null;
  const description = describeStatement(session, execute.preparedName!, target);
  session.link.send(frontend.flush);
  await description;
  const oids = target.parameterOids;
  if (oids.length !== execute.arguments.length) return null;
  const values = oids.length === 0 ? [] : await evaluateArguments(session, execute, oids);
  const bindTail = textBindTail(values);
  const parameters = values.map((value) => (value === null ? null : Buffer.from(value)));
  return {
    statement: target.virtual,
    parameterOids: oids,
    parameterFormats: [],
    parameters,
    bindTail,
    isTailUtf8: true,
    fields: target.fields,
  };
}

async function evaluateArguments(
  session: SessionState,
  execute: Statement,
  oids: readonly number[],
): Promise<(string | null)[]> {
  const typeNames = oids.map((oid) => `pg_catalog.format_type(${oid}, NULL)`).join(', ');
  const [types] = await ownQueries(session.link, [{ sql: `SELECT ${typeNames}` }]);
  const values = execute.arguments.map(({ start, end }, index) => {
    const expression = execute.text.slice(start, end);
    return `CAST(CAST((${expression}) AS ${Buffer.from(types![0]![index]!).toString('latin1')}) AS text)`;
  });
  const [rows] = await ownQueries(session.link, [{ sql: Buffer.from(`SELECT ${values.join(', ')}`, 'latin1') }]);
  return [...rows![0]!];
}
