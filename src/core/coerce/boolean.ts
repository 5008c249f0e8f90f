import type { ByteWriter, Coercer } from './contract.js';
import { invalidSyntax } from './failure.js';
import { trimSpaces } from './spaces.js';

const TRUE = /^(?:t(?:r(?:ue?)?)?|y(?:es?)?|on|1)$/i;
const FALSE = /^(?:f(?:a(?:l(?:se?)?)?)?|no?|off?|0)$/i;

const T = 0x74;
const F = 0x66;

function fromString(text: string): string {
  const word = trimSpaces(text);
  if (TRUE.test(word)) return 't';
  if (FALSE.test(word)) return 'f';
  throw invalidSyntax('boolean', text);
}

/** `1`, `0`, `t`, `f`, and `true` and `false` in lower case. */
const writeString: ByteWriter = (source, start, end, target, at) => {
  const first = source[start]!;
  const length = end - start;
  let value = 0;
  if (length === 1) {
    if (first === 0x31 || first === T) value = T;
    else if (first === 0x30 || first === F) value = F;
  } else if (length === 4) {
    if (first === T && source[start + 1] === 0x72 && source[start + 2] === 0x75 && source[start + 3] === 0x65)
      value = T;
  } else if (length === 5 && first === F && source[start + 1] === 0x61 && source[start + 2] === 0x6c) {
    if (source[start + 3] === 0x73 && source[start + 4] === 0x65) value = F;
  }
  if (value === 0) return -1;
  target[at] = value;
  return 1;
};

/** Coercer of boolean: PostgreSQL's spellings and their prefixes, JSON booleans, and the numbers 1 and 0. */
export const booleanCoercer: Coercer = {
  fromString,
  fromNumber: fromString,
  fromBoolean: (value) => (value ? 't' : 'f'),
  fromJson: fromString,
  writeString,
  writeNumber: writeString,
};
