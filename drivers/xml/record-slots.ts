import { SlotKind, type TextSlots } from '../text-slots.js';
import { resolveAttribute, resolveCdata, resolveText } from './character-data.js';
import { resolveBytes } from './references.js';

/** What a slot's text was written as. */
export const Form = { text: 0, attribute: 1, cdata: 2 } as const;

/** Where the wanted values of a record stand in the window. */
export class RecordSlots implements TextSlots {
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly forms: Uint8Array;
  /** By slot: 1 where an element's repetitions are all wanted, and then each one's kind, form, start and end. */
  readonly collects: Uint8Array;
  readonly #lists: readonly number[][];
  readonly #collected: readonly number[][];

  constructor(collects: Uint8Array) {
    this.kinds = new Uint8Array(collects.length);
    this.starts = new Int32Array(collects.length);
    this.ends = new Int32Array(collects.length);
    this.forms = new Uint8Array(collects.length);
    this.collects = collects;
    this.#lists = Array.from(collects, () => []);
    this.#collected = this.#lists.filter((_, slot) => collects[slot] === 1);
  }

  /** Forgets the record before. */
  clear(): void {
    this.kinds.fill(SlotKind.missing);
    for (const list of this.#collected) list.length = 0;
  }

  /** Remembers a value of an element or attribute: the first one, and where they are wanted by an array, each of them. */
  put(slot: number, kind: number, form: number, start: number, end: number): void {
    if (this.collects[slot] === 1) this.#lists[slot]!.push(kind, form, start, end);
    // A column that is no array can have the same field.
    if (this.kinds[slot] === SlotKind.missing) {
      this.kinds[slot] = kind;
      this.forms[slot] = form;
      this.starts[slot] = start;
      this.ends[slot] = end;
    }
  }

  unescape(bytes: Buffer, start: number, end: number, target: Uint8Array, at: number): number {
    return resolveBytes(bytes, start, end, target, at);
  }

  text(bytes: Buffer, slot: number): string {
    return textOf(bytes, this.forms[slot]!, this.starts[slot]!, this.ends[slot]!);
  }

  /** The texts of an element's repetitions in the record; null for one that is nil. */
  texts(bytes: Buffer, slot: number): readonly (string | null)[] {
    const list = this.#lists[slot]!;
    const texts: (string | null)[] = [];
    for (let k = 0; k < list.length; k += 4) {
      texts.push(list[k] === SlotKind.null ? null : textOf(bytes, list[k + 1]!, list[k + 2]!, list[k + 3]!));
    }
    return texts;
  }
}

function textOf(bytes: Buffer, form: number, start: number, end: number): string {
  const raw = bytes.toString('utf8', start, end);
  return form === Form.text ? resolveText(raw) : form === Form.attribute ? resolveAttribute(raw) : resolveCdata(raw);
}
