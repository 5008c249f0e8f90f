// Canonical text of plain values, as src/core/coerce writes it: each function writes at `to` and returns how many bytes, or
// -1 for what the complete path has to look at. Up to 16 bytes behind a value may be read, and behind a cell be written.

/** A bit for each of 16 bytes that is a decimal digit. */
// @ts-ignore: decorator
@inline
export function digitMask(v: v128): i32 {
  const d = i8x16.sub(v, i8x16.splat(0x30));
  return i8x16.bitmask(i8x16.eq(i8x16.min_u(d, i8x16.splat(9)), d));
}

// @ts-ignore: decorator
@inline
export function copyBytes(to: usize, from: usize, size: i32): void {
  let k = 0;
  do {
    v128.store(to + k, v128.load(from + k));
    k += 16;
  } while (k < size);
}

/** The number of characters in UTF-8. */
export function countCharacters(from: usize, size: i32): i32 {
  let count = 0;
  for (let k = 0; k < size; k++) if ((load<u8>(from + k) & 0xc0) != 0x80) count++;
  return count;
}

/** 1, 0, t, f, true and false. */
export function writeBooleanText(from: usize, size: i32, to: usize): i32 {
  const first = load<u8>(from);
  let value: u8 = 0;
  if (size == 1) {
    if (first == 0x31 || first == 0x74) value = 0x74;
    else if (first == 0x30 || first == 0x66) value = 0x66;
  } else if (size == 4 && load<u32>(from) == 0x65757274) value = 0x74;
  else if (size == 5 && load<u32>(from) == 0x736c6166 && load<u8>(from + 4) == 0x65) value = 0x66;
  if (value == 0) return -1;
  store<u8>(to, value);
  return 1;
}

/** `most`: digits of the type's largest value, which is `limit` for positive and `limit + 1` for negative ones. */
export function writeInteger(from: usize, size: i32, to: usize, most: i32, limit: u64): i32 {
  const isNegative = load<u8>(from) == 0x2d;
  const digits = from + (isNegative ? 1 : 0);
  const count = size - (isNegative ? 1 : 0);
  if (count <= 0 || count > most) return -1;
  if (load<u8>(digits) == 0x30 && (count > 1 || isNegative)) return -1;
  if (count <= 16) {
    const wanted = (1 << count) - 1;
    if ((digitMask(v128.load(digits)) & wanted) != wanted) return -1;
  } else {
    for (let k = 0; k < count; k++) if (<u32>(load<u8>(digits + k) - 0x30) > 9) return -1;
  }
  if (count == most) {
    let value: u64 = 0;
    for (let k = 0; k < count; k++) value = value * 10 + (load<u8>(digits + k) - 0x30);
    if (value > limit + (isNegative ? 1 : 0)) return -1;
  }
  copyBytes(to, from, size);
  return size;
}

function isZero(from: usize, size: i32): bool {
  for (let k = 0; k < size; k++) if (load<u8>(from + k) > 0x30) return false;
  return true;
}

/**
 * Plain decimals. `most`: digits before the point, `scale`: digits behind it that the cell is filled up to, -1 for as they
 * are written.
 */
export function writeNumeric(from: usize, size: i32, to: usize, most: i32, scale: i32): i32 {
  if (size <= 0 || size > 1024) return -1;
  const isNegative = load<u8>(from) == 0x2d;
  let i = isNegative ? 1 : 0;
  const first = i;
  let point = -1;
  if (size <= 16) {
    let others = ~digitMask(v128.load(from)) & ((1 << size) - 1);
    if (isNegative) others &= ~1;
    if (others != 0) {
      if ((others & (others - 1)) != 0) return -1;
      point = ctz(others);
      if (load<u8>(from + point) != 0x2e) return -1;
    }
  } else {
    for (; i < size; i++) {
      const byte = load<u8>(from + i);
      if (<u32>(byte - 0x30) <= 9) continue;
      if (byte != 0x2e || point >= 0) return -1;
      point = i;
    }
  }
  const whole = (point < 0 ? size : point) - first;
  let fraction = 0;
  if (whole <= 0) return -1;
  if (point >= 0) {
    fraction = size - point - 1;
    if (fraction == 0) return -1;
  }
  if (load<u8>(from + first) == 0x30) {
    if (whole > 1 || most < 0) return -1;
    // -0 and -0.00 are printed without their sign.
    if (isNegative && isZero(from + 1, size - 1)) return -1;
  } else if (whole > most) return -1;
  if (scale >= 0 && fraction > scale) return -1;
  copyBytes(to, from, size);
  let out = to + size;
  if (scale >= 0 && fraction < scale) {
    if (scale - fraction > 60) return -1;
    if (fraction == 0) store<u8>(out++, 0x2e);
    for (; fraction < scale; fraction++) store<u8>(out++, 0x30);
  }
  return <i32>(out - to);
}

/** Plain decimals of at most `most` significant digits, without the zeros at the fraction's end. */
export function writeFloat(from: usize, size: i32, to: usize, most: i32): i32 {
  if (size <= 0 || size > 24) return -1;
  let i = load<u8>(from) == 0x2d ? 1 : 0;
  const first = i;
  let significant = 0;
  let digit: u32 = 0;
  for (; i < size; i++) {
    digit = load<u8>(from + i) - 0x30;
    if (digit > 9) break;
    if (significant > 0 || digit != 0) significant++;
  }
  const whole = i - first;
  if (whole == 0 || whole > most || significant > most) return -1;
  if (whole > 1 && load<u8>(from + first) == 0x30) return -1;
  copyBytes(to, from, size);
  if (i == size) return size;
  if (load<u8>(from + i) != 0x2e || i + 1 == size) return -1;
  const isSmall = significant == 0;
  const fraction = i + 1;
  let last = size;
  while (last > fraction && load<u8>(from + last - 1) == 0x30) last--;
  for (i = fraction; i < last; i++) {
    digit = load<u8>(from + i) - 0x30;
    if (digit > 9) return -1;
    if (significant > 0 || digit != 0) significant++;
    // 0.0001 is the smallest magnitude printed without exponent.
    else if (isSmall && i - fraction >= 3) return -1;
  }
  if (significant > most) return -1;
  return last > fraction ? last : fraction - 1;
}

/** 8-4-4-4-12 digits. */
export function writeUuid(from: usize, size: i32, to: usize): i32 {
  if (size != 36) return -1;
  for (let i = 0; i < 36; i++) {
    let byte = load<u8>(from + i);
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (byte != 0x2d) return -1;
    } else if (<u32>(byte - 0x30) > 9) {
      byte |= 0x20;
      if (<u32>(byte - 0x61) > 5) return -1;
    }
    store<u8>(to + i, byte);
  }
  return 36;
}
