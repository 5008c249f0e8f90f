import { errors, type GatewayError } from '../../src/core/errors.js';
import { Kind } from './tokens.js';

/** The error for a page in which the path of the records leads to nothing. `selectorText`: as messages show it. */
export function recordsMissingError(selectorText: string, where: string): GatewayError {
  return errors.apiError(`the page has no records at "${selectorText}"`, {
    detail: where,
    hint: 'Correct records, or set records_missing: empty if pages without it are to have no rows.',
  });
}

/** The error for a value of another kind than records are; `isOpen`: whether an object could be the one record there. */
export function notRecordsError(
  selectorText: string,
  kind: 'object' | number,
  isOpen: boolean,
  where: string,
  byte: number,
): GatewayError {
  const expected = isOpen ? 'an array or an object' : 'an array';
  return errors.apiError(`records "${selectorText}" leads to ${nameOf(kind)}, not ${expected}`, {
    detail: `${where}, byte ${byte}`,
    hint:
      kind === 'object'
        ? 'Leave out the last [*] to take the object as the one record, or name the array within it.'
        : "Check the page: it may be the API's way to report an error, which can be declared under errors.",
  });
}

function nameOf(kind: 'object' | number): string {
  if (kind === 'object') return 'an object';
  if (kind === Kind.number) return 'a number';
  return kind === Kind.true || kind === Kind.false ? 'a boolean' : 'a string';
}
