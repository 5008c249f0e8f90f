import { SlotKind } from '../text-slots.js';
import { HIGH_BITS, KEEP, ONES, repeated } from '../words.js';
import { CLASS, MAX_REFERENCE } from './characters.js';
import type { NameTable } from './name-table.js';
import { NIL, SEEN_BY_ALL } from './record-plan.js';
import { Form, type RecordSlots } from './record-slots.js';
import { referenceEnd } from './references.js';

// V8 folds constants of their own module only, and these stand in inner loops.
const GT = 0x3e;
const SLASH = 0x2f;
const EQUALS = 0x3d;
const AMPERSAND = 0x26;
const TAGS = repeated(0x3c);
const AMPERSANDS = repeated(AMPERSAND);
const CONTROLS = repeated(0x20);

/** What `read` returns in place of a position. */
export const Attributes = { incomplete: -1, unusual: -2 } as const;

/** Most attributes of one element that are read here. */
const MAX_ATTRIBUTES = 32;

/** Reads the attributes of start tags, and puts the wanted ones into a record's slots. */
export class AttributeScanner {
  readonly #names: NameTable;
  readonly #slots: RecordSlots;
  readonly #seen = new Int32Array(MAX_ATTRIBUTES);
  /** Whether the attributes just read say that their element is nil. */
  isNil = false;

  constructor(names: NameTable, slots: RecordSlots) {
    this.#names = names;
    this.#slots = slots;
  }

  /** Reads the attributes of a tag of `element` from the white space at `from` on; returns where they end, or below zero why not. */
  read(bytes: Buffer, view: DataView, from: number, end: number, element: number): number {
    const attributes = this.#names;
    const classes = CLASS;
    const seen = this.#seen;
    let place = attributes.heads[element]!;
    let count = 0;
    let i = from;
    this.isNil = false;
    for (;;) {
      if (classes[bytes[i]!] !== 1)
        return bytes[i] === GT || bytes[i] === SLASH ? i : i >= end ? Attributes.incomplete : Attributes.unusual;
      do i++;
      while (classes[bytes[i]!] === 1);
      if (bytes[i] === GT || bytes[i] === SLASH) return i;
      const { start: nameStart, size: nameSize, view: pool } = attributes;
      let name = attributes.next[place]!;
      if (name !== 0) {
        const size = nameSize[name]!;
        const at = nameStart[name]!;
        let k = 0;
        while (k + 4 <= size && view.getInt32(i + k, true) === pool.getInt32(at + k, true)) k += 4;
        const left = size - k;
        if (
          left < 4 &&
          ((view.getInt32(i + k, true) ^ pool.getInt32(at + k, true)) & KEEP[left]!) === 0 &&
          classes[bytes[i + size]!] !== 0
        )
          i += size;
        else name = 0;
      }
      if (name === 0) {
        const start = i;
        while (classes[bytes[i]!] === 0) i++;
        if (i >= end) return Attributes.incomplete;
        name = attributes.find(element, bytes, start, i);
        if (name === 0) return Attributes.unusual;
        attributes.next[place] = name;
      }
      const target = attributes.target[name]!;
      if (target === SEEN_BY_ALL || count === MAX_ATTRIBUTES) return Attributes.unusual;
      for (let k = 0; k < count; k++) if (seen[k] === name) return Attributes.unusual;
      seen[count++] = name;
      place = name;

      while (classes[bytes[i]!] === 1) i++;
      if (bytes[i] !== EQUALS) return i >= end ? Attributes.incomplete : Attributes.unusual;
      do i++;
      while (classes[bytes[i]!] === 1);
      const quote = bytes[i]!;
      if (quote !== 0x22 && quote !== 0x27) return i >= end ? Attributes.incomplete : Attributes.unusual;
      const start = ++i;
      const quotes = Math.imul(quote, ONES);
      let kind: number = SlotKind.plain;
      for (;;) {
        const word = view.getInt32(i, true);
        const isQuote = word ^ quotes;
        const isTag = word ^ TAGS;
        const isAmpersand = word ^ AMPERSANDS;
        const marks =
          (((isQuote - ONES) & ~isQuote) |
            ((isTag - ONES) & ~isTag) |
            ((isAmpersand - ONES) & ~isAmpersand) |
            ((word - CONTROLS) & ~word)) &
          HIGH_BITS;
        if (marks === 0) {
          i += 4;
          continue;
        }
        i += (31 - Math.clz32(marks & -marks)) >> 3;
        const byte = bytes[i]!;
        if (byte === quote) break;
        if (byte === AMPERSAND) {
          const behind = referenceEnd(bytes, i);
          if (behind < 0) return i + MAX_REFERENCE >= end ? Attributes.incomplete : Attributes.unusual;
          i = behind;
        } else if (classes[byte] === 1) i++;
        else return i >= end ? Attributes.incomplete : Attributes.unusual;
        kind = SlotKind.other;
      }
      if (target === NIL) {
        // Only spaces around it are left to think about.
        if (kind === SlotKind.other || classes[bytes[start]!] === 1 || classes[bytes[i - 1]!] === 1)
          return Attributes.unusual;
        this.isNil = i - start === 1 ? bytes[start] === 0x31 : bytes.toString('latin1', start, i) === 'true';
      } else if (target > 0) this.#slots.put(target - 1, i === start ? SlotKind.empty : kind, Form.attribute, start, i);
      i++;
    }
  }
}
