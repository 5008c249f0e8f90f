import { SlotKind } from '../text-slots.js';
import type { Window } from '../window.js';
import { HIGH_BITS, KEEP, ONES, repeated } from '../words.js';
import { AttributeScanner, Attributes } from './attribute-scanner.js';
import { CLASS, MAX_REFERENCE } from './characters.js';
import { isName } from './name.js';
import { NameTable } from './name-table.js';
import { PARENT, type RecordPlan, SEEN_BY_ALL } from './record-plan.js';
import { Form, RecordSlots } from './record-slots.js';
import { referenceEnd } from './references.js';

/** Why the scanner returned: for more bytes, a full batch, or something that the general path has to see. */
export const Scan = { needsMore: 0, stopped: 1, unusual: 2 } as const;

/** Takes a record's wanted values, which stand in the slots until it returns; true stops the scanner. */
export type RecordTaker = (bytes: Buffer, view: DataView) => boolean;

// V8 folds constants of their own module only, and these stand in inner loops.
const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const AMPERSAND = 0x26;
const BANG = 0x21;
const QUESTION = 0x3f;
const BRACKET = 0x5d;
const TAGS = repeated(LT);
const AMPERSANDS = repeated(AMPERSAND);
const BRACKETS = repeated(BRACKET);
const CONTROLS = repeated(0x20);
const CDATA = Buffer.from('<![CDATA[');

/** Deepest nesting of elements within a record that is read here. */
const MAX_DEPTH = 64;

/** How U+FFFE and U+FFFF begin in UTF-8, and a few others. */
const NONCHARACTERS = Buffer.from([0xef, 0xbf]);

/**
 * Reads records that lie in the window as a whole, and remembers where their wanted values stand: no string or object is made
 * for an element, and names are compared with those that came there before. It checks what the tokenizer checks. Before whatever
 * is unusual (comments, namespace declarations, mixed content that is wanted, and all that is wrong) it stops, at the start of
 * the record: the tokenizer has to read that one.
 */
export class RecordScanner {
  readonly slots: RecordSlots;
  readonly #wholeSlot: Int32Array;
  readonly #ownSlot: Int32Array;
  readonly #elements: NameTable;
  readonly #attributeNames: NameTable;
  readonly #attributes: AttributeScanner;
  readonly #stackElement = new Int32Array(MAX_DEPTH + 1);
  readonly #stackName = new Int32Array(MAX_DEPTH + 1);
  readonly #stackPlace = new Int32Array(MAX_DEPTH + 1);
  /** Offset in the page up to which it was searched for U+FFFE and U+FFFF. */
  #searchedTo = 0;
  #hasNoncharacter = false;

