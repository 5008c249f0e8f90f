import { errors, type GatewayError } from '../../src/core/errors.js';
import { excerpt } from '../page-error.js';
import type { Window } from '../window.js';

/** Deepest nesting of objects and arrays that is read. */
export const MAX_DEPTH = 512;

/** What a grammar says should have stood at the byte that is wrong. */
export type Expected =
  | 'a value'
  | 'a key'
  | '":"'
  | '"," or "}"'
  | '"," or "]"'
  | 'a string character'
  | 'a number'
  | 'a line break'
  | 'the end of the page';

/** The error for byte `at` of the window: the page is cut off when that is its end. */
export function syntaxError(window: Window, at: number, expected: Expected, where: string): GatewayError {
  const offset = window.base + at;
  if (window.isFinal && at >= window.end - 1) return truncatedError(window, where);
  const byte = window.bytes[at]!;
  const found =
    byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `byte 0x${byte.toString(16).padStart(2, '0')}`;
  return errors.apiError(`the page is not well-formed JSON: expected ${expected}, found ${found}`, {
    detail: `${where}, byte ${offset}`,
    hint: "Check what the source sends, and the table's driver and format.",
  });
}

/** The error for a page that ends within a value. */
export function truncatedError(window: Window, where: string): GatewayError {
  return errors.apiError('the page is cut off: it ends within a JSON value', {
    detail: `${where}, byte ${Math.max(0, window.base + window.end - (window.isFinal ? 1 : 0))}`,
    hint: 'The connection or the file ended early: run the query again, or check the source.',
  });
}

/** The error for a page that is something else than JSON, such as a login page in HTML. */
export function notJsonError(window: Window, at: number, where: string): GatewayError {
  return errors.apiError(`the page is not JSON: it begins with "${excerpt(window.bytes.subarray(at, window.end))}"`, {
    detail: where,
    hint: "Check the table's path, authentication and Accept header, or its driver.",
  });
}

/** The error for a page without anything in it. */
export function emptyPageError(where: string): GatewayError {
  return errors.apiError('the page is empty where a JSON document was expected', {
    detail: where,
    hint: 'If pages are lines of NDJSON, set format: ndjson; if an empty body means no more rows, declare it under errors with do: stop or do: empty.',
  });
}

/** The error for values nested beyond `MAX_DEPTH`. */
export function depthError(window: Window, at: number, where: string): GatewayError {
  return errors.limitExceeded(`the page's JSON is nested deeper than ${MAX_DEPTH} levels`, {
    detail: `${where}, byte ${window.base + at}`,
    hint: 'Such documents are not read: ask the source for less nested data.',
  });
}
