const ZERO = 0x30;
const POINT = 0x2e;

/** Sign words of PostgreSQL's numeric. */
const POSITIVE = 0x0000;
const NEGATIVE = 0x4000;
const NAN = 0xc000;
const PLUS_INFINITY = 0xd000;
const MINUS_INFINITY = 0xf000;

/** What numeric_send reads out of an infinity's header as its scale; readers ignore it. */
const INFINITY_SCALE = 0x20;

/**
 * Writes canonical numeric text as `numeric_send`: int16 count of base-10000 digits, weight of the first, sign, scale, digits;
 * zero digits at both ends are left out. Returns the bytes written.
 */
export function encodeNumeric(text: Uint8Array, start: number, end: number, target: Buffer, at: number): number {
  const isNegative = text[start] === 0x2d;
  const first = isNegative ? start + 1 : start;
  if (text[first] === 0x4e) return writeHeader(target, at, 0, 0, NAN, 0);
  if (text[first] === 0x49)
    return writeHeader(target, at, 0, 0, isNegative ? MINUS_INFINITY : PLUS_INFINITY, INFINITY_SCALE);
  let point = first;
  while (point < end && text[point] !== POINT) point++;
  const scale = point < end ? end - point - 1 : 0;

  // The integer part is cut into fours from the point leftwards, the fraction from it rightwards.
  let weight = Math.ceil((point - first) / 4) - 1;
  let out = at + 8;
  let count = 0;
  let used = 0;
  let from = first;
  let to = point - 4 * weight;
  while (from < end) {
    let digit = 0;
    for (let i = from; i < to; i++) digit = digit * 10 + (i < end ? text[i]! - ZERO : 0);
    from = to === point ? point + 1 : to;
    to = from + 4;
    if (count === 0 && digit === 0) {
      weight--;
      continue;
    }
    target[out] = digit >>> 8;
    target[out + 1] = digit;
    out += 2;
    count++;
    if (digit !== 0) used = count;
  }
  if (used === 0) return writeHeader(target, at, 0, 0, POSITIVE, scale);
  writeHeader(target, at, used, weight, isNegative ? NEGATIVE : POSITIVE, scale);
  return 8 + used * 2;
}

function writeHeader(target: Buffer, at: number, count: number, weight: number, sign: number, scale: number): number {
  target[at] = count >>> 8;
  target[at + 1] = count;
  target[at + 2] = weight >>> 8;
  target[at + 3] = weight;
  target[at + 4] = sign >>> 8;
  target[at + 5] = sign;
  target[at + 6] = scale >>> 8;
  target[at + 7] = scale;
  return 8;
}
