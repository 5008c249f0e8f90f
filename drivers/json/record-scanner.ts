import type { Window } from '../window.js';
import type { RecordShape } from './record-shape.js';
import { depthError, type Expected, MAX_DEPTH, syntaxError } from './syntax-error.js';
import { HEX_DIGIT, Kind, SIMPLE_ESCAPE } from './tokens.js';

/** Where the scanner stands between records. */
export const Between = {
  /** Behind `[`: a record or `]`. */
  first: 0,
  /** Behind `,`: a record. */
  next: 1,
  /** Behind a record in an array: `,` or `]`. */
  after: 2,
  /** A single record is to come, and then the scanner is done. */
  single: 3,
  /** At the start of a line, or before it: a record, or nothing more. */
  line: 4,
  /** Behind a record on a line: a line feed. */
  afterLine: 5,
} as const;

/** Why the scanner returned. */
export const Scan = { needsMore: 0, batchFull: 1, done: 2 } as const;

/** Takes a record's wanted values, which stand in the scanner's slots until it returns; true stops the scanner. */
export type RecordTaker = (bytes: Buffer) => boolean;

/** White space, of the bytes up to the space. */
const SPACE = new Uint8Array(33);
for (const byte of [0x20, 0x09, 0x0a, 0x0d]) SPACE[byte] = 1;

/**
 * For finding a quote, a backslash or a control character among four bytes at once: `(x - ONES) & ~x & HIGH_BITS` marks the zero
 * bytes of `x`, the first one surely; bytes beyond ASCII are never marked.
 */
const ONES = 0x01010101;
const HIGH_BITS = 0x80808080 | 0;
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const SPACES = 0x20202020;

const NONE = 0;
const OBJECT = 1;
const ARRAY = 2;

/**
 * Reads records that lie in the window as a whole: checks every byte against RFC 8259 and remembers where the wanted values
 * stand. No object is made for a record; a record that is not there to its end yet is read again from its start when more
 * bytes have come.
 */
export class RecordScanner {
  /** By slot: the value's kind and its bytes' range in the window (a string's without quotes). */
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly #shape: RecordShape;
  readonly #stackKind = new Uint8Array(MAX_DEPTH);
  readonly #stackNode = new Int32Array(MAX_DEPTH);
  /** The previous key of an object, the position in an array. */
  readonly #stackPlace = new Int32Array(MAX_DEPTH);
  readonly #stackTarget = new Int32Array(MAX_DEPTH);
  readonly #stackStart = new Int32Array(MAX_DEPTH);

  constructor(shape: RecordShape) {
    this.#shape = shape;
    this.kinds = new Uint8Array(shape.slotCount);
    this.starts = new Int32Array(shape.slotCount);
    this.ends = new Int32Array(shape.slotCount);
  }

  /** Where the scanner stands; the caller sets it when records begin. */
  between: number = Between.first;

