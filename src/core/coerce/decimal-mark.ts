import { errors } from '../errors.js';
import { trimSpaces } from './spaces.js';

/** Space, no-break space, narrow no-break space and the Swiss apostrophes group digits whatever the decimal mark is. */
const COMMON_GROUPING = " \u00a0\u202f'\u2019";

/** `$ 12`, `-€12` and `12 €` are amounts of money; a symbol at both ends is none. */
function withoutCurrency(text: string): string {
  const front = text.replace(/^([+-]?)\s{0,2}\p{Sc}\s{0,2}/u, '$1');
  return front === text ? text.replace(/\s{0,2}\p{Sc}$/u, '') : front;
}

/**
 * How to read numbers written with the column's `decimal` mark: returns a function that turns such text into one with
 * a point and without thousands separators and currency signs, or null when it is not a number so written. Null when the column has no mark:
 * then numbers are PostgreSQL's own.
 */
export function decimalMarkReader(mark: string | null): ((text: string) => string | null) | null {
  if (mark === null) return null;
  if (mark.length !== 1 || /[0-9a-z+\-\s]/i.test(mark)) {
    throw errors.configuration(`"${mark}" cannot be a decimal mark`, { hint: 'Set decimal to "," or ".".' });
  }
  const grouping = `[${(mark === ',' ? '.' : ',') + COMMON_GROUPING.replace(mark, '')}]`;
  // The Indian way to group (12,34,567) has pairs before the last three digits.
  const number = new RegExp(
    `^([+-]?)(?:(\\d{1,3}(${grouping})(?:\\d{2,3}\\3)*\\d{3})|(\\d*))(?:\\${mark}(\\d*))?([eE][+-]?\\d+)?$`,
  );
  return (text) => {
    const trimmed = withoutCurrency(trimSpaces(text));
    if (/^[+-]?[a-z]+$/i.test(trimmed)) return trimmed;
    const match = number.exec(trimmed);
    if (match === null) return null;
    const whole = match[2] === undefined ? match[4]! : match[2].replace(/\D/g, '');
    const fraction = match[5];
    return `${match[1]}${whole}${fraction === undefined ? '' : `.${fraction}`}${match[6] ?? ''}`;
  };
}
