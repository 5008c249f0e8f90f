import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { BodyFailure } from './response.js';

const CHUNK_BYTES = 64 * 1024;

/** The codings that requests accept. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

/**
 * The decompressed bytes of a body with this Content-Encoding (RFC 9110, section 8.4; several are undone from the last).
 * With `expectsGzip` (a `.gz` file) a body that starts with gzip's magic bytes is decompressed too. Ending the loop early
 * destroys the source.
 */
export function decodeBody(
  source: Readable,
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
  source: Readable,
  contentEncoding: string | null,
  unzip: (archive: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  return peeked(undoCodings(source, contentEncoding), 4, (first) =>
    first.toString('latin1', 0, 4) === 'PK\x03\x04' ? unzip : chooseGzip(first),
  );
}

function undoCodings(source: Readable, contentEncoding: string | null): Readable {
  let body: Readable = source;
  const codings = (contentEncoding ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  for (const coding of codings.reverse()) {
    if (coding === 'gzip' || coding === 'x-gzip') body = pipe(body, createGunzip({ chunkSize: CHUNK_BYTES }));
    else if (coding === 'br') body = pipe(body, createBrotliDecompress({ chunkSize: CHUNK_BYTES }));
    else if (coding === 'deflate') body = pipe(Readable.from(withInflate(body)), null);
    else if (coding !== '' && coding !== 'identity')
      throw new BodyFailure(`its Content-Encoding "${coding}" is not supported`, false, null);
  }
  return body;
}

function pipe(source: Readable, transform: (Readable & NodeJS.ReadWriteStream) | null): Readable {
  if (transform === null) return source;
  // The transform is destroyed with the source's error, so whoever reads it learns of it; nothing is left to do here.
  pipeline(source, transform, () => {});
  return transform;
}

/** `deflate` should be zlib data (RFC 9110, section 8.4.1.2), yet some servers send it raw: the first byte tells. */
async function* withInflate(source: Readable): AsyncGenerator<Uint8Array, void, void> {
  yield* peeked(source, 1, (first) =>
    ((first[0] ?? 0) & 0x0f) === 8
      ? createInflate({ chunkSize: CHUNK_BYTES })
      : createInflateRaw({ chunkSize: CHUNK_BYTES }),
  );
}

function chooseGzip(first: Buffer): Decompressor | null {
  return first[0] === 0x1f && first[1] === 0x8b ? createGunzip({ chunkSize: CHUNK_BYTES }) : null;
}

type Decompressor = Readable & NodeJS.ReadWriteStream;

/** Looks at the first bytes to choose a decompressor; null: the bytes pass as they are. */
async function* peeked(
  source: Readable,
  count: number,
  choose: (first: Buffer) => Decompressor | ((source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>) | null,
): AsyncGenerator<Uint8Array, void, void> {
  const iterator = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    let first = Buffer.alloc(0);
    while (first.length < count) {
      const result = await iterator.next();
      if (result.done === true) break;
      first = Buffer.concat([first, result.value]);
    }
    if (first.length === 0) return;
    const transform = choose(first);
    const rest = async function* (): AsyncGenerator<Uint8Array, void, void> {
      yield first;
      for (;;) {
        const result = await iterator.next();
        if (result.done === true) return;
        yield result.value;
      }
    };
    if (transform === null || typeof transform === 'function') {
      yield* transform === null ? rest() : transform(rest());
      return;
    }
    pipeline(Readable.from(rest()), transform, () => {});
    yield* transform as AsyncIterable<Uint8Array>;
  } finally {
    source.destroy();
  }
}

/** What went wrong in a decompressor; null for an error that is none of theirs. */
export function decodeProblem(error: unknown): BodyFailure | null {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string' || !/^Z_|^ERR_.*BROTLI|^ERR__ERROR_/.test(code)) return null;
  if (code === 'Z_BUF_ERROR') return new BodyFailure('its compressed data ends too early', true, error);
  return new BodyFailure(`its compressed data is broken (${code})`, false, error);
}
