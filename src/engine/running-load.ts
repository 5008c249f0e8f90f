import type pg from 'pg';
import type { ConnectionPool } from './connection-pool.js';
import { CopyIn } from './copy-in.js';
import { untilAborted } from './row-source.js';

/** How long the engine may take to forget an abandoned COPY before its connection is given up. */
const ABANDON_TIMEOUT_MS = 2000;

/** A loader connection in a transaction that makes a table and copies rows into it. */
export class RunningLoad {
  readonly #copy: CopyIn;
  readonly #client: pg.Client;
  readonly #pool: ConnectionPool;
  readonly #signal: AbortSignal;
  #isOpen = true;

  private constructor(pool: ConnectionPool, client: pg.Client, copy: CopyIn, signal: AbortSignal) {
    this.#pool = pool;
    this.#client = client;
    this.#copy = copy;
    this.#signal = signal;
  }

  /** @param sql begins the transaction and ends with the COPY */
  static async begin(pool: ConnectionPool, sql: string, signal: AbortSignal): Promise<RunningLoad> {
    const client = await pool.acquire(signal);
    return new RunningLoad(pool, client, CopyIn.begin(client, sql), signal);
  }

  async write(frames: readonly Buffer[]): Promise<void> {
    for (const frame of frames) await untilAborted(this.#copy.write(frame), this.#signal);
  }

  /**
   * Waits for the engine, whatever the signal says: who is cancelled meanwhile finds the table there, and drops it.
   * @param last statements that are run in the same transaction
   */
  async commit(last: readonly string[]): Promise<void> {
    await this.#copy.end([...last, 'COMMIT'].join('; '));
    this.#isOpen = false;
    this.#pool.release(this.#client);
  }

  /** Rolls back, so that nothing is left; gives the connection up if that takes too long. */
  async abandon(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#copy.isSpent) {
      this.#pool.release(this.#client, true);
      return;
    }
    const cleaned = this.#copy.abandon().then(() => isReset(this.#client));
    const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, ABANDON_TIMEOUT_MS, false).unref());
    this.#pool.release(this.#client, !(await Promise.race([cleaned, timeout])));
  }
}

function isReset(client: pg.Client): Promise<boolean> {
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}
