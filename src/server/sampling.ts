import type { GatewayModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import { isComplete, type OpenParts, type PartOutcome } from '../discover/open-parts.js';
import type { Log } from '../session/services.js';

/** How long clients wait at a start for columns that were never sampled. */
const START_PATIENCE_MS = 5_000;
const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 300_000;
/** A client that asks for a table without columns has it looked at again, but not more often than this. */
const MIN_RETRY_MS = 2_000;

export interface SamplingOptions {
  readonly parts: OpenParts;
  readonly log: Log;
  /** Takes over the configuration with the columns that were found. */
  readonly apply: (model: GatewayModel) => Promise<void>;
}

/**
 * Finds out in the background what the DSN files leave to their sources, again and again with growing pauses until all of it
 * is known: an API may be down at the start, or wait for somebody to log in.
 */
export class Sampling {
  readonly #options: SamplingOptions;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #pauseMs = FIRST_RETRY_MS;
  #startedAt = 0;
  #running: Promise<boolean> | null = null;

  constructor(options: SamplingOptions) {
    this.#options = options;
  }

  /** Samples before the gateway starts, for a few seconds at most; what is left goes on in the background. */
  static async beforeStart(parts: OpenParts, model: GatewayModel, log: Log): Promise<void> {
    if (isComplete(model)) return;
    const patience = AbortSignal.timeout(START_PATIENCE_MS);
    const late = new AbortController();
    const reason = errors.apiError(`no sample within ${START_PATIENCE_MS / 1000} s`, {
      hint: 'The gateway goes on trying: use the table again in a moment.',
    });
    patience.addEventListener('abort', () => late.abort(reason), { once: true });
    report(await parts.sample({ signal: late.signal }), log);
  }

  /** Goes on until everything is known; call it again after a reload. */
  start(model: GatewayModel, delayMs = FIRST_RETRY_MS): void {
    this.#stopTimer();
    this.#pauseMs = FIRST_RETRY_MS;
    if (!isComplete(model)) this.#schedule(delayMs);
  }

  /** A client wants a table that is not known yet. */
  wake(): void {
    if (this.#closing.signal.aborted || this.#running !== null) return;
    if (performance.now() - this.#startedAt < MIN_RETRY_MS) return;
    this.#stopTimer();
    this.#schedule(0);
  }

  async close(): Promise<void> {
    this.#closing.abort(errors.shuttingDown('the gateway is shutting down'));
    this.#stopTimer();
    await this.#running;
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#startedAt = performance.now();
      this.#running = this.#round();
      void this.#running.then((isDone) => {
        this.#running = null;
        if (isDone || this.#closing.signal.aborted || this.#timer !== null) return;
        this.#schedule(this.#pauseMs);
        this.#pauseMs = Math.min(MAX_RETRY_MS, this.#pauseMs * 2);
      });
    }, delayMs).unref();
  }

  /** Returns whether nothing is left to find out. Never rejects. */
  async #round(): Promise<boolean> {
    const { parts, log, apply } = this.#options;
    try {
      const outcomes = await parts.sample({ signal: this.#closing.signal });
      if (this.#closing.signal.aborted) return true;
      report(outcomes, log);
      // Also where nothing was found: why not is part of the model.
      const { model } = await parts.load();
      await apply(model);
      return isComplete(model);
    } catch (error) {
      log('error', { err: error }, 'columns could not be sampled');
      return false;
    }
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function report(outcomes: readonly PartOutcome[], log: Log): void {
  for (const { dsn, table, problem } of outcomes) {
    const subject = { dsn, ...(table === null ? {} : { table }) };
    if (problem === null) log('info', subject, table === null ? 'the service was read' : 'the columns were inferred');
    else
      log(
        'warn',
        { ...subject, sqlstate: problem.sqlstate, detail: problem.detail, hint: problem.hint },
        problem.message,
      );
  }
}
