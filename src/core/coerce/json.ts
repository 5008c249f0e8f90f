import { type ByteWriter, type Coercer, type StringOrigin, writeNothing } from './contract.js';
import { invalidSyntax, unsupportedEscape } from './failure.js';
import { writeJsonDocument } from './json-bytes.js';
import { JsonScanner } from './json-scanner.js';
import { printNumericLiteral } from './numeric.js';
import { numericWriter } from './numeric-bytes.js';
import { checkStorable, copyText } from './text.js';

const QUOTE = 0x22;

/** Writes a string without anything to escape in quotes. */
const writeQuoted: ByteWriter = (source, start, end, target, at) => {
  for (let i = start; i < end; i++) {
    const byte = source[i]!;
    if (byte < 0x20 || byte === QUOTE || byte === 0x5c) return -1;
    target[at + 1 + i - start] = byte;
  }
  target[at] = QUOTE;
  target[at + 1 + end - start] = QUOTE;
  return end - start + 2;
};

/** Reads one whole JSON text with `read`; 22P02 for anything else. */
function parseWhole<T>(text: string, read: (scanner: JsonScanner) => T): T {
  const scanner = new JsonScanner(checkStorable(text));
  const result = read(scanner);
  scanner.end();
  return result;
}

/** Checks a json value and returns it as it stands, spaces included. */
function checkedJson(text: string): string {
  return parseWhole(text, (scanner) => {
    scanner.readRaw();
    return text;
  });
}

/**
 * Coercer of json: objects, arrays, numbers and booleans as written; a JSON string stays one, and the text of an XML or CSV
 * field is the JSON document itself.
 */
export function makeJsonCoercer(origin: StringOrigin): Coercer {
  return {
    // The same escapes in JavaScript and PostgreSQL (lower-case \u00xx, no escaped solidus); a NUL and halves of surrogate pairs
    // are escapes too, which json keeps.
    fromString: origin === 'text' ? checkedJson : (text) => JSON.stringify(text),
    fromNumber: (literal) => literal,
    fromBoolean: (value) => (value ? 'true' : 'false'),
    fromJson: checkedJson,
    writeString: origin === 'text' ? writeJsonDocument : writeQuoted,
    writeNumber: copyText,
  };
}

/** Prints a JSON text as `jsonb_out`: keys by length, then by bytes; the last of equal keys; numbers as numeric. */
function printJsonb(text: string): string {
  return parseWhole(text, printValue);
}

/** Coercer of jsonb. */
export function makeJsonbCoercer(origin: StringOrigin): Coercer {
  return {
    fromString: origin === 'text' ? printJsonb : printString,
    fromNumber: printNumericLiteral,
    fromBoolean: (value) => (value ? 'true' : 'false'),
    fromJson: printJsonb,
    writeString: origin === 'text' ? writeNothing : writeQuoted,
    writeNumber: numericWriter(null, 0),
  };
}

function printString(text: string): string {
  const match = /[\0\p{Surrogate}]/u.exec(text);
  // Half a surrogate pair is a syntax error to PostgreSQL, a NUL only more than it can store.
  if (match !== null) throw match[0] === '\0' ? unsupportedEscape() : invalidSyntax('json', text);
  return JSON.stringify(text);
}

function printValue(scanner: JsonScanner): string {
  const kind = scanner.kind();
  switch (kind) {
    case 'string':
      return printString(scanner.readString());
    case 'number':
      return printNumericLiteral(scanner.readNumber());
    case 'array': {
      const items: string[] = [];
      scanner.readArray(() => items.push(printValue(scanner)));
      return `[${items.join(', ')}]`;
    }
    case 'object':
      return printObject(scanner);
    default:
      scanner.readWord(kind);
      return kind;
  }
}

function printObject(scanner: JsonScanner): string {
  const members = new Map<string, string>();
  scanner.readObject((key) => members.set(key, printValue(scanner)));
  const keys = [...members.keys()].map((key) => ({ key, bytes: Buffer.from(key, 'utf8') }));
  keys.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  return `{${keys.map(({ key }) => `${printString(key)}: ${members.get(key)}`).join(', ')}}`;
}
