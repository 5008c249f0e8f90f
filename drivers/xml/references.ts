const AMPERSAND = 0x26;
const HASH = 0x23;
const SEMICOLON = 0x3b;
const CR = 0x0d;
const LF = 0x0a;

/** XML's own entities: what each is short for, behind the ampersand. */
const NAMED: readonly (readonly [Uint8Array, number])[] = [
  [Buffer.from('amp;'), AMPERSAND],
  [Buffer.from('lt;'), 0x3c],
  [Buffer.from('gt;'), 0x3e],
  [Buffer.from('quot;'), 0x22],
  [Buffer.from('apos;'), 0x27],
];

/** Most digits of a character reference that are looked at. */
const MAX_DIGITS = 64;

/** Behind the reference at `i`; -1 for what is none, or none of a character of XML. */
export function referenceEnd(bytes: Uint8Array, i: number): number {
  if (bytes[i + 1] === HASH) {
    const code = referencedCode(bytes, i);
    return isCharacter(code) ? bytes.indexOf(SEMICOLON, i) + 1 : -1;
  }
  for (const [name] of NAMED) if (startsWith(bytes, i + 1, name)) return i + 1 + name.length;
  return -1;
}

/**
 * Writes the text that character data `[start, end)` stands for: references resolved, line ends as LF (XML 1.0, 2.11).
 * `referenceEnd` has found every reference to be one. Returns its length, which is never more than the data's.
 */
export function resolveBytes(bytes: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let out = at;
  let i = start;
  while (i < end) {
    const byte = bytes[i]!;
    if (byte === AMPERSAND) {
      if (bytes[i + 1] === HASH) {
        out += writeCharacter(referencedCode(bytes, i), target, out);
        i = bytes.indexOf(SEMICOLON, i) + 1;
        continue;
      }
      for (const [name, character] of NAMED) {
        if (!startsWith(bytes, i + 1, name)) continue;
        target[out++] = character;
        i += 1 + name.length;
        break;
      }
    } else if (byte === CR) {
      target[out++] = LF;
      i += bytes[i + 1] === LF && i + 1 < end ? 2 : 1;
    } else {
      target[out++] = byte;
      i++;
    }
  }
  return out - at;
}

/** The code of the character reference at `i`, -1 where it is not written as one. */
function referencedCode(bytes: Uint8Array, i: number): number {
  const isHex = bytes[i + 2] === 0x78;
  const from = i + (isHex ? 3 : 2);
  let code = 0;
  for (let k = from; k <= from + MAX_DIGITS; k++) {
    const byte = bytes[k]!;
    if (byte === SEMICOLON) return k === from ? -1 : code;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : isHex ? hexLetter(byte) : -1;
    if (digit < 0) return -1;
    code = code * (isHex ? 16 : 10) + digit;
  }
  return -1;
}

function hexLetter(byte: number): number {
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Whether XML 1.0 has a place for the character (2.2). */
function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

/** Writes a character in UTF-8, and returns how many bytes it takes. */
function writeCharacter(code: number, target: Uint8Array, at: number): number {
  if (code < 0x80) {
    target[at] = code;
    return 1;
  }
  const size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  let rest = code;
  for (let k = size - 1; k > 0; k--) {
    target[at + k] = 0x80 | (rest & 0x3f);
    rest >>= 6;
  }
  target[at] = (0xf00 >> size) | rest;
  return size;
}

function startsWith(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let k = 0; k < text.length; k++) if (bytes[at + k] !== text[k]) return false;
  return true;
}
