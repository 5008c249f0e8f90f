import type { ByteWriter } from './contract.js';

/** Deepest nesting that is checked here; what is deeper takes the complete path. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Containers that are open, innermost last; the checker runs to its end before it is used again. */
const STACK = new Uint8Array(MAX_DEPTH);

/** Copies a JSON document (RFC 8259) as it stands, spaces included; -1 for anything that is none, or nested too deeply. */
export const writeJsonDocument: ByteWriter = (source, start, end, target, at) => {
  if (!isJsonDocument(source, start, end)) return -1;
  const length = end - start;
  if (length < 128) for (let i = 0; i < length; i++) target[at + i] = source[start + i]!;
  else target.set(source.subarray(start, end), at);
  return length;
};

/** Whether bytes `[start, end)` are a JSON document that is not nested too deeply to be checked here. */
export function isJsonDocument(source: Uint8Array, start: number, end: number): boolean {
  return documentEnd(source, start, end) === end;
}

/** Where the document and the spaces behind it end; -1 where it is wrong. */
function documentEnd(source: Uint8Array, start: number, end: number): number {
  let depth = 0;
  let i = start;
  for (;;) {
    // A value is to come.
    i = skipSpaces(source, i, end);
    const byte = i < end ? source[i]! : 0;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === MAX_DEPTH) return -1;
      STACK[depth++] = byte;
      i = skipSpaces(source, i + 1, end);
      // `]` and `}` stand two behind their opening bracket in ASCII.
      if (i >= end || source[i] !== byte + 2) {
        if (byte === OPEN_BRACKET) continue;
        i = keyEnd(source, i, end);
        if (i < 0) return -1;
        continue;
      }
      depth--;
      i++;
    } else {
      i = byte === QUOTE ? stringEnd(source, i + 1, end) : plainEnd(source, i, end);
      if (i < 0) return -1;
    }
    // Behind a value.
    for (;;) {
      i = skipSpaces(source, i, end);
      if (depth === 0) return i;
      const mark = i < end ? source[i++]! : 0;
      const isObject = STACK[depth - 1] === OPEN_BRACE;
      if (mark === (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        depth--;
        continue;
      }
      if (mark !== 0x2c) return -1;
      if (!isObject) break;
      i = keyEnd(source, skipSpaces(source, i, end), end);
      if (i < 0) return -1;
      break;
    }
  }
}

function skipSpaces(source: Uint8Array, from: number, end: number): number {
  let i = from;
  while (i < end) {
    const byte = source[i]!;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    i++;
  }
  return i;
}

/** Behind the colon of the key that begins at `from`; -1. */
function keyEnd(source: Uint8Array, from: number, end: number): number {
  if (from >= end || source[from] !== QUOTE) return -1;
  const behind = stringEnd(source, from + 1, end);
  if (behind < 0) return -1;
  const colon = skipSpaces(source, behind, end);
  return colon < end && source[colon] === 0x3a ? colon + 1 : -1;
}

/** Behind the quote of the string whose content begins at `from`; -1. */
function stringEnd(source: Uint8Array, from: number, end: number): number {
  for (let i = from; i < end; i++) {
    const byte = source[i]!;
    if (byte === QUOTE) return i + 1;
    if (byte < 0x20) return -1;
    if (byte !== BACKSLASH) continue;
    const mark = i + 1 < end ? source[++i]! : 0;
    if (mark === 0x75) {
      if (i + 4 >= end) return -1;
      for (let k = 1; k <= 4; k++) if (!isHex(source[i + k]!)) return -1;
      i += 4;
    } else if (!isSimpleEscape(mark)) return -1;
  }
  return -1;
}

/** `"\/bfnrt`. */
function isSimpleEscape(mark: number): boolean {
  return (
    mark === QUOTE ||
    mark === BACKSLASH ||
    mark === 0x2f ||
    mark === 0x62 ||
    mark === 0x66 ||
    mark === 0x6e ||
    mark === 0x72 ||
    mark === 0x74
  );
}

function isHex(byte: number): boolean {
  const letter = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}

/** Behind the number or word that begins at `from`; -1. */
function plainEnd(source: Uint8Array, from: number, end: number): number {
  const first = from < end ? source[from]! : 0;
  if (first === 0x74) return wordEnd(source, from, end, TRUE);
  if (first === 0x66) return wordEnd(source, from, end, FALSE);
  if (first === 0x6e) return wordEnd(source, from, end, NULL);
  let i = from + (first === 0x2d ? 1 : 0);
  if (i < end && source[i] === 0x30) i++;
  else {
    i = digitsEnd(source, i, end);
    if (i < 0) return -1;
  }
  if (i < end && source[i] === 0x2e) {
    i = digitsEnd(source, i + 1, end);
    if (i < 0) return -1;
  }
  if (i < end && (source[i]! | 0x20) === 0x65) {
    i++;
    if (i < end && (source[i] === 0x2b || source[i] === 0x2d)) i++;
    i = digitsEnd(source, i, end);
  }
  return i;
}

/** Behind the digits from `from` on, at least one; -1. */
function digitsEnd(source: Uint8Array, from: number, end: number): number {
  let i = from;
  while (i < end && source[i]! >= 0x30 && source[i]! <= 0x39) i++;
  return i === from ? -1 : i;
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

function wordEnd(source: Uint8Array, from: number, end: number, word: Uint8Array): number {
  if (from + word.length > end) return -1;
  for (let i = 0; i < word.length; i++) if (source[from + i] !== word[i]) return -1;
  return from + word.length;
}
