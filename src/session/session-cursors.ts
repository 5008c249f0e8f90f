import type { CursorAction } from '../plan/cursor-action.js';
import { textBindTail } from '../wire/write.js';
import type { BoundStatement } from './bound-statement.js';
import type { ClientWriter } from './client-writer.js';
import { DeclareRun, FetchRun, type StreamCursor } from './cursors.js';
import type { EngineLink } from './engine-link.js';
import type { EnginePath } from './engine-path.js';
import { ownQueries } from './engine-requests.js';
import { EngineRun } from './engine-run.js';
import type { PortalRun, RunningStatement } from './prepared.js';

export type FetchAction = Extract<CursorAction, { type: 'fetch' }>;

/** The cursors of one session that stream, and the portals that FETCH and MOVE can read on in. */
export class SessionCursors {
  readonly #link: EngineLink;
  readonly #client: ClientWriter;
  readonly #enginePath: EnginePath;
  readonly #cursors = new Map<string, StreamCursor>();
  /** What FETCH and MOVE need of the portals that stream. */
  readonly #portals = new WeakMap<PortalRun, StreamCursor>();

  constructor(link: EngineLink, client: ClientWriter, enginePath: EnginePath) {
    this.#link = link;
    this.#client = client;
    this.#enginePath = enginePath;
  }

  get count(): number {
    return this.#cursors.size;
  }

  /** Makes a portal that streams known to `fetchFrom`. */
  addPortal(cursor: StreamCursor): void {
    this.#portals.set(cursor.run, cursor);
  }

  /** DECLARE of a cursor that streams, which is declared in the engine as well; `sql` reads empty tables. */
  declare(bound: BoundStatement, sql: Buffer, name: string, cursor: StreamCursor): RunningStatement {
    const engine = this.#enginePath.start(bound, sql, (frame) => frame);
    const onDeclared = (): void => {
      if (this.#link.isFailed) return;
      this.close((_, key) => key === name); // one that a rollback has ended unseen
      this.#cursors.set(name, cursor);
    };
    return { ...cursor.running, run: new DeclareRun(engine, onDeclared) };
  }

  /** FETCH and MOVE; null: the cursor is none of these. */
  async fetch(action: FetchAction, bound: BoundStatement): Promise<RunningStatement | null> {
    const cursor = this.#cursors.get(action.name);
    if (cursor === undefined) return null;
    if (bound.fields === null && !(action.isMove && (await this.#isDeclared(action.name)))) {
      // The engine has no such cursor any more: the transaction that declared it was rolled back.
      this.close((_, name) => name === action.name);
      return null;
    }
    return this.#fetchRun(cursor, action, bound);
  }

  /**
   * FETCH or MOVE in a portal of the extended protocol that is being read.
   * @param renamed the statement with another cursor's name
   */
  fetchFrom(
    portal: RunningStatement,
    action: FetchAction,
    bound: BoundStatement,
    renamed: (name: string) => Buffer,
  ): RunningStatement {
    const { run, active } = portal;
    const cursor = this.#portals.get(run);
    if (cursor !== undefined) return this.#fetchRun(cursor, action, bound);
    if (!(run instanceof EngineRun)) throw new Error('a portal that neither streams nor is in the engine');
    return { way: 'engine', active, run: this.#enginePath.start(bound, renamed(run.portalName), run.onError) };
  }

  /** Ends the streaming cursors that are chosen. */
  close(isChosen: (cursor: StreamCursor, name: string) => boolean): void {
    for (const [name, cursor] of this.#cursors) {
      if (!isChosen(cursor, name)) continue;
      this.#cursors.delete(name);
      void cursor.run.close();
    }
  }

  /** MOVE has no rows, so that its description does not tell. */
  async #isDeclared(name: string): Promise<boolean> {
    const sql = 'SELECT 1 FROM pg_catalog.pg_cursors WHERE name = $1';
    const [rows] = await ownQueries(this.#link, [{ sql, parameterOids: [25], bindTail: textBindTail([name]) }]);
    return rows!.length > 0;
  }

  #fetchRun(cursor: StreamCursor, action: FetchAction, bound: BoundStatement): RunningStatement {
    const formats = (bound.fields ?? []).map((field) => field.format);
    return { ...cursor.running, run: new FetchRun(cursor, action, formats, this.#client) };
  }
}
