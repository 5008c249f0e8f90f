import type { ConnectionPool } from './connection-pool.js';
import type { EngineLog } from './postmaster.js';

/** A reader may hold its lock until its transaction ends; no new reader waits longer than this behind the attempt. */
const LOCK_TIMEOUT_MS = 50;
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5000;
/** PostgreSQL keeps a lock per table until the transaction ends. */
const TABLES_PER_STATEMENT = 100;

/** Drops hidden tables, later if somebody still reads them; never an error for the caller. */
export class DropQueue {
  readonly #pool: ConnectionPool;
  readonly #log: EngineLog;
  readonly #waiting = new Set<string>();
  /** Ends when nothing is being dropped; never an error. */
  #last: Promise<void> = Promise.resolve();
  /** What will be dropped after that. */
  #next: { readonly names: string[]; readonly done: Promise<void> } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #retryMs = FIRST_RETRY_MS;
  #isClosed = false;

  constructor(pool: ConnectionPool, log: EngineLog) {
    this.#pool = pool;
    this.#log = log;
  }

  /**
   * Drops tables (qualified and quoted). Resolves after the first attempt; those in use are tried again in the background. What is
   * asked for while others are being dropped is dropped together.
   */
  drop(names: readonly string[]): Promise<void> {
    if (this.#next === null) {
      const together: string[] = [];
      const done = this.#last.then(() => {
        this.#next = null;
        return this.#dropNow(together);
      });
      this.#next = { names: together, done };
      this.#last = done;
    }
    this.#next.names.push(...names);
    return this.#next.done;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #dropNow(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += TABLES_PER_STATEMENT) {
      const some = names.slice(at, at + TABLES_PER_STATEMENT);
      if (await this.#tryDrop(some)) continue;
      // One table in use must not keep the others.
      const left = some.length === 1 ? some : await this.#dropSingly(some);
      for (const name of left) this.#waiting.add(name);
    }
    this.#schedule();
  }

  async #dropSingly(names: readonly string[]): Promise<readonly string[]> {
    const left: string[] = [];
    for (const name of names) if (!(await this.#tryDrop([name]))) left.push(name);
    return left;
  }

  async #tryDrop(names: readonly string[]): Promise<boolean> {
    const drop = `BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; DROP TABLE IF EXISTS ${names.join(', ')}; COMMIT`;
    try {
      await this.#pool.use((client) => client.query(drop));
      return true;
    } catch (error) {
      if (!this.#isClosed) this.#log('debug', `a table is not dropped yet: ${(error as Error).message}`);
      return false;
    }
  }

  #schedule(): void {
    if (this.#isClosed || this.#waiting.size === 0 || this.#timer !== null) return;
    this.#timer = setTimeout(() => void this.#retry(), this.#retryMs);
    this.#timer.unref();
  }

  async #retry(): Promise<void> {
    const left = await this.#dropSingly([...this.#waiting].filter(() => !this.#isClosed));
    this.#retryMs = left.length === this.#waiting.size ? Math.min(this.#retryMs * 2, LAST_RETRY_MS) : FIRST_RETRY_MS;
    const kept = new Set(left);
    for (const name of [...this.#waiting]) if (!kept.has(name)) this.#waiting.delete(name);
    this.#timer = null;
    this.#schedule();
  }
}