  constructor(plan: RecordPlan, collects: Uint8Array) {
    this.slots = new RecordSlots(collects);
    this.#wholeSlot = Int32Array.from(plan.wholeSlot);
    this.#ownSlot = Int32Array.from(plan.ownSlot);
    const elementCount = plan.wholeSlot.length;
    this.#elements = new NameTable(elementCount, (element, name) =>
      isName(name) ? plan.child(element, name) : SEEN_BY_ALL,
    );
    this.#attributeNames = new NameTable(elementCount, (element, name) =>
      isName(name) ? plan.attribute(element, name) : SEEN_BY_ALL,
    );
    this.#attributes = new AttributeScanner(this.#attributeNames, this.slots);
  }

  /** Starts a page. */
  startPage(): void {
    this.#searchedTo = 0;
    this.#hasNoncharacter = false;
  }

  /** Forgets what names mean, where the namespaces in force may have changed. */
  forgetNames(): void {
    this.#elements.clear();
    this.#attributeNames.clear();
  }

  /**
   * Reads records from the window's position on, with white space between them, and gives each to `take`, until it returns
   * true or one comes that is not whole or unusual. `depthLeft`: how deep a record's elements may be nested.
   */
  scan(window: Window, depthLeft: number, take: RecordTaker): number {
    const { bytes, end } = window;
    if (!this.#isSearched(window)) return Scan.unusual;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { slots } = this;
    const { kinds, starts, ends, forms, collects } = slots;
    const classes = CLASS;
    const attributes = this.#attributes;
    const wholeSlot = this.#wholeSlot;
    const ownSlot = this.#ownSlot;
    const elements = this.#elements;
    const { heads } = elements;
    const stackElement = this.#stackElement;
    const stackName = this.#stackName;
    const stackPlace = this.#stackPlace;
    const maxDepth = Math.min(depthLeft, MAX_DEPTH);
    let { start: nameStart, size: nameSize, target: nameTarget, next: nameNext, view: pool } = elements;
    let i = window.position;
    for (;;) {
      // Between records.
      while (classes[bytes[i]!] === 1) i++;
      window.position = i;
      if (i + 1 >= end) return Scan.needsMore;
      if (bytes[i] !== LT || bytes[i + 1] === BANG || bytes[i + 1] === QUESTION) return Scan.unusual;
      slots.clear();
      let depth = 0;
      let element: number = PARENT;
      let place = heads[PARENT]!;
      record: for (;;) {
        // A start tag: the name that came here last time, or the one behind it, as an element may be absent.
        i++;
        let name = nameNext[place]!;
        for (let attempt = 0; name !== 0; attempt++) {
          const size = nameSize[name]!;
          const from = nameStart[name]!;
          let k = 0;
          while (k + 4 <= size && view.getInt32(i + k, true) === pool.getInt32(from + k, true)) k += 4;
          const left = size - k;
          if (
            left < 4 &&
            ((view.getInt32(i + k, true) ^ pool.getInt32(from + k, true)) & KEEP[left]!) === 0 &&
            classes[bytes[i + size]!] !== 0
          ) {
            i += size;
            break;
          }
          name = attempt === 2 ? 0 : nameNext[name]!;
        }
        if (name === 0) {
          const from = i;
          while (classes[bytes[i]!] === 0) i++;
          if (i >= end) return Scan.needsMore;
          name = elements.find(element, bytes, from, i);
          if (name === 0) return Scan.unusual;
          ({ start: nameStart, size: nameSize, target: nameTarget, next: nameNext, view: pool } = elements);
          nameNext[place] = name;
        }
        const child = nameTarget[name]!;
        if (child < 0) return Scan.unusual;
        place = name;
        let byte = bytes[i]!;
        let isNil = false;
        if (byte !== GT) {
          if (classes[byte] === 1) {
            i = attributes.read(bytes, view, i, end, child);
            if (i < 0) return i === Attributes.incomplete ? Scan.needsMore : Scan.unusual;
            isNil = attributes.isNil;
            byte = bytes[i]!;
          }
          if (byte === SLASH) byte = bytes[++i]!;
          else if (byte !== GT) return i >= end ? Scan.needsMore : Scan.unusual;
          if (byte !== GT) return i >= end ? Scan.needsMore : Scan.unusual;
        }
        const isEmpty = bytes[i - 1] === SLASH;
        i++;
        let content = -1;
        let kind: number = SlotKind.plain;
        let form: number = Form.text;
        let contentEnd = i;
        if (isEmpty) {
          const nothing = isNil ? SlotKind.null : SlotKind.empty;
          if (wholeSlot[child]! >= 0) slots.put(wholeSlot[child]!, nothing, Form.text, i, i);
          if (ownSlot[child]! >= 0) slots.put(ownSlot[child]!, nothing, Form.text, i, i);
          if (depth === 0) break;
        } else {
          if (depth === maxDepth) return Scan.unusual;
          stackElement[depth] = element;
          stackPlace[depth] = place;
          stackName[depth] = name;
          depth++;
          element = child;
          place = heads[child]!;
          content = i;
        }

        // Content, up to the next start tag or the record's end.
        for (;;) {
          if (bytes[i] !== LT) {
            for (;;) {
              const word = view.getInt32(i, true);
              const isTag = word ^ TAGS;
              const isAmpersand = word ^ AMPERSANDS;
              const isBracket = word ^ BRACKETS;
              const marks =
                (((isTag - ONES) & ~isTag) |
                  ((isAmpersand - ONES) & ~isAmpersand) |
                  ((isBracket - ONES) & ~isBracket) |
                  ((word - CONTROLS) & ~word)) &
                HIGH_BITS;
              if (marks === 0) {
                i += 4;
                continue;
              }
              i += (31 - Math.clz32(marks & -marks)) >> 3;
              byte = bytes[i]!;
              if (byte === LT) break;
              if (byte === AMPERSAND) {
                const behind = referenceEnd(bytes, i);
                if (behind < 0) return i + MAX_REFERENCE >= end ? Scan.needsMore : Scan.unusual;
                kind = SlotKind.escaped;
                i = behind;
                continue;
              }
              if (byte === BRACKET) {
                if (bytes[i + 1] === BRACKET && bytes[i + 2] === GT) return Scan.unusual;
              } else if (byte === 0x0d) kind = SlotKind.escaped;
              else if (byte !== 0x0a && byte !== 0x09) return i >= end ? Scan.needsMore : Scan.unusual;
              i++;
            }
          }
          if (form === Form.text) contentEnd = i;
          byte = bytes[i + 1]!;
          if (byte === SLASH) {
            // An end tag has the name of its start tag.
            depth--;
            const open = stackName[depth]!;
            const size = nameSize[open]!;
            const from = nameStart[open]!;
            i += 2;
            let k = 0;
            while (k + 4 <= size && view.getInt32(i + k, true) === pool.getInt32(from + k, true)) k += 4;
            const left = size - k;
            if (left > 3 || ((view.getInt32(i + k, true) ^ pool.getInt32(from + k, true)) & KEEP[left]!) !== 0)
              return i + size >= end ? Scan.needsMore : Scan.unusual;
            i += size;
            while (classes[bytes[i]!] === 1) i++;
            if (bytes[i] !== GT) return i >= end ? Scan.needsMore : Scan.unusual;
            i++;
            const whole = wholeSlot[element]!;
            const own = ownSlot[element]!;
            if (whole >= 0 || own >= 0) {
              // The text of an element with elements in it is in pieces.
              if (content < 0) return Scan.unusual;
              if (contentEnd === content) kind = isNil ? SlotKind.null : SlotKind.empty;
              else if (isNil) return Scan.unusual;
              if (whole >= 0) {
                if (collects[whole] === 1) slots.put(whole, kind, form, content, contentEnd);
                else if (kinds[whole] === SlotKind.missing) {
                  kinds[whole] = kind;
                  forms[whole] = form;
                  starts[whole] = content;
                  ends[whole] = contentEnd;
                }
              }
              if (own >= 0) slots.put(own, kind, form, content, contentEnd);
            }
            if (depth === 0) break record;
            element = stackElement[depth]!;
            place = stackPlace[depth]!;
            content = -1;
            form = Form.text;
            continue;
          }
          if (byte !== BANG) {
            if (byte === QUESTION) return Scan.unusual;
            if (i + 1 >= end) return Scan.needsMore;
            continue record;
          }
          // A CDATA section: all that is in its element, or unwanted.
          const isWanted = wholeSlot[element]! >= 0 || ownSlot[element]! >= 0;
          if (isWanted && content !== i) return Scan.unusual;
          for (let k = 2; k < CDATA.length; k++) {
            if (bytes[i + k] !== CDATA[k]) return i + k >= end ? Scan.needsMore : Scan.unusual;
          }
          const close = bytes.indexOf(']]>', i + CDATA.length, 'latin1');
          if (close < 0 || close + 4 >= end) return Scan.needsMore;
          kind = SlotKind.plain;
          for (let k = i + CDATA.length; k < close; k++) {
            byte = bytes[k]!;
            if (byte >= 0x20 || byte === 0x0a || byte === 0x09) continue;
            if (byte !== 0x0d) return Scan.unusual;
            kind = SlotKind.other;
          }
          content = i + CDATA.length;
          contentEnd = close;
          form = Form.cdata;
          i = close + 3;
          if (isWanted && (bytes[i] !== LT || bytes[i + 1] !== SLASH)) return Scan.unusual;
        }
      }
      window.position = i;
      if (take(bytes, view)) return Scan.stopped;
    }
  }

  /** Whether no character that XML has no place for is among the window's bytes, but for control characters. */
  #isSearched(window: Window): boolean {
    const { bytes, position, end, base } = window;
    let i = Math.max(position, this.#searchedTo - base);
    this.#searchedTo = base + end;
    while (!this.#hasNoncharacter) {
      i = bytes.indexOf(NONCHARACTERS, i);
      if (i < 0 || i >= end) return true;
      this.#hasNoncharacter = bytes[i + 2]! >= 0xbe;
      i += 2;
    }
    return false;
  }
}
