import type { Statement } from '../plan/statement.js';
import type { Frame } from '../wire/frames.js';
import { type ParseMessage, readBindNames, readExecute, readParse, readTarget } from '../wire/messages.js';
import { frontend } from '../wire/write.js';
import { type ClientSql, readClientSql } from './client-sql.js';
import { startPortal } from './portal-start.js';
import type { Portal, PreparedStatement } from './prepared.js';
import type { SessionState } from './session-state.js';
import { describeStatement, isVirtual, mayBeVirtual, noteNamedObjects } from './sql-prepared.js';
import { inUtf8 } from './utf8-window.js';

/**
 * The extended query protocol. Every message is relayed; only Execute of a statement over virtual tables is taken over.
 * https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
export class ExtendedQuery {
  readonly #session: SessionState;

  constructor(session: SessionState) {
    this.#session = session;
  }

  parse(frame: Frame): void | Promise<void> {
    const message = readParse(frame.bytes);
    const sql = this.#session.text.decode(message.query);
    if (sql instanceof Promise) return sql.then((text) => this.#parseText(frame, message, text));
    return this.#parseText(frame, message, sql);
  }

  #parseText(frame: Frame, message: ParseMessage, sql: string): void | Promise<void> {
    if (!mayBeVirtual(this.#session, sql)) {
      this.#relayParse(frame.bytes, message, null);
      return;
    }
    const read = readClientSql(sql);
    if (!(read instanceof Promise)) return this.#parseRead(frame, message, read);
    return read.then((client) => this.#parseRead(frame, message, client));
  }

  #parseRead(frame: Frame, message: ParseMessage, { sql, isTranslated, statements }: ClientSql): void {
    const virtual = this.#onlyVirtual(statements ?? []);
    if (!isTranslated) this.#relayParse(frame.bytes, message, virtual);
    else {
      const onError = (error: Buffer): Buffer => this.#session.text.encodeFields(error);
      const bytes = frontend.parse(message.name, sql, message.parameterOids);
      inUtf8(this.#session.link, () => this.#relayParse(bytes, message, virtual, onError));
    }
  }

  #relayParse(
    bytes: Buffer,
    { name, parameterOids }: ParseMessage,
    virtual: Statement | null,
    onError?: (frame: Buffer) => Buffer,
  ): void {
    const { link, prepared } = this.#session;
    const statement: PreparedStatement = { virtual, isDescribed: false, parameterOids, fields: null };
    const undo = prepared.set(name, statement);
    link.request(bytes, 'parse', onError === undefined ? { onFailed: undo } : { onFailed: undo, onError });
    if (virtual !== null) void describeStatement(this.#session, name, statement).catch(() => {});
  }

  bind(frame: Frame): void {
    const { link, prepared, portals } = this.#session;
    const bind = readBindNames(frame.bytes);
    const statement = prepared.get(bind.statement);
    const isVirtual = statement !== undefined && statement.virtual !== null;
    const replaced = portals.get(bind.portal);
    if (replaced?.running != null) void this.#session.finish(replaced.running);
    if (!isVirtual) portals.delete(bind.portal);
    const undo = isVirtual
      ? portals.set(bind.portal, {
          prepared: statement,
          bind: Buffer.from(frame.bytes),
          syncsBefore: link.syncsSent,
          running: null,
        })
      : () => {};
    link.request(frame.bytes, 'bind', { onFailed: undo });
  }

  close(frame: Frame): void {
    const { link, prepared, portals } = this.#session;
    const { kind, name } = readTarget(frame.bytes);
    const statement = prepared.get(name);
    const portal = portals.get(name);
    // By the time it is done a pipeline may have given the name to another.
    const onDone = (): void => {
      if (kind === 'statement') {
        if (prepared.get(name) === statement) prepared.delete(name);
        return;
      }
      if (portals.get(name) === portal) portals.delete(name);
      if (portal?.running != null) void this.#session.finish(portal.running);
    };
    link.request(frame.bytes, 'close', { onDone });
  }

  execute(frame: Frame): void | Promise<void> {
    const { portal: name, maxRows } = readExecute(frame.bytes);
    const portal = this.#session.portals.get(name);
    if (portal === undefined) this.#session.link.request(frame.bytes, 'execute');
    else return this.#executeVirtual(frame, name, portal, maxRows);
  }

  async #executeVirtual(frame: Frame, name: string, portal: Portal, maxRows: number): Promise<void> {
    const session = this.#session;
    const { link } = session;
    // Behind nothing but Bind and the like, what it takes to start is asked in the same round trip.
    if (portal.running !== null || !portal.prepared.isDescribed || !link.isPreparing) await link.settled();
    if (link.isFailed || link.isClosed) return;
    const failed = async (error: unknown): Promise<void> => {
      const sqlstate = await session.report(error, (position) => position);
      if (portal.running !== null) await session.finish(portal.running, sqlstate);
      portal.running = null;
    };
    try {
      portal.running ??= await startPortal(session, name, portal);
      if (portal.running === null) {
        session.portals.delete(name);
        link.request(frame.bytes, 'execute', this.#afterExecute(portal));
        return;
      }
      await session.execute(portal.running, maxRows);
      portal.running.active.stopClock();
    } catch (error) {
      await failed(error);
    }
  }

  /** What SQL-level PREPARE and DEALLOCATE change, once they have run. */
  #afterExecute(portal: Portal): { onDone?: () => void } {
    const statement = portal.prepared.virtual!;
    return { onDone: () => noteNamedObjects(this.#session, statement) };
  }

  #onlyVirtual([statement, ...others]: readonly Statement[]): Statement | null {
    return statement === undefined || others.length > 0 || !isVirtual(this.#session, statement) ? null : statement;
  }
}
