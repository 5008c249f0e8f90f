const TWO_32 = 4294967296;

/**
 * Writes `factor * unit + rest` as a signed 64-bit integer, big end first, without BigInt. `factor` and `rest` are whole
 * numbers, `rest` at least 0; `unit` is at most 1e9 and |factor * unit + rest| below 2^63.
 */
export function writeInt64(target: Buffer, at: number, factor: number, unit: number, rest: number): void {
  const near = factor * unit + rest;
  if (near > -9007199254740992 && near < 9007199254740992) {
    const high = Math.floor(near / TWO_32);
    writeInt32(target, at, high);
    writeInt32(target, at + 4, near - high * TWO_32);
    return;
  }
  // Every product and sum below stays under 2^53.
  const upper = Math.floor(factor / 65536);
  const product = upper * unit;
  const carried = Math.floor(product / 65536);
  const low = (product - carried * 65536) * 65536 + (factor - upper * 65536) * unit + rest;
  const carry = Math.floor(low / TWO_32);
  target.writeUInt32BE((carried + carry) >>> 0, at);
  target.writeUInt32BE(low - carry * TWO_32, at + 4);
}

/** Writes a signed 32-bit integer, big end first, where there is room for it. */
export function writeInt32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/** Writes canonical integer text as a signed 64-bit integer. */
export function writeInt64Text(text: Uint8Array, start: number, end: number, target: Buffer, at: number): void {
  const isNegative = text[start] === 0x2d;
  const first = isNegative ? start + 1 : start;
  if (end - first <= 9) {
    let value = 0;
    for (let i = first; i < end; i++) value = value * 10 + text[i]! - 0x30;
    writeInt32(target, at, isNegative && value !== 0 ? -1 : 0);
    writeInt32(target, at + 4, isNegative ? -value : value);
    return;
  }
  const split = Math.max(first, end - 9);
  let factor = 0;
  let rest = 0;
  for (let i = first; i < split; i++) factor = factor * 10 + text[i]! - 0x30;
  for (let i = split; i < end; i++) rest = rest * 10 + text[i]! - 0x30;
  if (!isNegative) writeInt64(target, at, factor, 1e9, rest);
  else if (rest === 0) writeInt64(target, at, -factor, 1e9, 0);
  else writeInt64(target, at, -factor - 1, 1e9, 1e9 - rest);
}
