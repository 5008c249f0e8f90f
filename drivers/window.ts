import { errors } from '../src/core/errors.js';

/** Zero bytes behind the window's end: no token holds a zero, so scanning stops there without comparing positions. */
const SENTINEL_BYTES = 8;

/** What one record, token or captured value may take. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The contiguous part of a page that is being worked on: from `position`, or from `hold` where a value is kept, to the last
 * byte received. Behind `end` there are always zero bytes.
 */
export class Window {
  bytes: Buffer = Buffer.alloc(SENTINEL_BYTES);
  /** Index of the first byte not yet consumed. */
  position = 0;
  /** Index behind the last byte received. */
  end = 0;
  /** Offset in the page of `bytes[0]`. */
  base = 0;
  /** Offset in the page of the first byte to keep although it is consumed; -1: none. */
  hold = -1;
  /** Whether the last byte is the line feed put behind the page's end. */
  isFinal = false;

  /** Forgets everything, for the next page. */
  reset(): void {
    if (this.bytes.length > 1024 * 1024) this.bytes = Buffer.alloc(SENTINEL_BYTES);
    this.position = 0;
    this.end = 0;
    this.base = 0;
    this.hold = -1;
    this.isFinal = false;
    this.bytes.fill(0, 0, SENTINEL_BYTES);
  }

  /** Bytes received and not consumed. */
  get pending(): number {
    return this.end - this.position;
  }

  /** Adds the page's next bytes; `where` names the page in the error of a value beyond the limit. */
  append(chunk: Buffer, where: string): void {
    const keep = this.hold < 0 ? this.position : Math.min(this.position, this.hold - this.base);
    if (keep > 0) {
      this.bytes.copyWithin(0, keep, this.end);
      this.base += keep;
      this.position -= keep;
      this.end -= keep;
    }
    const needed = this.end + chunk.length + SENTINEL_BYTES;
    if (needed > MAX_BYTES) {
      throw errors.limitExceeded(`a record is larger than ${MAX_BYTES / 1024 / 1024} MB`, {
        detail: `${where}, byte ${this.base}`,
        hint: 'Point the table at smaller records, and take no field or capture that holds many of them.',
      });
    }
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(this.end === 0 ? needed : Math.max(needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.end));
      this.bytes = larger;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
    this.bytes.fill(0, this.end, this.end + SENTINEL_BYTES);
  }

  /** Puts a line feed behind the page's end, so that a number or a line at the very end is complete. */
  finish(where: string): void {
    this.append(Buffer.from('\n'), where);
    this.isFinal = true;
  }
}
