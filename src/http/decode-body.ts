import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { type ByteSource, SourceStream } from './connection/byte-source.js';
import { BodyFailure } from './response.js';

const CHUNK_BYTES = 64 * 1024;
const UNKNOWN_CODING = 'Ask for another one with a header of the table: Accept-Encoding: gzip.';

/** The codings that requests accept. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

/**
 * The decompressed bytes of a body with this Content-Encoding (RFC 9110, section 8.4; several are undone from the last).
 * With `expectsGzip` (a `.gz` file) a body that starts with gzip's magic bytes is decompressed too. Ending the loop early
 * destroys the source.
 */
export function decodeBody(
  source: ByteSource,
  contentEncoding: string | null,
  expectsGzip: boolean,
): AsyncIterable<Uint8Array> {
  const body = undoCodings(source, contentEncoding);
  return expectsGzip ? peeked(body, 2, chooseGzip) : body;
}

/**
 * The same, and then what the body's first bytes show is undone: gzip, or with `unzip` a zip archive. No page of any format
 * begins like either.
 */
export function decodeByMagic(
  source: ByteSource,
  contentEncoding: string | null,
  unzip: (archive: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  return peeked(undoCodings(source, contentEncoding), 4, (first) => (isZip(first) ? unzip : chooseGzip(first)));
}

function isZip(first: Uint8Array): boolean {
  return first[0] === 0x50 && first[1] === 0x4b && first[2] === 3 && first[3] === 4;
}

function undoCodings(source: ByteSource, contentEncoding: string | null): ByteSource {
  let body = source;
  const codings = (contentEncoding ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  for (const coding of codings.reverse()) {
    if (coding === 'gzip' || coding === 'x-gzip') body = piped(body, createGunzip({ chunkSize: CHUNK_BYTES }));
    else if (coding === 'br') body = piped(body, createBrotliDecompress({ chunkSize: CHUNK_BYTES }));
    else if (coding === 'deflate') body = new GeneratedSource(withInflate(body), body);
    else if (coding !== '' && coding !== 'identity')
      throw new BodyFailure(`its Content-Encoding "${coding}" is not supported`, false, null, false, UNKNOWN_CODING);
  }
  return body;
}

type Decompressor = Readable & NodeJS.ReadWriteStream;

function piped(source: ByteSource, transform: Decompressor): Readable {
  // The transform is destroyed with the source's error, so whoever reads it learns of it; nothing is left to do here.
  pipeline(source instanceof Readable ? source : new SourceStream(source), transform, () => {});
  return transform;
}

/** What a generator makes of a source. */
class GeneratedSource implements ByteSource {
  readonly #bytes: AsyncGenerator<Uint8Array, void, void>;
  readonly #source: ByteSource;

  constructor(bytes: AsyncGenerator<Uint8Array, void, void>, source: ByteSource) {
    this.#bytes = bytes;
    this.#source = source;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#bytes;
  }

  destroy(): void {
    this.#source.destroy();
  }
}

/** `deflate` should be zlib data (RFC 9110, section 8.4.1.2), yet some servers send it raw: the first byte tells. */
async function* withInflate(source: ByteSource): AsyncGenerator<Uint8Array, void, void> {
  yield* peeked(source, 1, (first) =>
    ((first[0] ?? 0) & 0x0f) === 8
      ? createInflate({ chunkSize: CHUNK_BYTES })
      : createInflateRaw({ chunkSize: CHUNK_BYTES }),
  );
}

function chooseGzip(first: Uint8Array): Decompressor | null {
  return first[0] === 0x1f && first[1] === 0x8b ? createGunzip({ chunkSize: CHUNK_BYTES }) : null;
}

/** Looks at the first bytes to choose what is done to all of them; null: they pass as they are. */
async function* peeked(
  source: ByteSource,
  count: number,
  choose: (
    first: Uint8Array,
  ) => Decompressor | ((source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>) | null,
): AsyncGenerator<Uint8Array, void, void> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    let first: Uint8Array = NO_BYTES;
    while (first.length < count) {
      const result = await iterator.next();
      if (result.done === true) break;
      first = first.length === 0 && result.value.length >= count ? result.value : Buffer.concat([first, result.value]);
    }
    if (first.length === 0) return;
    const chosen = choose(first);
    if (chosen === null) {
      yield first;
      for (;;) {
        const result = await iterator.next();
        if (result.done === true) return;
        yield result.value;
      }
    }
    const rest = new GeneratedSource(follow(first, iterator), source);
    yield* typeof chosen === 'function' ? chosen(rest) : (piped(rest, chosen) as AsyncIterable<Uint8Array>);
  } finally {
    source.destroy();
  }
}

async function* follow(first: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  yield first;
  for (;;) {
    const result = await iterator.next();
    if (result.done === true) return;
    yield result.value;
  }
}

const NO_BYTES = new Uint8Array(0);

/** What went wrong in a decompressor; null for an error that is none of theirs. */
export function decodeProblem(error: unknown): BodyFailure | null {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string' || !/^Z_|^ERR_.*BROTLI|^ERR__ERROR_/.test(code)) return null;
  if (code === 'Z_BUF_ERROR') return new BodyFailure('its compressed data ends too early', true, error);
  return new BodyFailure(`its compressed data is broken (${code})`, false, error);
}
