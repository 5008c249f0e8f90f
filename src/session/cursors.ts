import { GatewayError } from '../core/errors.js';
import type { CursorAction } from '../plan/cursor-action.js';
import { backend } from '../wire/write.js';
import type { ClientWriter } from './client-writer.js';
import type { EngineRun } from './engine-run.js';
import type { PortalRun, RunningStatement } from './prepared.js';
import type { RowEncoder } from './row-encoder.js';
import type { StreamRun } from './stream-run.js';

/** A cursor whose rows come from its scan as they are fetched. */
export interface StreamCursor {
  readonly running: RunningStatement;
  readonly run: StreamRun;
  /** WITH HOLD. */
  readonly isHeld: boolean;
  /** The session's when the cursor was declared; counted for each FETCH. */
  readonly statementTimeoutMs: number;
  /** An encoder for the format codes of a FETCH; null: there is none for these. */
  readonly encoderFor: (formats: readonly number[]) => RowEncoder | null;
}

/**
 * DECLARE of a cursor that streams: the engine declares it too, over the empty plan table, so that it knows the name,
 * describes the rows and ends it with the transaction or holds it beyond; only its rows are the gateway's.
 */
export class DeclareRun implements PortalRun {
  readonly #engine: EngineRun;
  readonly #onDeclared: () => void;

  constructor(engine: EngineRun, onDeclared: () => void) {
    this.#engine = engine;
    this.#onDeclared = onDeclared;
  }

  async execute(maxRows: number): Promise<void> {
    await this.#engine.execute(maxRows);
    this.#onDeclared();
  }

  close(isGone?: boolean): Promise<void> {
    return this.#engine.close(isGone);
  }
}

/** FETCH and MOVE. */
export class FetchRun implements PortalRun {
  readonly #cursor: StreamCursor;
  readonly #action: Extract<CursorAction, { type: 'fetch' }>;
  readonly #formats: readonly number[];
  readonly #client: ClientWriter;

  constructor(
    cursor: StreamCursor,
    action: Extract<CursorAction, { type: 'fetch' }>,
    formats: readonly number[],
    client: ClientWriter,
  ) {
    this.#cursor = cursor;
    this.#action = action;
    this.#formats = formats;
    this.#client = client;
  }

  async execute(): Promise<void> {
    const { forward, isMove } = this.#action;
    const encoder = isMove ? null : this.#cursor.encoderFor(this.#formats);
    if (forward === null || (encoder === null && !isMove)) throw cannotScan();
    const { run, running, statementTimeoutMs } = this.#cursor;
    running.active.restartClock(statementTimeoutMs);
    const count = await run.send(forward, encoder);
    running.active.stopClock();
    this.#client.write(backend.commandComplete(`${isMove ? 'MOVE' : 'FETCH'} ${count}`));
  }

  /** The cursor goes on. */
  async close(): Promise<void> {}
}

/** In PostgreSQL's words. */
function cannotScan(): GatewayError {
  return new GatewayError('55000', 'cursor can only scan forward', {
    hint: 'Declare it with SCROLL option to enable backward scan.',
  });
}
