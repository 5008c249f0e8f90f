import type { ByteSource } from './byte-source.js';
import { BrokenBody } from './failures.js';

interface Waiter {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

/** What a body asks of the connection that it comes from. */
export interface BodyOrigin {
  /** The chunk in hand is not needed any more. */
  readMore(): void;
  /** The reader has all of it (`isWhole`), or wants no more. Called once. */
  closeBody(isWhole: boolean): void;
}

const END = { done: true, value: undefined } as const;

/** A response's body on its way from the connection, which brings one chunk at a time, to its reader. */
export class IncomingBody implements ByteSource, AsyncIterator<Uint8Array, undefined> {
  readonly #origin: BodyOrigin;
  readonly #idleTimeoutMs: number;
  #chunk: Uint8Array | null = null;
  #waiter: Waiter | null = null;
  #timer: NodeJS.Timeout | null = null;
  #hasAll = false;
  #isClosed = false;
  #failure: unknown = null;

  /** `idleTimeoutMs`: how long the reader waits for a chunk. */
  constructor(origin: BodyOrigin, idleTimeoutMs: number) {
    this.#origin = origin;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** The connection brings a chunk; the next only after `readMore`. */
  push(chunk: Uint8Array): void {
    const waiter = this.#takeWaiter();
    if (waiter === null) this.#chunk = chunk;
    else waiter.resolve({ done: false, value: chunk });
  }

  /** Nothing comes after what was pushed. */
  end(): void {
    this.#hasAll = true;
    const waiter = this.#takeWaiter();
    if (waiter === null) return;
    this.#close(true);
    waiter.resolve(END);
  }

  /** What was pushed and not taken is lost. */
  fail(reason: unknown): void {
    if (this.#isClosed) return;
    this.#failure = reason;
    this.#chunk = null;
    const waiter = this.#takeWaiter();
    this.#close(false);
    waiter?.reject(reason);
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#chunk !== null) {
      const value = this.#chunk;
      this.#chunk = null;
      return Promise.resolve({ done: false, value });
    }
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#hasAll) this.#close(true);
    if (this.#isClosed) return Promise.resolve(END);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#timer = setTimeout(() => this.fail(new BrokenBody('no further data came in time')), this.#idleTimeoutMs);
      this.#origin.readMore();
    });
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.destroy();
    return Promise.resolve(END);
  }

  /** Nobody reads any further. One who waits is told that this is the end. */
  destroy(): void {
    this.#chunk = null;
    const waiter = this.#takeWaiter();
    // What has come in full costs nothing to leave unread.
    this.#close(this.#hasAll);
    waiter?.resolve(END);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #takeWaiter(): Waiter | null {
    const waiter = this.#waiter;
    if (waiter === null) return null;
    this.#waiter = null;
    clearTimeout(this.#timer!);
    return waiter;
  }

  #close(isWhole: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#origin.closeBody(isWhole);
  }
}
