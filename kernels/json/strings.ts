// Strings of JSON texts.

/** A bit for each of 16 bytes that is a quote, backslash or control character. */
// @ts-ignore: decorator
@inline
export function stopMask(v: v128): i32 {
  const quoteOrBackslash = v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c)));
  return i8x16.bitmask(v128.or(quoteOrBackslash, i8x16.eq(i8x16.min_u(v, i8x16.splat(0x1f)), v)));
}

/** The first quote, backslash or control character from `i` on. Zeros behind the input end every search. */
// @ts-ignore: decorator
@inline
export function stringStop(i: usize): usize {
  while (true) {
    const m = stopMask(v128.load(i));
    if (m != 0) return i + ctz(m);
    i += 16;
  }
}

function isHex(byte: u32): bool {
  return byte - 0x30 <= 9 || (byte | 0x20) - 0x61 <= 5;
}

/** What is behind the escape at `i`; 0 when it is none. */
export function escapeEnd(i: usize): usize {
  switch (load<u8>(i + 1)) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return i + 2;
    case 0x75:
      for (let k = 2; k < 6; k++) if (!isHex(load<u8>(i + k))) return 0;
      return i + 6;
    default:
      return 0;
  }
}

function hexadecimal(at: usize): u32 {
  let code: u32 = 0;
  for (let k = 0; k < 4; k++) {
    const byte = <u32>load<u8>(at + k);
    code = (code << 4) | (byte <= 0x39 ? byte - 0x30 : (byte & 0x0f) + 9);
  }
  return code;
}

/** Writes the text of a checked string with escapes; -1 for a zero character and for half of a surrogate pair. */
export function unescape(from: usize, end: usize, to: usize): i32 {
  let i = from;
  let out = to;
  while (i < end) {
    const stop = stringStop(i);
    const last = stop < end ? stop : end;
    for (let k: usize = 0; k < last - i; k += 16) v128.store(out + k, v128.load(i + k));
    out += last - i;
    i = last;
    if (i >= end) break;
    const letter = load<u8>(i + 1);
    if (letter != 0x75) {
      let byte = letter;
      if (letter == 0x6e) byte = 0x0a;
      else if (letter == 0x74) byte = 0x09;
      else if (letter == 0x72) byte = 0x0d;
      else if (letter == 0x62) byte = 0x08;
      else if (letter == 0x66) byte = 0x0c;
      store<u8>(out++, byte);
      i += 2;
      continue;
    }
    let code = hexadecimal(i + 2);
    i += 6;
    if (code >= 0xd800 && code <= 0xdfff) {
      if (code >= 0xdc00 || i + 6 > end || load<u16>(i) != 0x755c) return -1;
      const low = hexadecimal(i + 2);
      if (low < 0xdc00 || low > 0xdfff) return -1;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      i += 6;
    }
    if (code == 0) return -1;
    if (code < 0x80) store<u8>(out++, code);
    else {
      if (code < 0x800) store<u8>(out++, 0xc0 | (code >> 6));
      else {
        if (code < 0x10000) store<u8>(out++, 0xe0 | (code >> 12));
        else {
          store<u8>(out++, 0xf0 | (code >> 18));
          store<u8>(out++, 0x80 | ((code >> 12) & 0x3f));
        }
        store<u8>(out++, 0x80 | ((code >> 6) & 0x3f));
      }
      store<u8>(out++, 0x80 | (code & 0x3f));
    }
  }
  return <i32>(out - to);
}
