import { errors } from '../../src/core/errors.js';
import type { Window } from '../window.js';
import type { Dialect } from './dialect.js';

const LF = 0x0a;
const CR = 0x0d;

/** How a field was written. */
export const FieldKind = { plain: 0, quoted: 1, escaped: 2 } as const;

/** Why `next` returned. */
export const Row = { needsMore: 0, row: 1, blank: 2 } as const;

/**
 * Splits the window's bytes into the fields of one row after the other, without making anything of them. Lines end at LF,
 * CR or CRLF. A row that is not whole yet is split again when more bytes have come.
 */
export class RowScanner {
  /** By field of the current row: its kind and its bytes' range, without quotes. */
  kinds = new Uint8Array(64);
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  fieldCount = 0;
  /** 1-based line that the current row began on. */
  line = 1;
  #nextLine = 1;
  readonly #dialect: Dialect;
  readonly #plainStop = new Uint8Array(256);
  readonly #quotedStop = new Uint8Array(256);

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
    for (const byte of [0, LF, CR, dialect.delimiter[0]!]) this.#plainStop[byte] = 1;
    for (const byte of [0, LF, CR]) this.#quotedStop[byte] = 1;
    if (dialect.quote >= 0) {
      this.#plainStop[dialect.quote] = 1;
      this.#quotedStop[dialect.quote] = 1;
      this.#quotedStop[dialect.escapeByte] = 1;
    }
  }

  /** Starts a page. */
  reset(): void {
    this.#nextLine = 1;
    this.line = 1;
  }

  /** Passes over a line whatever is in it; false when its end is not there yet. */
  skipLine(window: Window): boolean {
    const { bytes, end } = window;
    let i = window.position;
    while (i < end && bytes[i] !== LF && bytes[i] !== CR) i++;
    return this.#endLine(window, i);
  }

  /** Consumes the line break at `i`; false when it is not there yet, or might be half of one. */
  #endLine(window: Window, i: number): boolean {
    const { bytes, end } = window;
    if (i >= end) return false;
    if (bytes[i] === CR) {
      if (i + 1 >= end && !window.isFinal) return false;
      if (bytes[i + 1] === LF) i++;
    }
    window.position = i + 1;
    this.#nextLine++;
    return true;
  }

  /** Splits the row at the window's position; 22P04 for quotes that cannot stand where they do. */
  next(window: Window, where: string): number {
    const { bytes, end } = window;
    const { delimiter, quote, escapeByte, comment } = this.#dialect;
    const plainStop = this.#plainStop;
    const quotedStop = this.#quotedStop;
    const delimiterLength = delimiter.length;
    let i = window.position;
    if (i >= end) return Row.needsMore;
    if (comment !== null) {
      if (end - i < comment.length && !window.isFinal) return Row.needsMore;
      if (startsWith(bytes, i, comment)) {
        this.fieldCount = 0;
        return this.skipLine(window) ? Row.blank : Row.needsMore;
      }
    }
    this.line = this.#nextLine;
    let line = this.line;
    let count = 0;
    for (;;) {
      if (count === this.starts.length) this.#grow();
      let start = i;
      let fieldEnd: number;
      let kind: number = FieldKind.plain;
      if (bytes[i] === quote) {
        kind = FieldKind.quoted;
        const openLine = line;
        start = ++i;
        for (;;) {
          while (quotedStop[bytes[i]!] === 0) i++;
          const byte = bytes[i]!;
          if (i >= end) {
            if (window.isFinal) throw this.#unclosed(openLine, where);
            return Row.needsMore;
          }
          if (byte === escapeByte && escapeByte !== quote) {
            if (i + 1 >= end && !window.isFinal) return Row.needsMore;
            const following = bytes[i + 1]!;
            if (following === quote || following === escapeByte) {
              kind = FieldKind.escaped;
              i++;
            }
            i++;
            continue;
          }
          if (byte === quote) {
            if (i + 1 >= end && !window.isFinal) return Row.needsMore;
            if (escapeByte === quote && bytes[i + 1] === quote) {
              kind = FieldKind.escaped;
              i += 2;
              continue;
            }
            break;
          }
          if (byte === LF || (byte === CR && bytes[i + 1] !== LF)) line++;
          i++;
        }
        fieldEnd = i++;
      } else {
        for (;;) {
          while (plainStop[bytes[i]!] === 0) i++;
          const byte = bytes[i]!;
          if (i >= end) return Row.needsMore;
          if (byte === LF || byte === CR) break;
          if (byte === quote) throw this.#strayQuote(line, where);
          if (byte === delimiter[0]) {
            if (delimiterLength === 1 || startsWith(bytes, i, delimiter)) break;
            if (end - i < delimiterLength && !window.isFinal) return Row.needsMore;
          }
          i++;
        }
        fieldEnd = i;
      }
      this.kinds[count] = kind;
      this.starts[count] = start;
      this.ends[count] = fieldEnd;
      count++;

      const byte = bytes[i]!;
      if (byte === delimiter[0] && (delimiterLength === 1 || startsWith(bytes, i, delimiter))) {
        i += delimiterLength;
        continue;
      }
      if (i >= end) return Row.needsMore;
      if (byte === LF || byte === CR) break;
      if (end - i < delimiterLength && !window.isFinal) return Row.needsMore;
      throw this.#strayQuote(line, where);
    }
    this.#nextLine = line;
    if (!this.#endLine(window, i)) {
      this.#nextLine = this.line;
      return Row.needsMore;
    }
    this.fieldCount = count;
    return count === 1 && this.kinds[0] === FieldKind.plain && this.starts[0] === this.ends[0] ? Row.blank : Row.row;
  }

  /** The text of field `index`, escapes resolved. */
  text(bytes: Buffer, index: number): string {
    const text = bytes.toString('utf8', this.starts[index]!, this.ends[index]!);
    if (this.kinds[index] !== FieldKind.escaped) return text;
    const quote = String.fromCharCode(this.#dialect.quote);
    const mark = String.fromCharCode(this.#dialect.escapeByte);
    let out = '';
    for (let i = 0; i < text.length; i++) {
      if (text[i] === mark && (text[i + 1] === quote || text[i + 1] === mark)) i++;
      out += text[i];
    }
    return out;
  }

  #grow(): void {
    const size = this.starts.length * 2;
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

function startsWith(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let k = 0; k < text.length; k++) if (bytes[at + k] !== text[k]) return false;
  return true;
}
