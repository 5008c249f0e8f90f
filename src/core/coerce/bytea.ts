import { errors } from '../errors.js';
import { type Coercer, writeNothing } from './contract.js';
import { invalidSyntax } from './failure.js';

const HEX = /^\\x((?:[ \n\t\r]*[0-9a-f]{2})*)[ \n\t\r]*$/i;
const ESCAPES = /\\(?:(\\)|([0-3][0-7]{2})|)/g;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Coercer of bytea: PostgreSQL's hex and escape forms, or base64 when the column's format says so. */
export function makeByteaCoercer(format: string | null): Coercer {
  if (format !== null && format !== 'base64' && format !== 'hex') {
    throw errors.configuration(`"${format}" is not a format of bytea`, {
      hint: "Set format to base64 or hex, or leave it out for PostgreSQL's own forms.",
    });
  }
  const fromString = format === 'base64' ? fromBase64 : format === 'hex' ? fromPlainHex : fromPostgres;
  return {
    fromString,
    fromNumber: fromString,
    fromBoolean: (value) => fromString(String(value)),
    fromJson: (text) => {
      throw invalidSyntax('bytea', text);
    },
    writeString: writeNothing,
    writeNumber: writeNothing,
  };
}

function print(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}

function fromPostgres(text: string): string {
  if (text.startsWith('\\x')) {
    const match = HEX.exec(text);
    if (match === null) throw invalidSyntax('bytea', text);
    return `\\x${match[1]!.replace(/\s/g, '').toLowerCase()}`;
  }
  if (!text.includes('\\')) return print(Buffer.from(text, 'utf8'));
  const parts: Buffer[] = [];
  let at = 0;
  for (const match of text.matchAll(ESCAPES)) {
    if (match[1] === undefined && match[2] === undefined) throw invalidSyntax('bytea', text);
    parts.push(Buffer.from(text.slice(at, match.index), 'utf8'));
    parts.push(match[2] === undefined ? Buffer.from('\\') : Buffer.from([Number.parseInt(match[2], 8)]));
    at = match.index + match[0].length;
  }
  parts.push(Buffer.from(text.slice(at), 'utf8'));
  return print(Buffer.concat(parts));
}

function fromPlainHex(text: string): string {
  return fromPostgres(text.startsWith('\\x') ? text : `\\x${text.replace(/^0x/i, '')}`);
}

/** Both alphabets, with or without padding, line breaks allowed. */
function fromBase64(text: string): string {
  const packed = text.replace(/[ \t\r\n]/g, '');
  const mark = packed.indexOf('=');
  const digits = mark < 0 ? packed.length : mark;
  if (!BASE64.test(packed) || digits % 4 === 1 || (mark >= 0 && packed.length % 4 !== 0)) {
    throw errors.invalidText('invalid base64 in a value of type bytea', {
      hint: "Check the column's format, or set on_error: set_null.",
    });
  }
  return print(Buffer.from(packed, 'base64'));
}
