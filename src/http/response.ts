/** A response's headers, looked up without regard to case. */
export class ResponseHeaders {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  /** By name in lower case. */
  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** All values of the header joined as RFC 9110, section 5.3 allows; null when it is absent. */
  get(name: string): string | null {
    return this.#values.get(name.toLowerCase())?.join(', ') ?? null;
  }
}

/** A response whose body has not been read yet. Whoever gets it reads `body` to its end or calls `discard`. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** Where it came from, after redirects. */
  readonly url: URL;
  /** Method and URL as they may be shown. */
  readonly name: string;
  /** Decompressed bytes; a chunk's memory is used again once the next is asked for. Throws a `BodyFailure` when the body breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Why the body could not be read to its end; null while nothing is wrong. A reader may have wrapped what it caught. */
  failure(): BodyFailure | null;
  /** Closes the response, and its socket when the body was not read to its end. */
  discard(): void;
  /** Lets others use this request's place among the concurrent ones while its reader rests. */
  releaseSlot(): void;
}

/** A body that broke off or could not be decompressed. */
export class BodyFailure extends Error {
  constructor(
    /** What happened, in words. */
    readonly reason: string,
    /** True when the same request may well succeed. */
    readonly isTransient: boolean,
    cause: unknown,
    /** True when the body exceeds a limit of the settings. */
    readonly isOverLimit: boolean = false,
    /** What to change, where that is known. */
    readonly remedy: string | null = null,
  ) {
    super(reason, { cause });
    this.name = 'BodyFailure';
  }
}
