/** Bytes that end a run of plain characters in a JSON string: the quote, the backslash and control characters. */
export const STRING_STOP = new Uint8Array(256);
STRING_STOP.fill(1, 0, 0x20);
STRING_STOP[0x22] = 1;
STRING_STOP[0x5c] = 1;

/** What may follow a backslash, but for `u`. */
export const SIMPLE_ESCAPE = new Uint8Array(256);
for (const character of '"\\/bfnrt') SIMPLE_ESCAPE[character.charCodeAt(0)] = 1;

/** Hexadecimal digits. */
export const HEX_DIGIT = new Uint8Array(256);
for (const character of '0123456789abcdefABCDEF') HEX_DIGIT[character.charCodeAt(0)] = 1;

/** The kinds of values that are remembered: `missing` is none. */
export const Kind = { missing: 0, null: 1, true: 2, false: 3, number: 4, string: 5, escaped: 6, json: 7 } as const;

/**
 * Finds the end of a string whose first character is at `i`: the index of the closing quote, or `-1 - k` where `k` is the
 * index of the byte that cannot stand there (behind the window's end: more bytes are needed).
 */
export function stringEnd(bytes: Uint8Array, i: number): number {
  for (;;) {
    while (STRING_STOP[bytes[i]!] === 0) i++;
    const byte = bytes[i]!;
    if (byte === 0x22) return i;
    if (byte !== 0x5c) return -1 - i;
    const letter = bytes[i + 1]!;
    if (SIMPLE_ESCAPE[letter] === 1) i += 2;
    else if (letter === 0x75) {
      for (let k = 2; k < 6; k++) if (HEX_DIGIT[bytes[i + k]!] === 0) return -1 - (i + k);
      i += 6;
    } else return -2 - i;
  }
}

/** The index behind the number that starts at `i`, or `-1 - k` as `stringEnd`. */
export function numberEnd(bytes: Uint8Array, i: number): number {
  if (bytes[i] === 0x2d) i++;
  if (bytes[i] === 0x30) i++;
  else {
    if (!isDigit(bytes[i]!)) return -1 - i;
    while (isDigit(bytes[i]!)) i++;
  }
  if (bytes[i] === 0x2e) {
    i++;
    if (!isDigit(bytes[i]!)) return -1 - i;
    while (isDigit(bytes[i]!)) i++;
  }
  if ((bytes[i]! | 0x20) === 0x65) {
    i++;
    if (bytes[i] === 0x2b || bytes[i] === 0x2d) i++;
    if (!isDigit(bytes[i]!)) return -1 - i;
    while (isDigit(bytes[i]!)) i++;
  }
  return i;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

const WORDS = new Map([
  [0x74, { bytes: Buffer.from('true'), kind: Kind.true }],
  [0x66, { bytes: Buffer.from('false'), kind: Kind.false }],
  [0x6e, { bytes: Buffer.from('null'), kind: Kind.null }],
]);

/** The index behind the `true`, `false` or `null` that starts at `i`, or `-1 - k` as `stringEnd`. */
export function wordEnd(bytes: Uint8Array, i: number): number {
  const word = WORDS.get(bytes[i]!);
  if (word === undefined) return -1 - i;
  for (let k = 1; k < word.bytes.length; k++) if (bytes[i + k] !== word.bytes[k]) return -1 - (i + k);
  return i + word.bytes.length;
}

/** The kind of the word that begins with `byte`. */
export function wordKind(byte: number): number {
  return WORDS.get(byte)?.kind ?? Kind.missing;
}

/** The text of a valid JSON string's content, escapes resolved; halves of surrogate pairs stay as they are. */
export function unescapeString(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}
