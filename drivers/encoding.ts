import { isUtf8 } from 'node:buffer';
import { errors } from '../src/core/errors.js';
import { CharsetDecoder } from './charset-decoder.js';
import type { Page } from './driver.js';
import { readChunks } from './page-bytes.js';
import { describePage } from './page-error.js';

/** What says how a page is encoded, strongest first: the `encoding` option, a byte-order mark, Content-Type, the body itself. */
export interface EncodingSources {
  /** The table's `encoding` option. */
  readonly option: string | null;
  /** Looks for a declaration in the body's first bytes (XML), which are ASCII-compatible; null where there is none. */
  readonly declared?: (head: Buffer) => string | null;
}

/** Bytes that a declaration in the body is looked for in. */
const HEAD_BYTES = 1024;

/** Larger chunks are cut, so that what is worked on stays in the processor's cache and memory stays bounded. */
const MAX_PIECE_BYTES = 128 * 1024;

/**
 * A page's body as UTF-8 without a byte-order mark, in pieces that end at character boundaries. Bytes that are invalid in the
 * page's encoding throw 22021, an encoding that nobody knows F0000 (the option) or HV000 (the page's own word).
 */
export async function* readUtf8(
  page: Page,
  sources: EncodingSources,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  let head: Buffer | null = Buffer.alloc(0);
  let decoder: PieceDecoder | null = null;
  const headBytes = sources.declared === undefined ? 4 : HEAD_BYTES;
  for await (const chunk of readChunks(page, signal)) {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (head !== null) {
      if (head.length > 0) bytes = Buffer.concat([head, bytes]);
      if (bytes.length < headBytes && !isDecided(bytes, sources)) {
        // A copy: the source may use its chunk's memory again.
        head = Buffer.from(bytes);
        continue;
      }
      head = null;
      decoder = makeDecoder(page, sources, bytes);
    }
    for (let start = 0; start < bytes.length; start += MAX_PIECE_BYTES) {
      yield* decoder!.decode(bytes.subarray(start, start + MAX_PIECE_BYTES));
    }
  }
  if (head !== null && head.length > 0) {
    decoder = makeDecoder(page, sources, head);
    yield* decoder.decode(head);
  }
  if (decoder !== null) yield* decoder.end();
}

/** So that a short first chunk of a slow page need not wait for the next: most pages decide at their first byte. */
function isDecided(head: Buffer, sources: EncodingSources): boolean {
  const first = head[0]!;
  if (first === 0xef || first === 0xfe || first === 0xff) return false;
  return sources.declared === undefined || sources.option !== null || (first !== 0x3c && first !== 0);
}

interface PieceDecoder {
  decode(piece: Buffer): Iterable<Buffer>;
  end(): Iterable<Buffer>;
}

function makeDecoder(page: Page, sources: EncodingSources, head: Buffer): PieceDecoder {
  const mark = markOf(head);
  let label = sources.option ?? mark ?? charsetOf(page.contentType) ?? sources.declared?.(head) ?? 'utf-8';
  // "utf-16" leaves the byte order to the mark (RFC 2781, 4.3).
  if (mark?.startsWith('utf-16') && /^utf-16$/i.test(label)) label = mark;
  // By far the usual one, and making a TextDecoder for each page takes long.
  if (/^utf-?8$/i.test(label)) return new Utf8Pieces(page);
  let decoder: CharsetDecoder;
  try {
    decoder = new CharsetDecoder(label);
  } catch (cause) {
    const fields = {
      cause,
      hint: 'Set the table\'s encoding to a label of the WHATWG Encoding Standard, such as "utf-8" or "windows-1252".',
    };
    if (sources.option !== null) throw errors.configuration(`unknown encoding "${sources.option}"`, fields);
    throw errors.apiError(`${describePage(page)} says it is in an unknown encoding "${label.slice(0, 40)}"`, fields);
  }
  return decoder.encoding === 'utf-8' ? new Utf8Pieces(page) : new DecodedPieces(page, decoder);
}

function markOf(head: Buffer): string | null {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  return null;
}

/** The `charset` parameter of a Content-Type (RFC 9110, 8.3.2). */
export function charsetOf(contentType: string | null): string | null {
  const match = contentType === null ? null : /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]+))/i.exec(contentType);
  const label = (match?.[1] ?? match?.[2])?.trim();
  return label === undefined || label === '' ? null : label;
}

function invalidBytes(page: Page, encoding: string, sequence: string, offset: number | null): Error {
  const where = offset === null ? '' : `, byte ${offset}`;
  return errors.invalidEncoding(`invalid byte sequence for encoding "${encoding}"${sequence}`, {
    detail: `${describePage(page)}${where}`,
    hint: "Set the table's encoding to the one that the source really uses.",
  });
}

/** Checks UTF-8 and passes it on as it is. */
class Utf8Pieces implements PieceDecoder {
  readonly #page: Page;
  #rest: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(page: Page) {
    this.#page = page;
  }

  *decode(piece: Buffer): Iterable<Buffer> {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const end = completeEnd(bytes);
    const whole = bytes.subarray(0, end);
    if (!isUtf8(whole)) this.#fail(whole);
    // A copy: the source may use its chunk's memory again.
    this.#rest = Buffer.from(bytes.subarray(end));
    const isMarked = this.#offset === 0 && whole.length >= 3 && markOf(whole) === 'utf-8';
    this.#offset += end;
    if (end > (isMarked ? 3 : 0)) yield isMarked ? whole.subarray(3) : whole;
  }

  end(): Iterable<Buffer> {
    if (this.#rest.length > 0) this.#fail(this.#rest);
    return [];
  }

  #fail(bytes: Buffer): never {
    let start = 0;
    let end = bytes.length;
    // The longest valid prefix: a prefix is valid, or cut within a character, exactly up to the first bad byte.
    while (start < end) {
      const middle = (start + end + 1) >> 1;
      const prefix = bytes.subarray(0, middle);
      if (isUtf8(prefix.subarray(0, completeEnd(prefix)))) start = middle;
      else end = middle - 1;
    }
    const at = completeEnd(bytes.subarray(0, start));
    const shown = [...bytes.subarray(at, Math.min(at + 4, Math.max(start + 1, at + 1)))];
    const sequence = shown.map((byte) => ` 0x${byte.toString(16).padStart(2, '0')}`).join('');
    throw invalidBytes(this.#page, 'UTF8', `:${sequence}`, this.#offset + at);
  }
}

/** Where the last character that may still be incomplete starts; the whole length if none is. */
function completeEnd(bytes: Buffer): number {
  const { length } = bytes;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? length - back : length;
  }
  return length;
}

/** Every other encoding becomes text in between. */
class DecodedPieces implements PieceDecoder {
  readonly #page: Page;
  readonly #decoder: CharsetDecoder;

  constructor(page: Page, decoder: CharsetDecoder) {
    this.#page = page;
    this.#decoder = decoder;
  }

  *decode(piece: Buffer): Iterable<Buffer> {
    yield* this.#emit(() => this.#decoder.decode(piece));
  }

  *end(): Iterable<Buffer> {
    yield* this.#emit(() => this.#decoder.end());
  }

  *#emit(decode: () => string): Iterable<Buffer> {
    let text: string;
    try {
      text = decode();
    } catch {
      throw invalidBytes(this.#page, this.#decoder.encoding, '', null);
    }
    if (text !== '') yield Buffer.from(text, 'utf8');
  }
}
