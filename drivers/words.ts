/**
 * Four bytes at a time, as a little-endian word `x`: `(x - ONES) & ~x & HIGH_BITS` marks the zero bytes of `x`, and
 * `(x - n * ONES) & ~x & HIGH_BITS` its bytes below `n` (up to 128). The lowest mark is always right, those above it may not be.
 * XOR with `repeated(byte)` makes that byte zero.
 */
export const ONES = 0x01010101;
export const HIGH_BITS = 0x80808080 | 0;

const HIGH_NIBBLES = 0xf0f0f0f0 | 0;
const ZEROS = 0x30303030;
/** The first `n` bytes of a word, and the digit zero in place of the others. */
export const KEEP = Int32Array.of(0, 0xff, 0xffff, 0xffffff, -1);
const FILL = Int32Array.of(0x30303030, 0x30303000, 0x30300000, 0x30000000, 0);

/** A word of four times `byte`. */
export function repeated(byte: number): number {
  return Math.imul(byte, ONES);
}

/** Which of the word's bytes, 0 to 3, the lowest mark stands at. */
export function firstMark(marks: number): number {
  return (31 - Math.clz32(marks & -marks)) >> 3;
}

/** Zero if all four bytes are decimal digits. */
export function notDigits(word: number): number {
  return ((word & HIGH_NIBBLES) ^ ZEROS) | (((word + 0x06060606) & HIGH_NIBBLES) ^ ZEROS);
}

/** The word with all but its first `count` bytes replaced by the digit zero. */
export function partialDigits(word: number, count: number): number {
  return (word & KEEP[count]!) | FILL[count]!;
}
