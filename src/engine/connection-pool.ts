import type pg from 'pg';
import { errors } from '../core/errors.js';

interface Waiter {
  readonly grant: (client: Promise<pg.Client>) => void;
  readonly refuse: (error: unknown) => void;
}

/** A few connections of the gateway's own role, opened when first needed and kept. */
export class ConnectionPool {
  readonly #open: () => Promise<pg.Client>;
  readonly #max: number;
  readonly #idle: pg.Client[] = [];
  readonly #waiting: Waiter[] = [];
  readonly #clients = new Set<pg.Client>();
  #count = 0;
  #isClosed = false;

  constructor(open: () => Promise<pg.Client>, max: number) {
    this.#open = open;
    this.#max = max;
  }

  /** A connection for the caller alone, until `release`. Waiting for one ends with the signal. */
  acquire(signal?: AbortSignal): Promise<pg.Client> {
    if (this.#isClosed) return Promise.reject(closedError());
    if (signal?.aborted) return Promise.reject(abortError(signal));
    const idle = this.#idle.pop();
    if (idle !== undefined) return Promise.resolve(idle);
    if (this.#count < this.#max) return this.#connect();
    return new Promise((resolve, reject) => {
      const stop = () => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        grant: (client) => {
          stop();
          resolve(client);
        },
        refuse: (error) => {
          stop();
          reject(error);
        },
      };
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(abortError(signal!));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  /** Gives a connection back; `isBroken` ends it, so that the engine forgets whatever it was doing. */
  release(client: pg.Client, isBroken = false): void {
    if (isBroken || this.#isClosed || !this.#clients.has(client)) {
      this.#forget(client);
      destroy(client);
      return;
    }
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#idle.push(client);
    else waiter.grant(Promise.resolve(client));
  }

  /** Runs `work` with a connection that is in no transaction before and after. */
  async use<T>(work: (client: pg.Client) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const client = await this.acquire(signal);
    let isBroken = true;
    try {
      const result = await work(client);
      isBroken = false;
      return result;
    } catch (error) {
      isBroken = await client.query('ROLLBACK').then(
        () => false,
        () => true,
      );
      throw error;
    } finally {
      this.release(client, isBroken);
    }
  }

  /** Ends all connections; those in use end when they are released. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(closedError());
    const idle = this.#idle.splice(0);
    for (const client of idle) this.#forget(client);
    await Promise.all(idle.map((client) => client.end().catch(() => undefined)));
  }

  async #connect(): Promise<pg.Client> {
    this.#count++;
    try {
      const client = await this.#open();
      this.#clients.add(client);
      // Without a listener an error of an idle connection would end the process.
      client.on('error', () => this.#forget(client));
      client.on('end', () => this.#forget(client));
      return client;
    } catch (error) {
      this.#count--;
      this.#serveNext();
      throw error;
    }
  }

  #forget(client: pg.Client): void {
    if (!this.#clients.delete(client)) return;
    this.#count--;
    const at = this.#idle.indexOf(client);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#serveNext();
  }

  #serveNext(): void {
    if (this.#isClosed || this.#count >= this.#max) return;
    this.#waiting.shift()?.grant(this.#connect());
  }
}

/** The error that a wait or a load ends with when its signal fired. */
export function abortError(signal: AbortSignal): unknown {
  const { reason } = signal;
  // The default reason of an AbortController says nothing to a client.
  if (reason instanceof Error && reason.name !== 'AbortError') return reason;
  return errors.canceled('canceling statement due to user request', { cause: reason });
}

function closedError(): Error {
  return errors.shuttingDown('the engine is shutting down');
}

function destroy(client: pg.Client): void {
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
  stream.destroy();
}
