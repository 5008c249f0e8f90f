import type { Statement } from '../plan/statement.js';
import { characterCount } from '../plan/syntax.js';
import type { Frame } from '../wire/frames.js';
import { readQuery } from '../wire/messages.js';
import { frontend } from '../wire/write.js';
import { ActiveStatement } from './active-statement.js';
import { bindSimple } from './bound-statement.js';
import { type ClientSql, readClientSql } from './client-sql.js';
import { withPosition } from './engine-requests.js';
import type { PositionMap } from './failure.js';
import type { FrameQueue } from './frame-queue.js';
import { type AskedStatement, startBound } from './portal-start.js';
import type { PreparedStatement, RunningStatement } from './prepared.js';
import type { SessionState } from './session-state.js';
import { bindExecute, describeStatement, isVirtual, mayBeVirtual, noteNamedObjects } from './sql-prepared.js';
import { inUtf8 } from './utf8-window.js';

/** The statement and portal that the statements of a simple query run under. */
const OWN = 'tidegate_simple';

const ROW_DESCRIPTION = 'T'.charCodeAt(0);
const COPY_TYPES = new Set([...'dcf'].map((letter) => letter.charCodeAt(0)));

/**
 * The simple query protocol. A text without virtual tables is relayed as it is; otherwise its statements are run one
 * by one through the extended protocol, in one implicit transaction as PostgreSQL does it, ended by one Sync.
 * https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-SIMPLE-QUERY
 */
export class SimpleQuery {
  readonly #session: SessionState;
  readonly #queue: FrameQueue;

  constructor(session: SessionState, queue: FrameQueue) {
    this.#session = session;
    this.#queue = queue;
  }

