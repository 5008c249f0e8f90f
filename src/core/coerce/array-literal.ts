import { errors, type GatewayError } from '../errors.js';
import { isSpace } from './spaces.js';

/** PostgreSQL's MAXDIM. */
const MAX_DIMENSIONS = 6;

/** An array's items: texts, NULLs, or arrays again. */
export type Nested = readonly (string | null | Nested)[];

/** 22P02 for text that is no array of the declared kind. */
export function malformedArray(text: string): GatewayError {
  const shown = text.length <= 200 ? text : `${text.slice(0, 200)}…`;
  return errors.invalidText(`malformed array literal: "${shown}"`, {
    hint: 'Sub-arrays need equal lengths; make the column json to take the value as it is, or set on_error: set_null.',
  });
}

/** Prints as `array_out`; sub-arrays of different lengths or depths are 22P02. */
export function printArray(items: Nested, text: string): string {
  const lengths = dimensionsOf(items);
  if (lengths.length > MAX_DIMENSIONS) {
    throw errors.limitExceeded(
      `number of array dimensions (${lengths.length}) exceeds the maximum allowed (${MAX_DIMENSIONS})`,
      { hint: 'Make the column json to take the value as it is.' },
    );
  }
  if (!isRectangular(items, lengths, 0)) throw malformedArray(text);
  return lengths.includes(0) ? '{}' : printItems(items);
}

/** Lengths along the first items. */
function dimensionsOf(items: Nested): readonly number[] {
  const lengths: number[] = [];
  for (let level: Nested | string | null | undefined = items; Array.isArray(level); level = level[0] as Nested) {
    lengths.push(level.length);
  }
  return lengths;
}

function isRectangular(items: Nested, lengths: readonly number[], depth: number): boolean {
  if (items.length !== lengths[depth]) return false;
  const isLeaf = depth + 1 === lengths.length;
  return items.every((item) => (Array.isArray(item) ? !isLeaf && isRectangular(item, lengths, depth + 1) : isLeaf));
}

function printItems(items: Nested): string {
  const printed = items.map((item) =>
    item === null ? 'NULL' : typeof item === 'string' ? quoted(item) : printItems(item),
  );
  return `{${printed.join(',')}}`;
}

function quoted(item: string): string {
  if (item !== '' && !/["\\{},\t\n\v\f\r ]/.test(item) && !/^null$/i.test(item)) return item;
  return `"${item.replace(/["\\]/g, '\\$&')}"`;
}

/** The literal of a flat array with these items, each in quotes. */
export function arrayLiteral(items: readonly (string | null)[]): string {
  return `{${items.map((item) => (item === null ? 'NULL' : `"${item.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`;
}

/** Reads an array literal as `array_in`, one-based bounds only; null when it is malformed. */
export function parseArrayLiteral(text: string): Nested | null {
  let at = skipSpaces(text, 0);
  if (text[at] !== '{') return null;
  const open: (string | null | Nested)[][] = [];
  // What may come next: an item or a bracket, an item only (after a comma), a comma or a closing bracket.
  let expected: 'first' | 'item' | 'separator' = 'first';
  for (;;) {
    at = skipSpaces(text, at);
    const mark = text[at];
    if (mark === undefined) return null;
    if (mark === '{') {
      if (expected === 'separator' || open.length > MAX_DIMENSIONS) return null;
      open.push([]);
      expected = 'first';
      at++;
    } else if (mark === '}') {
      if (expected === 'item') return null;
      const closed = open.pop()!;
      at++;
      if (open.length === 0) return skipSpaces(text, at) === text.length ? closed : null;
      open[open.length - 1]!.push(closed);
      expected = 'separator';
    } else if (mark === ',') {
      if (expected !== 'separator') return null;
      expected = 'item';
      at++;
    } else {
      if (expected === 'separator') return null;
      const item = mark === '"' ? readQuoted(text, at) : readPlain(text, at);
      if (item === null) return null;
      open[open.length - 1]!.push(item.value);
      at = item.end;
      expected = 'separator';
    }
  }
}

interface Item {
  readonly value: string | null;
  readonly end: number;
}

function readQuoted(text: string, start: number): Item | null {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') return { value, end: at + 1 };
    if (character === '\\') at++;
    if (at === text.length) return null;
    value += text[at];
  }
  return null;
}

function readPlain(text: string, start: number): Item | null {
  let value = '';
  let length = 0;
  let hasEscape = false;
  let at = start;
  for (; at < text.length && !/[{},"]/.test(text[at]!); at++) {
    const isEscape = text[at] === '\\';
    if (isEscape) at++;
    if (at === text.length) return null;
    value += text[at];
    hasEscape ||= isEscape;
    if (isEscape || !isSpace(text.charCodeAt(at))) length = value.length;
  }
  const trimmed = value.slice(0, length);
  return { value: !hasEscape && /^null$/i.test(trimmed) ? null : trimmed, end: at };
}

function skipSpaces(text: string, start: number): number {
  let at = start;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}
