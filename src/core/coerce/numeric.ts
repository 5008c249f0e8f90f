import type { SqlType } from '../sql-type.js';
import type { Coercer } from './contract.js';
import { decimalMarkReader } from './decimal-mark.js';
import { invalidNumber, invalidSyntax, numericFieldOverflow, numericFormatOverflow } from './failure.js';
import { numericWriter } from './numeric-bytes.js';
import { trimSpaces } from './spaces.js';

const MAX_WHOLE_DIGITS = 131072;
const MAX_SCALE = 16383;
/** Beyond it, in either direction, even of zero. */
const MAX_EXPONENT = 1_073_741_823;

const DECIMAL = /^([+-]?)(\d+(?:_\d+)*)?(\.)?(\d+(?:_\d+)*)?(?:[eE]([+-]?\d+(?:_\d+)*))?$/;
const OTHER_BASE = /^([+-]?)(0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)$/;
const SPECIAL = /^(?:(nan)|([+-]?)inf(?:inity)?)$/i;

/** A finite decimal number: `0.digits * 10^point`, with no leading zero in `digits` (empty for zero). */
export interface Decimal {
  readonly isNegative: boolean;
  readonly digits: string;
  readonly point: number;
  /** Digits to print after the point; infinite for an exponent that numeric does not read. */
  readonly scale: number;
}

/** Reads what `numeric_in` reads as a finite number, but for its limits; null for anything else. Expects trimmed text. */
export function parseDecimal(text: string): Decimal | null {
  const match = DECIMAL.exec(text);
  if (match === null) return parseOtherBase(text);
  if (match[2] === undefined && match[4] === undefined) return null;
  if (match[3] === undefined && match[4] !== undefined) return null;
  const whole = (match[2] ?? '').replaceAll('_', '');
  const fraction = (match[4] ?? '').replaceAll('_', '');
  const exponent = match[5] === undefined ? 0 : Number(match[5].replaceAll('_', ''));
  return decimal(match[1] === '-', whole, fraction, exponent);
}

function decimal(isNegative: boolean, whole: string, fraction: string, exponent: number): Decimal {
  const all = whole + fraction;
  const digits = all.replace(/^0+/, '');
  const point = whole.length - (all.length - digits.length) + exponent;
  const scale = Math.abs(exponent) > MAX_EXPONENT ? Number.POSITIVE_INFINITY : Math.max(0, fraction.length - exponent);
  return { isNegative, digits, point: digits === '' ? 0 : point, scale };
}

function parseOtherBase(text: string): Decimal | null {
  const match = OTHER_BASE.exec(text);
  // Text of this length is beyond numeric's range in any base; BigInt is not to be asked.
  if (match === null || text.length > 500_000) return null;
  return decimal(match[1] === '-', BigInt(match[2]!.replaceAll('_', '')).toString(), '', 0);
}

/** Prints as `numeric_out`; beyond its limits throws 22003. */
export function printDecimal({ isNegative, digits, point, scale }: Decimal): string {
  if (point > MAX_WHOLE_DIGITS || scale > MAX_SCALE) throw numericFormatOverflow();
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0');
  const fraction = point >= 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, scale)) + digits;
  const text = scale === 0 ? whole : `${whole}.${fraction.slice(0, scale).padEnd(scale, '0')}`;
  return isNegative && digits !== '' ? `-${text}` : text;
}

/** Rounds half away from zero to `scale` digits after the point, or to tens and hundreds when it is negative. */
export function roundDecimal(value: Decimal, scale: number): Decimal {
  const keep = value.point + scale;
  const shownScale = Math.max(scale, 0);
  if (keep >= value.digits.length) return { ...value, scale: shownScale };
  const none = { isNegative: value.isNegative, digits: '', point: 0, scale: shownScale };
  if (keep < 0) return none;
  const kept = value.digits.slice(0, keep);
  if (value.digits.charCodeAt(keep) < 0x35) return keep === 0 ? none : { ...value, digits: kept, scale: shownScale };
  const nines = /9*$/.exec(kept)![0].length;
  const head = kept.slice(0, keep - nines);
  if (head === '') return { ...value, digits: '1', point: value.point + 1, scale: shownScale };
  const last = String.fromCharCode(head.charCodeAt(head.length - 1) + 1);
  return { ...value, digits: head.slice(0, -1) + last, scale: shownScale };
}

/** A number literal as `numeric` without precision prints it: the numbers of jsonb. */
export function printNumericLiteral(literal: string): string {
  const value = parseDecimal(literal);
  if (value === null) throw invalidSyntax('numeric', literal);
  return printDecimal(value);
}

/** Coercer of numeric: digits as written without precision and scale, rounded and checked with them. */
export function makeNumericCoercer(type: SqlType, mark: string | null): Coercer {
  const { precision } = type;
  const scale = type.scale ?? 0;
  const readMark = decimalMarkReader(mark);
  const write = numericWriter(precision, scale);

  const finish = (value: Decimal): string => {
    if (precision === null) return printDecimal(value);
    // As numeric_in: what is written counts, not what is left after rounding.
    if (value.scale > MAX_SCALE) throw numericFormatOverflow();
    // Rounding only adds digits, and rounding what cannot fit could take long.
    if (value.digits !== '' && value.point > precision - scale) throw numericFieldOverflow();
    const rounded = roundDecimal(value, scale);
    if (rounded.digits !== '' && rounded.point > precision - scale) throw numericFieldOverflow();
    return printDecimal(rounded);
  };

  const fromString = (text: string): string => {
    const source = readMark === null ? trimSpaces(text) : readMark(text);
    if (source === null) throw invalidSyntax('numeric', text);
    const value = parseDecimal(source);
    if (value !== null) return finish(value);
    const special = SPECIAL.exec(source);
    if (special === null) throw readMark === null ? invalidNumber('numeric', text) : invalidSyntax('numeric', text);
    if (special[1] !== undefined) return 'NaN';
    if (precision !== null) throw numericFieldOverflow();
    return special[2] === '-' ? '-Infinity' : 'Infinity';
  };

  return {
    fromString,
    fromNumber: (literal) => finish(parseDecimal(literal) ?? fail(literal)),
    fromBoolean: (value) => fromString(value ? 'true' : 'false'),
    fromJson: fromString,
    writeString: readMark === null ? write : () => -1,
    writeNumber: write,
  };
}

function fail(literal: string): never {
  throw invalidSyntax('numeric', literal);
}
