import type { ByteSource } from '../connection/byte-source.js';
import { BrokenBody } from '../connection/failures.js';

/** Bytes come in frames of some kilobytes; they are put together again for the reader. */
const BLOCK_BYTES = 64 * 1024;
const LEAST_BLOCK_BYTES = 4 * 1024;

interface Waiter {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (reason: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** What a body asks of its stream. */
export interface BodyOwner {
  /** The reader has taken so many bytes. */
  onTaken(bytes: number): void;
  /** Nothing more of it is wanted. Perhaps called more than once. */
  onClosed(): void;
  /** No data came in time. */
  onStalled(): void;
}

const END = { done: true, value: undefined } as const;

/** The body of an answer over HTTP/2, which holds what has come until it is read. Memory that was read is not used again. */
export class StreamBody implements ByteSource, AsyncIterator<Uint8Array, undefined> {
  readonly #owner: BodyOwner;
  readonly #idleTimeoutMs: number;
  readonly #full: Buffer[] = [];
  #block: Buffer = Buffer.alloc(0);
  #filled = 0;
  #waiter: Waiter | null = null;
  #failure: unknown = null;
  #hasAll = false;
  #isClosed = false;

  /** `idleTimeoutMs`: how long the reader waits for a chunk. */
  constructor(owner: BodyOwner, idleTimeoutMs: number) {
    this.#owner = owner;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** Takes a copy; `expected`: how much there is to come with it, if that is known. */
  push(data: Uint8Array, expected: number): void {
    if (this.#isClosed) return;
    for (let at = 0; at < data.length; ) {
      if (this.#filled === this.#block.length) {
        if (this.#filled > 0) this.#full.push(this.#block);
        const rest = Math.max(data.length - at, Math.min(expected, BLOCK_BYTES), LEAST_BLOCK_BYTES);
        this.#block = Buffer.allocUnsafeSlow(rest);
        this.#filled = 0;
      }
      const part = data.subarray(at, at + this.#block.length - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
    }
  }

  /** Gives what has come to a reader that waits. */
  flush(): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    const chunk = this.#takeChunk();
    if (chunk === null && !this.#hasAll) return;
    this.#stopWaiting();
    if (chunk === null) {
      this.#close();
      waiter.resolve(END);
    } else waiter.resolve({ done: false, value: chunk });
  }

  /** Nothing comes after what was pushed. */
  end(): void {
    this.#hasAll = true;
    this.flush();
  }

  /** What was pushed and not taken is lost. */
  fail(reason: unknown): void {
    if (this.#isClosed) return;
    this.#failure = reason;
    const waiter = this.#stopWaiting();
    this.#close();
    waiter?.reject(reason);
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.#takeChunk();
    if (chunk !== null) return Promise.resolve({ done: false, value: chunk });
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#hasAll) this.#close();
    if (this.#isClosed) return Promise.resolve(END);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#owner.onStalled();
        this.fail(new BrokenBody('no further data came in time'));
      }, this.#idleTimeoutMs);
      this.#waiter = { resolve, reject, timer };
    });
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.destroy();
    return Promise.resolve(END);
  }

  /** Nobody reads any further. One who waits is told that this is the end. */
  destroy(): void {
    const waiter = this.#stopWaiting();
    this.#close();
    waiter?.resolve(END);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #takeChunk(): Buffer | null {
    let chunk = this.#full.shift() ?? null;
    if (chunk === null && this.#filled > 0) {
      chunk = this.#block.subarray(0, this.#filled);
      this.#block = this.#block.subarray(this.#filled);
      this.#filled = 0;
    }
    if (chunk !== null) this.#owner.onTaken(chunk.length);
    return chunk;
  }

  #stopWaiting(): Waiter | null {
    const waiter = this.#waiter;
    if (waiter !== null) clearTimeout(waiter.timer);
    this.#waiter = null;
    return waiter;
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#full.length = 0;
    this.#block = Buffer.alloc(0);
    this.#filled = 0;
    this.#owner.onClosed();
  }
}
