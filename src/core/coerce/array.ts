import { malformedArray, type Nested, parseArrayLiteral, printArray } from './array-literal.js';
import { type Coercer, writeNothing } from './contract.js';
import { JsonScanner } from './json-scanner.js';

/**
 * Coercer of arrays: a JSON array whose items are coerced by `element`, nested ones as further dimensions, or text that is a
 * PostgreSQL array literal. `isJson`: the items are json, so an array within the array is an item, not a dimension.
 */
export function makeArrayCoercer(
  element: Coercer,
  isJson: boolean,
  parseText: (text: string) => string | null,
): Coercer {
  const fromLiteral = (text: string): string => {
    const items = parseArrayLiteral(text);
    if (items === null) throw malformedArray(text);
    const coerce = (nested: Nested): Nested =>
      nested.map((item) => (item === null ? null : typeof item === 'string' ? parseText(item) : coerce(item)));
    return printArray(coerce(items), text);
  };
  const fromScalar = (text: string): never => {
    throw malformedArray(text);
  };
  return {
    fromString: fromLiteral,
    fromNumber: fromScalar,
    fromBoolean: (value) => fromScalar(String(value)),
    fromJson: (text) => {
      const scanner = new JsonScanner(text);
      if (scanner.kind() !== 'array') throw malformedArray(text);
      const items = readItems(scanner, element, isJson);
      scanner.end();
      return printArray(items, text);
    },
    writeString: writeNothing,
    writeNumber: writeNothing,
  };
}

function readItems(scanner: JsonScanner, element: Coercer, isJson: boolean): Nested {
  const items: (string | null | Nested)[] = [];
  scanner.readArray(() => {
    const kind = scanner.kind();
    if (kind === 'null') {
      scanner.readWord(kind);
      items.push(null);
    } else if (isJson) items.push(element.fromJson(scanner.readRaw()));
    else if (kind === 'array') items.push(readItems(scanner, element, false));
    else if (kind === 'string') items.push(element.fromString(scanner.readString()));
    else if (kind === 'number') items.push(element.fromNumber(scanner.readNumber()));
    else if (kind === 'object') items.push(element.fromJson(scanner.readRaw()));
    else {
      scanner.readWord(kind);
      items.push(element.fromBoolean(kind === 'true'));
    }
  });
  return items;
}
