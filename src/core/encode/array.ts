import type { BinaryEncoder } from './contract.js';

const OPEN = 0x7b;
const CLOSE = 0x7d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** PostgreSQL's MAXDIM. */
const MAX_DIMENSIONS = 6;

/**
 * Bytes that an array's binary form takes at most for each byte of its text, beyond the 64 that every cell has: a numeric of one
 * digit and the comma behind it are 14.
 */
export const ARRAY_EXPANSION = 8;

/**
 * The encoder of an array's binary format, as array_send writes it: int32 number of dimensions, int32 1 where there are NULLs,
 * int32 type of the elements; int32 length and lower bound of each dimension; then each element as int32 length, -1 for
 * NULL, and its own binary form. `target` has room for `ARRAY_EXPANSION` times the text and 64 bytes.
 */
export function arrayEncoder(elementOid: number, encode: BinaryEncoder): BinaryEncoder {
  const dimensions = new Int32Array(MAX_DIMENSIONS);
  const counts = new Int32Array(MAX_DIMENSIONS);
  let scratch = Buffer.alloc(256);
  return (text, start, end, target, at) => {
    if (end - start > scratch.length) scratch = Buffer.alloc(2 * (end - start));
    let dimensionCount = 0;
    while (text[start + dimensionCount] === OPEN) dimensionCount++;
    // Canonical text has no empty array within another.
    if (text[start + 1] === CLOSE) dimensionCount = 0;
    dimensions.fill(-1);
    counts.fill(0);
    let out = at + 12 + 8 * dimensionCount;
    let hasNulls = 0;
    let depth = 0;
    for (let i = start; i < end; ) {
      const byte = text[i]!;
      if (byte === OPEN) {
        depth++;
        i++;
      } else if (byte === COMMA) i++;
      else if (byte === CLOSE) {
        depth--;
        if (dimensions[depth]! < 0) dimensions[depth] = counts[depth]!;
        counts[depth] = 0;
        if (depth > 0) counts[depth - 1]!++;
        i++;
      } else {
        counts[depth - 1]!++;
        let length = -1;
        if (byte === QUOTE) {
          let size = 0;
          for (i++; text[i] !== QUOTE; i++) {
            if (text[i] === BACKSLASH) i++;
            scratch[size++] = text[i]!;
          }
          i++;
          length = encode(scratch, 0, size, target, out + 4);
        } else {
          const from = i;
          while (text[i] !== COMMA && text[i] !== CLOSE) i++;
          if (isNull(text, from, i)) hasNulls = 1;
          else length = encode(text, from, i, target, out + 4);
        }
        target.writeInt32BE(length, out);
        out += 4 + Math.max(0, length);
      }
    }
    target.writeInt32BE(dimensionCount, at);
    target.writeInt32BE(hasNulls, at + 4);
    target.writeInt32BE(elementOid, at + 8);
    for (let d = 0; d < dimensionCount; d++) {
      target.writeInt32BE(dimensions[d]!, at + 12 + 8 * d);
      target.writeInt32BE(1, at + 16 + 8 * d);
    }
    return out - at;
  };
}

/** NULL without quotes; an element with that text is quoted. */
function isNull(text: Uint8Array, start: number, end: number): boolean {
  return end - start === 4 && text[start] === 0x4e && text[start + 1] === 0x55 && text[start + 2] === 0x4c;
}
