import { BrokenBody, NotHttp } from './failures.js';
import type { ResponseHead } from './response-head.js';

/** Where a response's body ends (RFC 9112, section 6.3), and which of the bytes that come are its own. */
export interface BodyFraming {
  /** True once nothing of the body is to come. */
  readonly isComplete: boolean;
  /** True when more came than the body: the connection cannot be used again. */
  readonly hasSurplus: boolean;
  /**
   * Takes bytes `[start, end)` and moves those of the body together, so that they begin at `start`; the index behind them.
   * Throws `BrokenBody`.
   */
  take(bytes: Buffer, start: number, end: number): number;
  /** What it means that the connection is closed now: null, the body has come to its end. */
  atClose(): BrokenBody | null;
}

/** The framing that a response has. Throws `NotHttp` where its headers contradict each other. */
export function framingOf(head: ResponseHead, isHead: boolean): BodyFraming {
  const { status, headers } = head;
  if (isHead || status === 204 || status === 304) return new LengthFraming(0);
  const coding = headers.get('transfer-encoding')?.trim().toLowerCase();
  if (coding !== undefined) {
    if (coding === 'chunked') return new ChunkedFraming();
    throw new NotHttp(`its Transfer-Encoding "${coding.slice(0, 40)}" is not supported`);
  }
  const length = headers.get('content-length');
  return length === null ? new CloseFraming() : new LengthFraming(parseLength(length));
}

/** Several equal lengths are one (RFC 9110, section 8.6). */
function parseLength(text: string): number {
  const lengths = new Set(text.split(',').map((length) => length.trim()));
  const [length = ''] = lengths;
  if (lengths.size !== 1 || !/^\d{1,15}$/.test(length)) throw new NotHttp('its Content-Length is not a length');
  return Number(length);
}

class LengthFraming implements BodyFraming {
  #left: number;
  hasSurplus = false;

  constructor(length: number) {
    this.#left = length;
  }

  get isComplete(): boolean {
    return this.#left === 0;
  }

  take(_bytes: Buffer, start: number, end: number): number {
    const size = Math.min(this.#left, end - start);
    this.#left -= size;
    this.hasSurplus ||= start + size < end;
    return start + size;
  }

  atClose(): BrokenBody {
    return new BrokenBody('it is shorter than its Content-Length');
  }
}

class CloseFraming implements BodyFraming {
  readonly isComplete = false;
  readonly hasSurplus = false;

  take(_bytes: Buffer, _start: number, end: number): number {
    return end;
  }

  atClose(): null {
    return null;
  }
}

const CR = 13;
const LF = 10;
/** Extensions of one chunk, or all trailers. */
const LONGEST_LINE_BYTES = 16 * 1024;
const MOST_SIZE_DIGITS = 12;

/** What the next byte of a chunked body belongs to. */
const Part = { size: 0, extension: 1, data: 2, dataCr: 3, dataLf: 4, trailer: 5, end: 6 } as const;

/** The chunked transfer coding (RFC 9112, section 7.1). Extensions and trailers are passed over. */
class ChunkedFraming implements BodyFraming {
  #part: number = Part.size;
  #size = 0;
  #digits = 0;
  #lineBytes = 0;
  /** Whether the trailer line has had a byte yet. */
  #isLineEmpty = true;
  hasSurplus = false;

  get isComplete(): boolean {
    return this.#part === Part.end;
  }

  take(bytes: Buffer, start: number, end: number): number {
    let to = start;
    let at = start;
    while (at < end) {
      if (this.#part === Part.end) {
        this.hasSurplus = true;
        break;
      }
      if (this.#part === Part.data) {
        const size = Math.min(this.#size, end - at);
        if (to !== at) bytes.copyWithin(to, at, at + size);
        to += size;
        at += size;
        this.#size -= size;
        if (this.#size === 0) this.#part = Part.dataCr;
      } else this.#takeByte(bytes[at++]!);
    }
    return to;
  }

  atClose(): BrokenBody {
    return new BrokenBody('the server closed the connection');
  }

  #takeByte(byte: number): void {
    switch (this.#part) {
      case Part.size:
        this.#takeSizeByte(byte);
        return;
      case Part.extension:
        this.#countLine();
        if (byte === LF) this.#endSizeLine();
        return;
      case Part.dataCr:
        if (byte === CR) this.#part = Part.dataLf;
        else this.#expectLf(byte);
        return;
      case Part.dataLf:
        this.#expectLf(byte);
        return;
      default:
        this.#countLine();
        if (byte === LF) {
          if (this.#isLineEmpty) this.#part = Part.end;
          this.#isLineEmpty = true;
        } else if (byte !== CR) this.#isLineEmpty = false;
    }
  }

  #takeSizeByte(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.#digits > MOST_SIZE_DIGITS) throw broken('a chunk is too large');
      this.#size = this.#size * 16 + digit;
      return;
    }
    if (this.#digits === 0) throw broken('a chunk has no size');
    if (byte === LF) this.#endSizeLine();
    else if (byte === CR || byte === 0x3b || byte === 0x20 || byte === 0x09) this.#part = Part.extension;
    else throw broken('a chunk has no size');
  }

  #endSizeLine(): void {
    this.#part = this.#size === 0 ? Part.trailer : Part.data;
    this.#digits = 0;
    this.#lineBytes = 0;
    this.#isLineEmpty = true;
  }

  #expectLf(byte: number): void {
    if (byte !== LF) throw broken('a chunk is longer than its size');
    this.#part = Part.size;
  }

  #countLine(): void {
    if (++this.#lineBytes > LONGEST_LINE_BYTES) throw broken('what stands beside its chunks is too long');
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function broken(reason: string): BrokenBody {
  return new BrokenBody(`its framing is broken: ${reason}`);
}
