import { crc32 } from 'node:zlib';
import { type RowBatch, rowStart } from '../core/row-batch.js';
import { dropRows } from './row-slices.js';

/**
 * Remembers how many rows of a page were handed on, and a running checksum of them. When the page has to be read again
 * after its body broke off, the same rows are passed over, so none comes twice and none is lost.
 */
export class HandedRows {
  #count = 0;
  #checksum = 0;
  /** The rows handed on last, not yet in the checksum: most pages end after them, and then it need not be known. */
  #latest: Buffer | null = null;
  #repeated = 0;
  #repeatedChecksum = 0;

  /** Starts reading the page, again perhaps. */
  begin(): void {
    this.#addLatest();
    this.#repeated = 0;
    this.#repeatedChecksum = 0;
  }

  /** The batch's rows that were not handed on before; null when all were. Throws `PageChanged`. */
  pass(batch: RowBatch): RowBatch | null {
    const known = Math.min(this.#count - this.#repeated, batch.rowCount);
    if (known > 0) {
      this.#repeatedChecksum = crc32(batch.bytes.subarray(0, rowStart(batch, known)), this.#repeatedChecksum);
      this.#repeated += known;
      if (this.#repeated === this.#count && this.#repeatedChecksum !== this.#checksum) throw new PageChanged();
      if (known === batch.rowCount) return null;
    }
    const fresh = dropRows(batch, known);
    this.#addLatest();
    this.#latest = fresh.bytes;
    this.#count += fresh.rowCount;
    this.#repeated = this.#count;
    return fresh;
  }

  /** The page was read to its end. Throws `PageChanged` when it had fewer rows than were handed on. */
  finish(): void {
    if (this.#repeated < this.#count) throw new PageChanged();
  }

  #addLatest(): void {
    if (this.#latest !== null) this.#checksum = crc32(this.#latest, this.#checksum);
    this.#latest = null;
  }
}

/** A page that was read again does not start with the rows that it had before. */
export class PageChanged extends Error {}
