import { errors } from '../../src/core/errors.js';
import { SlotKind, type TextSlots } from '../text-slots.js';
import type { Window } from '../window.js';
import { firstMark, HIGH_BITS, ONES, repeated } from '../words.js';
import type { Dialect } from './dialect.js';
import { CR, fieldText, LF, LINE_BREAKS, unescapeField } from './field-text.js';

/** Why `scan` returned. */
export const Scan = { needsMore: 0, stopped: 1 } as const;

/** Takes a row, whose fields are in the scanner's slots until it returns; true stops the scanner. */
export type RowTaker = (bytes: Buffer, view: DataView) => boolean;

/**
 * Splits the window's bytes into the fields of one row after the other. Lines end at LF, CR or CRLF. A row that is not whole
 * yet is split again when more bytes have come.
 */
export class RowScanner implements TextSlots {
  /** By field of the current row. */
  kinds = new Uint8Array(64);
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  fieldCount = 0;
  /** 1-based line that the current row began on. */
  line = 1;
  /** The line at the window's position. */
  nextLine = 1;
  readonly #dialect: Dialect;
  readonly #plainStop = new Uint8Array(256);

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
    for (const byte of [0, LF, CR, dialect.delimiter[0]!]) this.#plainStop[byte] = 1;
    if (dialect.quote >= 0) this.#plainStop[dialect.quote] = 1;
  }

  /** Starts a page. */
  reset(): void {
    this.nextLine = 1;
    this.line = 1;
  }

  /** Passes over a line whatever is in it; false when its end is not there yet. */
  skipLine(window: Window): boolean {
    const { bytes, end } = window;
    let i = window.position;
    while (i < end && bytes[i] !== LF && bytes[i] !== CR) i++;
    const behind = behindBreak(window, i);
    if (behind < 0) return false;
    window.position = behind;
    this.nextLine++;
    return true;
  }

  /** Makes room for `count` fields. */
  reserve(count: number): void {
    const size = Math.max(count, this.starts.length);
    const kinds = new Uint8Array(size);
    const starts = new Int32Array(size);
    const ends = new Int32Array(size);
    kinds.set(this.kinds);
    starts.set(this.starts);
    ends.set(this.ends);
    this.kinds = kinds;
    this.starts = starts;
    this.ends = ends;
  }

  /**
   * Splits rows from the window's position on and gives each to `take`, until it returns true or the window has no whole
   * row any more. 22P04 for quotes that cannot stand where they do.
   */
  scan(window: Window, where: string, take: RowTaker): number {
    const { bytes, end } = window;
    const { delimiter, quote, escapeByte, comment } = this.#dialect;
    const plainStop = this.#plainStop;
    const first = delimiter[0]!;
    const isShort = delimiter.length === 1;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const delimiters = repeated(first);
    const quotes = quote < 0 ? delimiters : repeated(quote);
    const escapes = quote < 0 ? delimiters : repeated(escapeByte);
    let { kinds, starts, ends } = this;
    let i = window.position;
    for (;;) {
      if (i >= end) return Scan.needsMore;
      if (comment !== null && bytes[i] === comment[0]) {
        if (end - i < comment.length && !window.isFinal) return Scan.needsMore;
        if (startsWith(bytes, i, comment)) {
          if (!this.skipLine(window)) return Scan.needsMore;
          i = window.position;
          continue;
        }
      }
      let line = this.nextLine;
      let count = 0;
      let byte = 0;
      for (;;) {
        if (count === starts.length) {
          this.reserve(2 * count);
          ({ kinds, starts, ends } = this);
        }
        let start = i;
        let kind: number = SlotKind.plain;
        if (bytes[i] === quote) {
          const openLine = line;
          start = ++i;
          for (;;) {
            const word = view.getInt32(i, true);
            const isQuote = word ^ quotes;
            const isEscape = word ^ escapes;
            const marks =
              (((isQuote - ONES) & ~isQuote) | ((isEscape - ONES) & ~isEscape) | ((word - LINE_BREAKS) & ~word)) &
              HIGH_BITS;
            if (marks === 0) {
              i += 4;
              continue;
            }
            i += firstMark(marks);
            byte = bytes[i]!;
            if (byte === quote) {
              if (escapeByte !== quote) break;
              if (bytes[i + 1] !== quote) {
                if (i + 1 >= end && !window.isFinal) return Scan.needsMore;
                break;
              }
              if (kind === SlotKind.plain) kind = SlotKind.escaped;
              i += 2;
              continue;
            }
            if (byte === escapeByte) {
              if (i + 1 >= end && !window.isFinal) return Scan.needsMore;
              const following = bytes[i + 1]!;
              if (following === quote || following === escapeByte) {
                if (kind === SlotKind.plain) kind = SlotKind.escaped;
                i++;
              }
            } else if (byte === 0) {
              if (i >= end) {
                if (window.isFinal) throw this.#unclosed(openLine, where);
                return Scan.needsMore;
              }
              kind = SlotKind.other;
            } else if (byte === LF || (byte === CR && bytes[i + 1] !== LF)) line++;
            i++;
          }
          ends[count] = i++;
          byte = bytes[i]!;
        } else {
          for (;;) {
            const word = view.getInt32(i, true);
            const isDelimiter = word ^ delimiters;
            const isQuote = word ^ quotes;
            const marks =
              (((isDelimiter - ONES) & ~isDelimiter) | ((isQuote - ONES) & ~isQuote) | ((word - LINE_BREAKS) & ~word)) &
              HIGH_BITS;
            if (marks === 0) {
              i += 4;
              continue;
            }
            i += firstMark(marks);
            byte = bytes[i]!;
            if (byte === first) {
              if (isShort || startsWith(bytes, i, delimiter)) break;
              if (end - i < delimiter.length && !window.isFinal) return Scan.needsMore;
            } else if (plainStop[byte] === 1) {
              if (byte !== 0) break;
              if (i >= end) return Scan.needsMore;
              kind = SlotKind.other;
            }
            i++;
          }
          ends[count] = i;
          if (i === start) kind = SlotKind.empty;
        }
        kinds[count] = kind;
        starts[count] = start;
        count++;
        if (byte === first && (isShort || startsWith(bytes, i, delimiter))) {
          i += delimiter.length;
          continue;
        }
        if (byte === LF || byte === CR) break;
        if (i >= end || (end - i < delimiter.length && !window.isFinal)) return Scan.needsMore;
        throw this.#strayQuote(line, where);
      }
      if (byte === LF) i++;
      else {
        i = behindBreak(window, i);
        if (i < 0) return Scan.needsMore;
      }
      this.line = this.nextLine;
      this.nextLine = line + 1;
      this.fieldCount = count;
      window.position = i;
      if (take(bytes, view)) return Scan.stopped;
      // The taker may have made room for more fields.
      ({ kinds, starts, ends } = this);
    }
  }

  unescape(bytes: Buffer, start: number, end: number, target: Uint8Array, at: number): number {
    return unescapeField(bytes, start, end, this.#dialect, target, at);
  }

  text(bytes: Buffer, slot: number): string {
    const start = this.starts[slot]!;
    const end = this.ends[slot]!;
    const isQuoted = start > 0 && bytes[start - 1] === this.#dialect.quote;
    return isQuoted ? fieldText(bytes, start, end, this.#dialect) : bytes.toString('utf8', start, end);
  }

  #unclosed(line: number, where: string): Error {
    return errors.badCopyFormat('unterminated CSV quoted field', {
      detail: `${where}, line ${line}`,
      hint: 'The page is cut off or a quote is missing; check quote and escape.',
    });
  }

  #strayQuote(line: number, where: string): Error {
    return errors.badCopyFormat('a quote stands within a CSV field, or text behind a quoted one', {
      detail: `${where}, line ${line}`,
      hint: 'Quotes in a field have to be doubled and the field quoted. If the source never quotes, set quote to "".',
    });
  }
}

/** Behind the line break at `i`; -1 when it is not there yet, or might be half of one. */
function behindBreak(window: Window, i: number): number {
  const { bytes, end } = window;
  if (i >= end) return -1;
  if (bytes[i] !== CR) return i + 1;
  if (i + 1 >= end && !window.isFinal) return -1;
  return bytes[i + 1] === LF ? i + 2 : i + 1;
}

function startsWith(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let k = 0; k < text.length; k++) if (bytes[at + k] !== text[k]) return false;
  return true;
}
