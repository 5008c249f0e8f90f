import type { ByteWriter, Coercer } from './contract.js';
import { decimalMarkReader } from './decimal-mark.js';
import { integerOutOfRange, invalidNumber, invalidSyntax } from './failure.js';
import { trimSpaces } from './spaces.js';

/** The integer types' names. */
export type IntegerName = 'smallint' | 'integer' | 'bigint';

const LIMITS: Readonly<
  Record<IntegerName, { readonly max: bigint; readonly digits: string; readonly lowest: string }>
> = {
  smallint: { max: 32767n, digits: '32767', lowest: '32768' },
  integer: { max: 2147483647n, digits: '2147483647', lowest: '2147483648' },
  bigint: { max: 9223372036854775807n, digits: '9223372036854775807', lowest: '9223372036854775808' },
};

/** As PostgreSQL 16+ reads integers: sign, then decimal, 0x, 0o or 0b digits with single underscores between them. */
const SYNTAX = /^([+-]?)(?:0[xX]((?:_?[0-9a-fA-F])+)|0[oO]((?:_?[0-7])+)|0[bB]((?:_?[01])+)|(\d+(?:_\d+)*))$/;

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Coercer of smallint, integer and bigint; exact over the whole range. */
export function makeIntegerCoercer(name: IntegerName, decimal: string | null): Coercer {
  const { max } = LIMITS[name];
  const readMark = decimalMarkReader(decimal);
  const write = integerWriter(name);

  /** Digits without sign in any base that BigInt reads. */
  const inRange = (isNegative: boolean, digits: string, text: string): string => {
    const magnitude = BigInt(digits);
    if (magnitude > (isNegative ? max + 1n : max)) throw integerOutOfRange(name, text);
    return isNegative && magnitude !== 0n ? `-${magnitude}` : `${magnitude}`;
  };

  /** BigInt takes quadratic time, so longer digits are told apart by their length. */
  const checked = (isNegative: boolean, prefix: string, digits: string, text: string): string => {
    const significant = digits.replace(/^0+/, '');
    if (significant.length > 64) throw integerOutOfRange(name, text);
    return inRange(isNegative, `${prefix}${significant === '' ? '0' : significant}`, text);
  };

  const fromString = (text: string): string => {
    const source = readMark === null ? trimSpaces(text) : readMark(text);
    const match = source === null ? null : SYNTAX.exec(source);
    if (match === null) throw readMark === null ? invalidNumber(name, text) : invalidSyntax(name, text);
    const isNegative = match[1] === '-';
    const [hex, octal, binary, plain] = match.slice(2).map((part) => part?.replaceAll('_', ''));
    if (plain !== undefined) return checked(isNegative, '', plain, text);
    if (hex !== undefined) return checked(isNegative, '0x', hex, text);
    return octal !== undefined
      ? checked(isNegative, '0o', octal, text)
      : checked(isNegative, '0b', binary as string, text);
  };

  const fromNumber = (literal: string): string => {
    const match = NUMBER.exec(literal);
    if (match === null) throw invalidSyntax(name, literal);
    const fraction = withoutZerosAtEnd(match[3] ?? '');
    const digits = `${match[2]}${fraction}`.replace(/^0+/, '');
    if (digits === '') return '0';
    const zeros = Number(match[4] ?? 0) - fraction.length;
    if (digits.length + zeros > 19) throw integerOutOfRange(name, literal);
    // Zeros before the exponent's point (120e-1) still make an integer.
    const whole =
      zeros >= 0 ? digits + '0'.repeat(zeros) : /^0*$/.test(digits.slice(zeros)) ? digits.slice(0, zeros) : '';
    if (whole === '') throw invalidSyntax(name, literal);
    return inRange(match[1] === '-', whole, literal);
  };

  return {
    fromString,
    fromNumber,
    fromBoolean: (value) => fromString(value ? 'true' : 'false'),
    fromJson: fromString,
    writeString: readMark === null ? write : () => -1,
    writeNumber: write,
  };
}

/** A loop, because `/0+$/` takes quadratic time on zeros that are not at the end. */
function withoutZerosAtEnd(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--;
  return digits.slice(0, end);
}

/** Copies integers that stand as PostgreSQL prints them and are in range. */
function integerWriter(name: IntegerName): ByteWriter {
  const highest = Uint8Array.from(LIMITS[name].digits, (digit) => digit.charCodeAt(0));
  const lowest = Uint8Array.from(LIMITS[name].lowest, (digit) => digit.charCodeAt(0));
  const most = highest.length;
  return (source, start, end, target, at) => {
    let i = start;
    let out = at;
    const isNegative = source[i] === 0x2d;
    if (isNegative) {
      target[out++] = 0x2d;
      i++;
    }
    const count = end - i;
    if (count <= 0 || count > most) return -1;
    if (source[i] === 0x30 && (count > 1 || isNegative)) return -1;
    let isTight = count === most;
    const limit = isNegative ? lowest : highest;
    for (let k = 0; k < count; k++) {
      const digit = source[i + k]!;
      if (digit < 0x30 || digit > 0x39) return -1;
      if (isTight && digit !== limit[k]) {
        if (digit > limit[k]!) return -1;
        isTight = false;
      }
      target[out++] = digit;
    }
    return out - at;
  };
}
