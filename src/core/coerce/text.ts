import type { SqlType } from '../sql-type.js';
import type { ByteWriter, Coercer } from './contract.js';
import { invalidEncoding, stringTooLong } from './failure.js';

const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** From here on one native copy is faster than a loop, although it allocates a view. */
const LONG_TEXT = 192;

/** Returns `text` if PostgreSQL can store it; a NUL or half a surrogate pair throws 22021. */
export function checkStorable(text: string): string {
  const match = UNSTORABLE.exec(text);
  if (match === null) return text;
  const code = match[0].charCodeAt(0);
  throw invalidEncoding(code === 0 ? [0] : [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]);
}

/** Copies bytes that hold no NUL; -1 if they do. */
export const copyText: ByteWriter = (source, start, end, target, at) => {
  const length = end - start;
  if (length < LONG_TEXT) {
    for (let i = 0; i < length; i++) {
      const byte = source[start + i]!;
      if (byte === 0) return -1;
      target[at + i] = byte;
    }
    return length;
  }
  for (let i = start; i < end; i++) if (source[i] === 0) return -1;
  target.set(source.subarray(start, end), at);
  return length;
};

function textCoercer(bound: (text: string) => string, write: ByteWriter): Coercer {
  return {
    fromString: (text) => bound(checkStorable(text)),
    fromNumber: bound,
    fromBoolean: (value) => bound(value ? 'true' : 'false'),
    fromJson: (text) => bound(checkStorable(text)),
    writeString: write,
    writeNumber: write,
  };
}

/** Coercer of text and varchar: numbers, booleans, objects and arrays are taken as written. */
export function makeTextCoercer(type: SqlType): Coercer {
  const limit = type.maxLength;
  if (limit === null) return textCoercer((text) => text, copyText);
  return textCoercer(
    (text) => fitLength(text, limit),
    (source, start, end, target, at) =>
      end - start <= limit || countCharacters(source, start, end) <= limit
        ? copyText(source, start, end, target, at)
        : -1,
  );
}

/** As varchar's input function: characters beyond the limit are an error, unless they are all spaces. */
function fitLength(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let units = 0;
  for (let characters = 0; characters < limit && units < text.length; characters++) {
    units += text.codePointAt(units)! > 0xffff ? 2 : 1;
  }
  for (let i = units; i < text.length; i++) if (text.charCodeAt(i) !== 0x20) throw stringTooLong(limit);
  return text.slice(0, units);
}

function countCharacters(source: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) if ((source[i]! & 0xc0) !== 0x80) count++;
  return count;
}
