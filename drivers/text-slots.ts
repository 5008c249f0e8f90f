/** How a wanted value stands in the window. */
export const SlotKind = {
  /** The record does not have it. */
  missing: 0,
  null: 1,
  /** Text as it stands, without zero bytes. */
  plain: 2,
  /** Text in which something stands for something else: `unescape` resolves it. */
  escaped: 3,
  /** Text that only `text` knows. */
  other: 4,
  /** Text without a character, which to most columns is NULL. */
  empty: 5,
} as const;

/** Where the wanted values of the record stand that a text format's scanner has just read, by slot. */
export interface TextSlots {
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Writes the text that bytes `[start, end)` of an escaped value stand for, never more bytes than those, and returns how many; -1: ask `text`. */
  unescape(bytes: Buffer, start: number, end: number, target: Uint8Array, at: number): number;
  /** The text of a value that is neither missing nor NULL. */
  text(bytes: Buffer, slot: number): string;
}
