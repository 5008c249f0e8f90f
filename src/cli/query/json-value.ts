import { SCALAR_TYPES } from '../../core/sql-type.js';

const NUMBERS = new Set<number>(
  (['smallint', 'integer', 'bigint', 'numeric', 'real', 'double'] as const).map((name) => SCALAR_TYPES[name].oid),
);
const JSON_TYPES = new Set<number>([SCALAR_TYPES.json.oid, SCALAR_TYPES.jsonb.oid]);
const ELEMENTS = new Map<number, number>(Object.values(SCALAR_TYPES).map(({ oid, arrayOid }) => [arrayOid, oid]));

/** A cell as JSON: numbers digit by digit, json as it is, arrays as arrays, anything else as text. */
export function jsonValue(cell: string | null, typeOid: number): string {
  if (cell === null) return 'null';
  if (NUMBERS.has(typeOid)) return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(cell) ? cell : JSON.stringify(cell);
  if (typeOid === SCALAR_TYPES.boolean.oid) return cell === 't' ? 'true' : 'false';
  // A line of NDJSON is one line; JSON has line ends only between its tokens.
  if (JSON_TYPES.has(typeOid)) return cell.replace(/[\r\n]+/g, ' ');
  const element = ELEMENTS.get(typeOid);
  return element === undefined ? JSON.stringify(cell) : arrayValue(cell, element);
}

/** `{a,"b c",NULL,{…}}`; an array whose bounds are told stays text. */
function arrayValue(text: string, element: number): string {
  if (!text.startsWith('{')) return JSON.stringify(text);
  let at = 0;
  const read = (): string => {
    const values: string[] = [];
    at++;
    while (text[at] !== '}' && at < text.length) {
      if (text[at] === ',') at++;
      else if (text[at] === '{') values.push(read());
      else values.push(item());
    }
    at++;
    return `[${values.join(',')}]`;
  };
  const item = (): string => {
    if (text[at] !== '"') {
      const end = /[,}]/.exec(text.slice(at))!.index + at;
      const word = text.slice(at, end);
      at = end;
      return word === 'NULL' ? 'null' : jsonValue(word, element);
    }
    let value = '';
    for (at++; text[at] !== '"' && at < text.length; at++) {
      if (text[at] === '\\') at++;
      value += text[at] ?? '';
    }
    at++;
    return jsonValue(value, element);
  };
  return read();
}
