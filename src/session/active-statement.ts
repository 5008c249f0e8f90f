import { errors } from '../core/errors.js';
import type { StatementKind } from '../plan/statement.js';
import type { StatementScans } from './statement-scans.js';

/** The statement that a session is working on: what cancels it, and its time limit. */
export class ActiveStatement {
  readonly #controller = new AbortController();
  #startedAt = performance.now();
  #timer: NodeJS.Timeout | null = null;
  /** The engine works for it: cancelling has to go there too. */
  isInEngine = false;
  /** Null until it is planned. */
  scans: StatementScans | null = null;

  /** @param kind that of the client's statement; EXECUTE takes on that of the prepared one */
  constructor(public kind: StatementKind) {}

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Ends the statement with 57014 when the session's statement_timeout is over; 0: never. */
  limitTime(timeoutMs: number, onTimeout: () => void): void {
    this.stopClock();
    if (timeoutMs <= 0) return;
    const left = Math.max(1, timeoutMs - this.elapsedMs);
    this.#timer = setTimeout(() => {
      this.cancel('canceling statement due to statement timeout');
      onTimeout();
    }, left);
  }

  /** Counts a time limit from now on: another statement goes on with the same work. */
  restartClock(timeoutMs: number): void {
    this.#startedAt = performance.now();
    this.limitTime(timeoutMs, () => {});
  }

  stopClock(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  cancel(message: string): void {
    this.#controller.abort(errors.canceled(message));
  }

  /** What to tell the client: once cancelled, every error is the cancellation's. */
  causeOf(error: unknown): unknown {
    return this.signal.aborted ? this.signal.reason : error;
  }
}
