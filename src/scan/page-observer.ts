import { crc32 } from 'node:zlib';

const HEAD_BYTES = 1024;
/** Enough for any page that a person would end by a pattern; what comes after is not searched. */
const LONGEST_SEARCHED_BYTES = 8 * 1024 * 1024;

export interface ObserverOptions {
  /** Called with the length of each chunk; throws when the scan has had too many bytes. */
  readonly countBytes: (bytes: number) => void;
  readonly needsFingerprint: boolean;
  readonly matchPattern: string | null;
  readonly needsText: boolean;
}

/** Watches a page's bytes on their way into the driver: counts them, and learns what the paginator asks of a body. */
export class PageObserver {
  readonly #options: ObserverOptions;
  readonly #searched: Uint8Array[] = [];
  #searchedBytes = 0;
  #head: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #checksum = 0;
  #error: { readonly reason: unknown } | null = null;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** The same bytes. */
  async *watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of body) {
      this.#observe(chunk);
      yield chunk;
    }
  }

  /** Throws what `countBytes` threw: a driver may have made an error of its own of it. */
  throwIfFailed(): void {
    if (this.#error !== null) throw this.#error.reason;
  }

  /** Decompressed bytes that have come so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Equal for equal bodies, and for no others that an API would send one after the other; null when not asked for. */
  get fingerprint(): string | null {
    if (!this.#options.needsFingerprint) return null;
    return `${this.#bytes} ${this.#checksum} ${this.#head.toString('latin1')}`;
  }

  get hasMatched(): boolean {
    if (this.#options.matchPattern === null) return false;
    return new RegExp(this.#options.matchPattern).test(this.#searchedText);
  }

  /** The body's beginning; null when it was not asked for. */
  get text(): string | null {
    return this.#options.needsText ? this.#searchedText : null;
  }

  get #searchedText(): string {
    return Buffer.concat(this.#searched).toString('utf8');
  }

  #observe(chunk: Uint8Array): void {
    try {
      this.#options.countBytes(chunk.length);
    } catch (reason) {
      this.#error = { reason };
      throw reason;
    }
    this.#bytes += chunk.length;
    if (this.#options.needsFingerprint) {
      this.#checksum = crc32(chunk, this.#checksum);
      const missing = HEAD_BYTES - this.#head.length;
      if (missing > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, missing)]);
    }
    const isSearched = this.#options.matchPattern !== null || this.#options.needsText;
    if (isSearched && this.#searchedBytes < LONGEST_SEARCHED_BYTES) {
      this.#searched.push(Buffer.from(chunk));
      this.#searchedBytes += chunk.length;
    }
  }
}
