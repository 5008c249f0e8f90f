import type { ByteWriter, Coercer } from './contract.js';
import { invalidSyntax } from './failure.js';

/** As `uuid_in`: hex digits with hyphens allowed after every fourth, in braces or not; no spaces. */
const UUID = /^(?:[0-9a-f]{4}-?){7}[0-9a-f]{4}$/i;

const HYPHEN = 0x2d;

function fromString(text: string): string {
  const inner = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text;
  if (!UUID.test(inner)) throw invalidSyntax('uuid', text);
  const hex = inner.replaceAll('-', '').toLowerCase();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The usual form, 8-4-4-4-12 digits. */
const writeString: ByteWriter = (source, start, end, target, at) => {
  if (end - start !== 36) return -1;
  for (let i = 0; i < 36; i++) {
    const byte = source[start + i]!;
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (byte !== HYPHEN) return -1;
      target[at + i] = HYPHEN;
    } else if ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66)) target[at + i] = byte;
    else if (byte >= 0x41 && byte <= 0x46) target[at + i] = byte + 32;
    else return -1;
  }
  return 36;
};

/** Coercer of uuid. */
export const uuidCoercer: Coercer = {
  fromString,
  fromNumber: fromString,
  fromBoolean: (value) => fromString(String(value)),
  fromJson: fromString,
  writeString,
  writeNumber: () => -1,
};
