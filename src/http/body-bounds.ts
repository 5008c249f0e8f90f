import { BodyFailure } from './response.js';

/** How long a body may take, and how long it may be. */
export class BodyBounds {
  #leftMs: number | null;
  readonly #totalMs: number | null;
  readonly #maxBytes: number | null;

  /** `leftMs`: what is left of the total time; null: unlimited. */
  constructor(
    leftMs: number | null,
    options: { readonly totalTimeoutMs?: number | null; readonly maxBodyBytes?: number | null },
  ) {
    this.#leftMs = leftMs;
    this.#totalMs = options.totalTimeoutMs ?? null;
    this.#maxBytes = options.maxBodyBytes ?? null;
  }

  /**
   * The same bytes; a `BodyFailure` once there are too many of them or they have taken too long. The time in which nobody
   * asks for more is not counted. `destroy` ends the body that is waited for.
   */
  async *keep(body: AsyncIterable<Uint8Array>, destroy: () => void): AsyncGenerator<Uint8Array, void, void> {
    if (this.#leftMs === null && this.#maxBytes === null) {
      yield* body;
      return;
    }
    const iterator = body[Symbol.asyncIterator]();
    let bytes = 0;
    try {
      for (;;) {
        const next = await this.#timed(() => iterator.next(), destroy);
        if (next.done === true) return;
        bytes += next.value.length;
        if (this.#maxBytes !== null && bytes > this.#maxBytes) throw tooLong(this.#maxBytes);
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  async #timed<T>(read: () => Promise<T>, destroy: () => void): Promise<T> {
    if (this.#leftMs === null) return await read();
    const startedAt = performance.now();
    let isLate = false;
    const timer = setTimeout(
      () => {
        isLate = true;
        destroy();
      },
      Math.max(0, this.#leftMs),
    );
    try {
      const result = await read();
      // Destroyed while a chunk was on its way: the body ends without an error then.
      if (isLate) throw new Error('too late');
      return result;
    } catch (error) {
      throw isLate ? tooSlow(this.#totalMs!, error) : error;
    } finally {
      clearTimeout(timer);
      this.#leftMs -= performance.now() - startedAt;
    }
  }
}

function tooLong(maxBytes: number): BodyFailure {
  return new BodyFailure(`it has more than ${maxBytes} bytes (max_body_bytes)`, false, null, true);
}

function tooSlow(totalMs: number, cause: unknown): BodyFailure {
  return new BodyFailure(`it took longer than ${totalMs / 1000} s (total_timeout)`, true, cause);
}
