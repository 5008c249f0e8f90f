import { errors, GatewayError } from '../core/errors.js';
import type { CursorAction, CursorMovement } from '../plan/cursor-action.js';
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

  /** @throws 55000 when the cursor cannot move so, before anything is said of its rows */
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
    this.#steps();
  }

  async execute(): Promise<void> {
    const { isMove } = this.#action;
    const { run, running, statementTimeoutMs } = this.#cursor;
    const steps = this.#steps();
    const encoder = isMove ? null : this.#cursor.encoderFor(this.#formats);
    if (encoder === null && !isMove) throw noSuchFormat();
    running.active.restartClock(statementTimeoutMs);
    if (steps.skip > 0) await run.send(steps.skip, null);
    const count = await run.send(steps.count, encoder);
    running.active.stopClock();
    this.#client.write(backend.commandComplete(`${isMove ? 'MOVE' : 'FETCH'} ${count}`));
  }

  /** The cursor goes on. */
  async close(): Promise<void> {}

  #steps(): Steps {
    const steps = forwardSteps(this.#action.movement, this.#cursor.run);
    if (steps === null) throw cannotScan();
    return steps;
  }
}

/** How many rows to pass over, and how many to give then. */
interface Steps {
  readonly skip: number;
  readonly count: number;
}

/** Null: that goes backward. As DoPortalRunFetch of PostgreSQL. */
function forwardSteps(
  { type, count }: CursorMovement,
  { position, isOnRow }: Pick<StreamRun, 'position' | 'isOnRow'>,
): Steps | null {
  if (type === 'absolute') {
    if (count === 0) return position === 0 ? { skip: 0, count: 0 } : null;
    return count > position ? { skip: count - 1 - position, count: 1 } : null;
  }
  // Where the cursor is has to be given again.
  if (count === 0) return isOnRow ? null : { skip: 0, count: 0 };
  if (count < 0) return null;
  return type === 'relative' ? { skip: count - 1, count: 1 } : { skip: 0, count };
}

function noSuchFormat(): GatewayError {
  return errors.featureNotSupported('this cursor cannot be fetched from in binary', {
    hint: 'Fetch its rows as text, or declare it with SCROLL.',
  });
}

/** In PostgreSQL's words. */
function cannotScan(): GatewayError {
  return new GatewayError('55000', 'cursor can only scan forward', {
    hint: 'Declare it with SCROLL option to enable backward scan.',
  });
}
