const BACKSLASH = 0x5c;

/** What the letter behind a backslash stands for. */
const MEANING = new Uint8Array(256);
for (const [letter, byte] of [
  ['"', 0x22],
  ['\\', 0x5c],
  ['/', 0x2f],
  ['b', 0x08],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
] as const) {
  MEANING[letter.charCodeAt(0)] = byte;
}

/**
 * Writes the UTF-8 text of a valid JSON string's content `[start, end)` at `target[at…]`, which has to have room
 * for as many bytes, and returns its length; -1 when it holds a zero character or half of a surrogate pair, which UTF-8 text in PostgreSQL cannot.
 */
export function unescapeInto(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let out = at;
  for (let i = start; i < end; ) {
    const byte = source[i]!;
    if (byte !== BACKSLASH) {
      target[out++] = byte;
      i++;
      continue;
    }
    const letter = source[i + 1]!;
    if (letter !== 0x75) {
      target[out++] = MEANING[letter]!;
      i += 2;
      continue;
    }
    let code = hexadecimal(source, i + 2);
    i += 6;
    if (code >= 0xd800 && code <= 0xdfff) {
      if (code >= 0xdc00 || i + 6 > end || source[i] !== BACKSLASH || source[i + 1] !== 0x75) return -1;
      const low = hexadecimal(source, i + 2);
      if (low < 0xdc00 || low > 0xdfff) return -1;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      i += 6;
    }
    if (code === 0) return -1;
    if (code < 0x80) target[out++] = code;
    else {
      if (code < 0x800) target[out++] = 0xc0 | (code >> 6);
      else {
        if (code < 0x10000) target[out++] = 0xe0 | (code >> 12);
        else {
          target[out++] = 0xf0 | (code >> 18);
          target[out++] = 0x80 | ((code >> 12) & 0x3f);
        }
        target[out++] = 0x80 | ((code >> 6) & 0x3f);
      }
      target[out++] = 0x80 | (code & 0x3f);
    }
  }
  return out - at;
}

/** The four digits at `i`, which were checked. */
function hexadecimal(source: Uint8Array, i: number): number {
  let code = 0;
  for (let k = i; k < i + 4; k++) {
    const byte = source[k]!;
    code = (code << 4) | (byte <= 0x39 ? byte - 0x30 : (byte & 0x0f) + 9);
  }
  return code;
}
