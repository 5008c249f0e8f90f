import { scanTokens, toSql } from '../plan/syntax.js';
import { type BindMessage, type FieldDescription, readBind, readRowDescription } from '../wire/messages.js';
import { frontend } from '../wire/write.js';
import { ActiveStatement } from './active-statement.js';
import type { BoundStatement } from './bound-statement.js';
import { bindExtended } from './bound-statement.js';
import type { Portal, RunningStatement } from './prepared.js';
import type { SessionState } from './session-state.js';
import { bindExecute } from './sql-prepared.js';
import type { PlanQuestions } from './statement-planner.js';

const ROW_DESCRIPTION = 'T'.charCodeAt(0);

/** Starts what a portal of the extended protocol is bound to; null: it has nothing to do with virtual tables after all. */
export async function startPortal(
  session: SessionState,
  name: string,
  portal: Portal,
): Promise<RunningStatement | null> {
  const active = new ActiveStatement(portal.prepared.virtual!.kind);
  const { bound, questions } = await session.during(active, () => bindPortal(session, name, portal));
  return startBound(session, bound, questions, active);
}

/**
 * Starts a statement. FETCH and MOVE may name a portal that Bind has made, as asyncpg's `Cursor.forward` does: then
 * they read on in that portal.
 */
export async function startBound(
  session: SessionState,
  bound: BoundStatement,
  questions: PlanQuestions | null,
  active: ActiveStatement,
): Promise<RunningStatement | null> {
  const { cursor } = bound.statement;
  const portal = cursor?.type === 'fetch' ? session.portals.get(cursor.name) : undefined;
  if (cursor?.type !== 'fetch' || portal === undefined) return session.start(bound, questions, active);
  portal.running ??= await startPortal(session, cursor.name, portal);
  if (portal.running === null) return session.start(bound, questions, active);
  return session.during(active, async () =>
    session.runner.cursors.fetchFrom(portal.running!, cursor, bound, renamed(bound)),
  );
}

/** The FETCH or MOVE with another cursor's name, which stands last in it. */
function renamed({ statement: { text, start, end } }: BoundStatement): (name: string) => Buffer {
  const name = scanTokens(toSql(text)).findLast((token) => token.end <= end)!;
  return (other) => Buffer.from(`${text.slice(start, name.start)}"${other}"`, 'latin1');
}

/** A statement to be started, and what the engine has been asked about it already. */
export interface AskedStatement {
  readonly bound: BoundStatement;
  readonly questions: PlanQuestions | null;
}

/** The portal's Bind message, read; where it cannot be, the engine has refused it too, and in its own words. */
function readAccepted(
  { link }: SessionState,
  portal: Portal,
  described: Promise<unknown>,
): BindMessage | Promise<never> {
  try {
    return readBind(portal.bind);
  } catch (error) {
    link.send(frontend.flush);
    return described.then(() => Promise.reject(error));
  }
}

/** The portal's statement with its parameters, and its result columns as the engine describes them. */
async function bindPortal(session: SessionState, name: string, portal: Portal): Promise<AskedStatement> {
  const { link, prepared, text } = session;
  const statement = portal.prepared.virtual!;
  const description = link.ask(frontend.describe('portal', name), 'describe');
  const read = readAccepted(session, portal, description);
  const bind = read instanceof Promise ? await read : read;
  const target = statement.kind === 'execute' ? prepared.get(statement.preparedName ?? '') : undefined;
  const oids = target === undefined ? portal.prepared.parameterOids : [];
  const bindWith = (parameters: readonly (Buffer | null)[], fields: readonly FieldDescription[] | null) =>
    bindExtended(statement, oids, bind, parameters, fields);
  const asksAhead = target === undefined && session.reported.isUtf8;
  const questions = asksAhead ? session.runner.planner.ask(bindWith(bind.parameters, null)) : null;
  link.send(frontend.flush);
  const [described] = await description;
  const executed = target === undefined ? null : await bindExecute(session, statement, target);
  if (executed !== null) return { bound: executed, questions };
  const fields = described!.type === ROW_DESCRIPTION ? readRowDescription(described!.bytes) : null;
  const parameters = await text.decodeParameters(bind.parameters, bind.parameterFormats, oids);
  return { bound: bindWith(parameters, fields), questions };
}