  run(frame: Frame): void | Promise<void> {
    const sql = this.#session.text.decode(readQuery(frame.bytes));
    return sql instanceof Promise ? sql.then((text) => this.#runText(frame, text)) : this.#runText(frame, sql);
  }

  #runText(frame: Frame, sql: string): void | Promise<void> {
    if (!mayBeVirtual(this.#session, sql)) {
      this.#session.link.request(frame.bytes, 'query');
      return;
    }
    const read = readClientSql(sql);
    return read instanceof Promise ? read.then((client) => this.#runRead(frame, client)) : this.#runRead(frame, read);
  }

  #runRead(frame: Frame, { sql, isTranslated, statements }: ClientSql): void | Promise<void> {
    if (statements?.some((statement) => isVirtual(this.#session, statement)) === true) return this.#runAll(statements);
    const bytes = isTranslated && this.#session.reported.isUtf8 ? frontend.query(sql) : frame.bytes;
    this.#session.link.request(bytes, 'query');
  }

  async #runAll(statements: readonly Statement[]): Promise<void> {
    const { link } = this.#session;
    await link.settled();
    // In a pipeline that has failed a simple query is ignored like everything else, until the client's own Sync.
    if (link.isFailed) return;
    for (const statement of statements) {
      if (link.isFailed || link.isClosed) break;
      const map = positionMap(statement);
      try {
        if (isVirtual(this.#session, statement)) await this.#runVirtual(statement, map);
        else await this.#runPlain(statement, map);
      } catch (error) {
        await this.#session.report(error, map);
        // An error that the engine did not see must still end the query.
        break;
      }
    }
    link.request(frontend.sync, 'sync');
    await link.settled();
  }

  async #runVirtual(statement: Statement, map: PositionMap): Promise<void> {
    const session = this.#session;
    const active = new ActiveStatement(statement.kind);
    const { bound, questions, rowDescription } = await session.during(active, () => this.#describe(statement));
    const running = await startBound(session, bound, questions, active);
    if (running === null) {
      await this.#runPlain(statement, map);
      if (!session.link.isFailed) noteNamedObjects(session, statement);
      return;
    }
    let failure: unknown = null;
    try {
      if (rowDescription !== null) session.client.write(rowDescription);
      await session.execute(running, 0);
    } catch (error) {
      failure = error;
    }
    await this.#finish(running, failure);
    if (failure !== null) throw failure;
  }

  #finish(running: RunningStatement, failure: unknown): Promise<void> {
    const sqlstate = (failure as { sqlstate?: string } | null)?.sqlstate ?? null;
    return this.#session.finish(running, sqlstate);
  }

  /** Has the engine check and describe the client's own text, so that its errors are PostgreSQL's. */
  async #describe(statement: Statement): Promise<AskedStatement & { readonly rowDescription: Buffer | null }> {
    const session = this.#session;
    const { link } = session;
    const entry: PreparedStatement = { virtual: statement, isDescribed: false, parameterOids: [], fields: null };
    const answers = Promise.all([
      link.ask(frontend.close('statement', OWN), 'close'),
      inUtf8(link, () => link.ask(frontend.parse(OWN, ownText(statement)), 'parse')),
      describeStatement(session, OWN, entry),
    ]);
    const target = statement.kind === 'execute' ? session.prepared.get(statement.preparedName ?? '') : undefined;
    const questions = target === undefined ? session.runner.planner.ask(bindSimple(statement, null)) : null;
    link.send(frontend.flush);
    const [, , rowDescription] = await answers;
    const executed = target === undefined ? null : await bindExecute(session, statement, target);
    return { bound: executed ?? bindSimple(statement, entry.fields), questions, rowDescription };
  }

  /** A statement that the engine runs alone, between others that it does not. */
  async #runPlain(statement: Statement, map: PositionMap): Promise<void> {
    const { link, text } = this.#session;
    const onError = (frame: Buffer): Buffer => withPosition(frame, map);
    const hidden = { onFrame: () => null, onError };
    link.request(frontend.close('statement', OWN), 'close', hidden);
    link.request(frontend.close('portal', OWN), 'close', hidden);
    const parse = { ...hidden, onError: (frame: Buffer): Buffer => text.encodeFields(onError(frame)) };
    inUtf8(link, () => link.request(frontend.parse(OWN, ownText(statement)), 'parse', parse));
    link.request(frontend.bindText(OWN, OWN), 'bind', hidden);
    link.request(frontend.describe('portal', OWN), 'describe', {
      // NoData has no place in a simple query.
      onFrame: (frame) => (frame.type === ROW_DESCRIPTION ? frame.bytes : null),
      onError,
    });
    link.onCopyIn = () => void this.#pumpCopyIn();
    // Nothing may follow before it is answered: if it takes COPY data, all else would end the connection.
    link.request(frontend.execute(OWN), 'execute', { onError });
    await link.settled();
    link.onCopyIn = () => {};
  }

  /** Passes COPY data on while the statement that takes it is waited for. */
  async #pumpCopyIn(): Promise<void> {
    const { link } = this.#session;
    while (link.isCopyIn) {
      const frame = await this.#queue.next().catch(() => null);
      if (frame === null) return;
      if (!COPY_TYPES.has(frame.type)) {
        this.#queue.putBack(frame);
        return;
      }
      passCopyFrame(this.#session, frame);
      // CopyDone ends the phase; what asked for the data after it (Close) has to be seen through.
      if (!link.isCopyIn) link.send(frontend.flush);
    }
  }
}

const COPY_DATA = 'd'.charCodeAt(0);

/** Sends CopyData, CopyDone or CopyFail to the engine. */
export function passCopyFrame(session: SessionState, frame: Frame): void {
  session.link.send(frame.bytes);
  if (frame.type !== COPY_DATA) session.link.copyInEnded();
}

function ownText(statement: Statement): Buffer {
  return Buffer.from(statement.text.slice(statement.start, statement.end), 'latin1');
}

/** Positions count from the start of the statement; the client's count from the start of its query text. */
function positionMap(statement: Statement): PositionMap {
  const before = characterCount(statement.text.slice(0, statement.start));
  return (position) => position + before;
}