  /**
   * Reads records from the window's position on and gives each to `take`, until the records end, `take` returns true or
   * the window does. `outerDepth`: how many containers the records lie in. Throws for bytes that are no JSON.
   */
  scan(window: Window, outerDepth: number, where: string, take: RecordTaker): number {
    const { bytes, end } = window;
    const { kinds, starts, ends } = this;
    const { leafSlot, ownSlot, slotLow, slotHigh, head, elementStart, elementCount, elementNode, keys, slotCount } =
      this.#shape;
    const poolView = keys.view;
    const { start: keyStart, size: keySize, target: keyTarget, next: keyNext } = keys;
    const stackKind = this.#stackKind;
    const stackNode = this.#stackNode;
    const stackPlace = this.#stackPlace;
    const stackTarget = this.#stackTarget;
    const stackStart = this.#stackStart;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const maxDepth = MAX_DEPTH - outerDepth;
    const hasLines = this.between >= Between.line;

    /** The byte that cannot stand where it does: an error, or the window's end. */
    let bad = 0;
    let expected: Expected = 'a value';
    let between = this.between;
    let i = window.position;
    let byte = 0;

    // biome-ignore lint/suspicious/noConfusingLabels: one way out for whatever is wrong, without a call or an exception.
    scan: {
      for (;;) {
        // Between records.
        byte = bytes[i]!;
        if (hasLines) {
          while (byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a) {
            if (byte === 0x0a) between = Between.line;
            byte = bytes[++i]!;
          }
          window.position = i;
          this.between = between;
          if (i >= end) return Scan.needsMore;
          if (between === Between.afterLine) {
            bad = i;
            expected = 'a line break';
            break scan;
          }
        } else {
          while (byte <= 0x20 && SPACE[byte] === 1) byte = bytes[++i]!;
          if (between === Between.after) {
            if (byte === 0x2c) {
              between = Between.next;
              i++;
              continue;
            }
            if (byte !== 0x5d) {
              window.position = i;
              this.between = between;
              bad = i;
              expected = '"," or "]"';
              break scan;
            }
          }
          if (byte === 0x5d && (between === Between.after || between === Between.first)) {
            window.position = i + 1;
            return Scan.done;
          }
          window.position = i;
          this.between = between;
        }

        // A record.
        for (let slot = 0; slot < slotCount; slot++) kinds[slot] = Kind.missing;
        let depth = 0;
        let container = NONE;
        let node = 0;
        let place = 0;
        let target = 1;
        value: for (;;) {
          if (container === OBJECT) {
            byte = bytes[i]!;
            while (byte <= 0x20 && SPACE[byte] === 1) byte = bytes[++i]!;
            target = 0;
            let isKnown = false;
            if (node !== 0) {
              // The key that came here last time, else those that followed it: optional keys may be absent. A key is compared
              // with its quotes and its colon, four bytes at a time; the last four may overlap those before.
              let id = keyNext[place]!;
              for (let attempt = 0; id !== 0 && attempt < 4; attempt++) {
                const p = keyStart[id]!;
                const last = keySize[id]! - 4;
                if (view.getInt32(i, true) === poolView.getInt32(p, true)) {
                  let k = 4;
                  while (k < last && view.getInt32(i + k, true) === poolView.getInt32(p + k, true)) k += 4;
                  if (
                    k >= last &&
                    i + last < end &&
                    view.getInt32(i + last, true) === poolView.getInt32(p + last, true)
                  ) {
                    isKnown = true;
                    target = keyTarget[id]!;
                    place = id;
                    i += last + 4;
                    break;
                  }
                }
                id = keyNext[id]!;
              }
            }
            if (!isKnown) {
              if (byte !== 0x22) {
                bad = i;
                expected = 'a key';
                break scan;
              }
              const from = i++;
              for (;;) {
                for (;;) {
                  const word = view.getInt32(i, true);
                  const isQuote = word ^ QUOTES;
                  const isBackslash = word ^ BACKSLASHES;
                  const hits =
                    (((isQuote - ONES) & ~isQuote) |
                      ((isBackslash - ONES) & ~isBackslash) |
                      ((word - SPACES) & ~word)) &
                    HIGH_BITS;
                  if (hits !== 0) {
                    i += (31 - Math.clz32(hits & -hits)) >> 3;
                    break;
                  }
                  i += 4;
                }
                byte = bytes[i]!;
                if (byte === 0x22) break;
                bad = i;
                expected = 'a string character';
                if (byte !== 0x5c) break scan;
                byte = bytes[i + 1]!;
                if (SIMPLE_ESCAPE[byte] === 1) {
                  i += 2;
                  continue;
                }
                bad = i + 1;
                if (byte !== 0x75) break scan;
                for (let k = 2; k < 6; k++) {
                  bad = i + k;
                  if (HEX_DIGIT[bytes[bad]!] === 0) break scan;
                }
                i += 6;
              }
              i++;
              if (node !== 0) {
                const id = keys.lookup(node, bytes, from, i);
                if (id > 0) {
                  keyNext[place] = id;
                  place = id;
                  target = keyTarget[id]!;
                } else target = -1 - id;
              }
              byte = bytes[i]!;
              while (byte <= 0x20 && SPACE[byte] === 1) byte = bytes[++i]!;
              if (byte !== 0x3a) {
                bad = i;
                expected = '":"';
                break scan;
              }
              i++;
            }
          } else if (container === ARRAY) {
            target = node !== 0 && place < elementCount[node]! ? elementNode[elementStart[node]! + place]! : 0;
          }

          byte = bytes[i]!;
          while (byte <= 0x20 && SPACE[byte] === 1) byte = bytes[++i]!;
          let start = i;
          let valueEnd = 0;
          let kind: number = Kind.null;
          // biome-ignore lint/suspicious/noConfusingLabels: every kind of value ends here.
          single: {
            if (byte === 0x22) {
              start = ++i;
              kind = Kind.string;
              for (;;) {
                for (;;) {
                  const word = view.getInt32(i, true);
                  const isQuote = word ^ QUOTES;
                  const isBackslash = word ^ BACKSLASHES;
                  const hits =
                    (((isQuote - ONES) & ~isQuote) |
                      ((isBackslash - ONES) & ~isBackslash) |
                      ((word - SPACES) & ~word)) &
                    HIGH_BITS;
                  if (hits !== 0) {
                    i += (31 - Math.clz32(hits & -hits)) >> 3;
                    break;
                  }
                  i += 4;
                }
                byte = bytes[i]!;
                if (byte === 0x22) break;
                bad = i;
                expected = 'a string character';
                if (byte !== 0x5c) break scan;
                kind = Kind.escaped;
                byte = bytes[i + 1]!;
                if (SIMPLE_ESCAPE[byte] === 1) {
                  i += 2;
                  continue;
                }
                bad = i + 1;
                if (byte !== 0x75) break scan;
                for (let k = 2; k < 6; k++) {
                  bad = i + k;
                  if (HEX_DIGIT[bytes[bad]!] === 0) break scan;
                }
                i += 6;
              }
              valueEnd = i++;
              break single;
            }
            if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
              kind = Kind.number;
              expected = 'a number';
              if (byte === 0x2d) byte = bytes[++i]!;
              if (byte === 0x30) byte = bytes[++i]!;
              else {
                bad = i;
                if (byte < 0x30 || byte > 0x39) break scan;
                do byte = bytes[++i]!;
                while (byte >= 0x30 && byte <= 0x39);
              }
              if (byte === 0x2e) {
                byte = bytes[++i]!;
                bad = i;
                if (byte < 0x30 || byte > 0x39) break scan;
                do byte = bytes[++i]!;
                while (byte >= 0x30 && byte <= 0x39);
              }
              if (byte === 0x65 || byte === 0x45) {
                byte = bytes[++i]!;
                if (byte === 0x2b || byte === 0x2d) byte = bytes[++i]!;
                bad = i;
                if (byte < 0x30 || byte > 0x39) break scan;
                do byte = bytes[++i]!;
                while (byte >= 0x30 && byte <= 0x39);
              }
              bad = i;
              if (i >= end) break scan;
              valueEnd = i;
              break single;
            }
            if (byte === 0x7b || byte === 0x5b) {
              if (depth >= maxDepth) throw depthError(window, i, where);
              if (target !== 0) for (let s = slotLow[target]!; s < slotHigh[target]!; s++) kinds[s] = Kind.missing;
              stackKind[depth] = container;
              stackNode[depth] = node;
              stackPlace[depth] = place;
              stackTarget[depth] = target;
              stackStart[depth] = i;
              depth++;
              i++;
              const closing = byte + 2;
              if (byte === 0x7b) {
                container = OBJECT;
                place = head[target]!;
                node = place === 0 ? 0 : target;
              } else {
                container = ARRAY;
                place = 0;
                node = elementCount[target] === 0 ? 0 : target;
              }
              byte = bytes[i]!;
              while (byte <= 0x20 && SPACE[byte] === 1) byte = bytes[++i]!;
              if (byte !== closing) continue;
              // Empty: leave it at once.
              i++;
              depth--;
              kind = Kind.json;
              start = stackStart[depth]!;
              container = stackKind[depth]!;
              node = stackNode[depth]!;
              place = stackPlace[depth]!;
              valueEnd = i;
              break single;
            }
            bad = i;
            expected = 'a value';
            if (byte === 0x74) {
              kind = Kind.true;
              if (bytes[++bad] !== 0x72 || bytes[++bad] !== 0x75 || bytes[++bad] !== 0x65) break scan;
              i += 4;
            } else if (byte === 0x66) {
              kind = Kind.false;
              if (bytes[++bad] !== 0x61 || bytes[++bad] !== 0x6c || bytes[++bad] !== 0x73 || bytes[++bad] !== 0x65) {
                break scan;
              }
              i += 5;
            } else if (byte === 0x6e) {
              if (bytes[++bad] !== 0x75 || bytes[++bad] !== 0x6c || bytes[++bad] !== 0x6c) break scan;
              i += 4;
            } else break scan;
            valueEnd = i;
          }

          // Behind a value: remember it, then close what it ends.
          for (;;) {
            if (target !== 0) {
              const leaf = leafSlot[target]!;
              if (leaf >= 0) {
                kinds[leaf] = kind;
                starts[leaf] = start;
                ends[leaf] = valueEnd;
              } else {
                const own = ownSlot[target]!;
                // A container's members are in their slots by now; a scalar takes back those of an earlier equal key.
                if (kind !== Kind.json)
                  for (let s = slotLow[target]!; s < slotHigh[target]!; s++) kinds[s] = Kind.missing;
                if (own >= 0) {
                  kinds[own] = kind;
                  starts[own] = start;
                  ends[own] = valueEnd;
                }
              }
            }
            if (depth === 0) break value;
            byte = bytes[i]!;
            while (byte <= 0x20 && SPACE[byte] === 1) byte = bytes[++i]!;
            if (byte === 0x2c) {
              i++;
              if (container === ARRAY) place++;
              continue value;
            }
            if (byte !== (container === OBJECT ? 0x7d : 0x5d)) {
              bad = i;
              expected = container === OBJECT ? '"," or "}"' : '"," or "]"';
              break scan;
            }
            i++;
            depth--;
            kind = Kind.json;
            target = stackTarget[depth]!;
            start = stackStart[depth]!;
            container = stackKind[depth]!;
            node = stackNode[depth]!;
            place = stackPlace[depth]!;
            valueEnd = i;
          }
        }

        // The record is whole.
        window.position = i;
        const isStopped = take(bytes);
        if (between === Between.single) return Scan.done;
        between = hasLines ? Between.afterLine : Between.after;
        this.between = between;
        if (isStopped) return Scan.batchFull;
      }
    }
    if (bad >= end) return Scan.needsMore;
    throw syntaxError(window, bad, expected, where);
  }
}
