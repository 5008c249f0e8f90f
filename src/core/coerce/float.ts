import type { ByteWriter, Coercer } from './contract.js';
import { decimalMarkReader } from './decimal-mark.js';
import { floatOutOfRange, invalidNumber, invalidSyntax } from './failure.js';
import { printDouble, printReal } from './float-print.js';
import { parseDecimal } from './numeric.js';
import { trimSpaces } from './spaces.js';

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?\d+))?$/;
const SPECIAL = /^([+-]?)(?:(nan)|inf(?:inity)?)$/i;
const NONZERO = /^[+-]?(?:0[xX])?[0.]*[1-9a-dfA-DF]/;

const BEYOND_REAL = 2 ** 128;

const SCRATCH = new DataView(new ArrayBuffer(8));

/**
 * The double that C's strtod reads; NaN stands for text that is none (callers match `nan` first).
 * Expects trimmed text.
 */
function parseDouble(text: string): number {
  if (DECIMAL.test(text)) return Number(text);
  const match = HEXADECIMAL.exec(text);
  if (match === null) return Number.NaN;
  const digits = `${match[2]}${match[3] ?? ''}`;
  if (digits === '' || digits.length > 300) return Number.NaN;
  const exponent = Number(match[4] ?? 0) - 4 * (match[3] ?? '').length;
  const magnitude = Number(BigInt(`0x${digits}`)) * 2 ** Math.max(exponent, -1000) * 2 ** Math.min(0, exponent + 1000);
  return match[1] === '-' ? -magnitude : magnitude;
}

/**
 * The float4 nearest to a decimal text whose nearest double is `double`. Rounding twice goes wrong only where the double
 * lies exactly between two floats; there the text itself decides.
 */
function nearestReal(text: string, double: number): number {
  const rounded = Math.fround(double);
  if (rounded === double || !Number.isFinite(double)) return rounded;
  const exact = Math.abs(double);
  const near = Math.abs(rounded);
  SCRATCH.setFloat32(0, near);
  SCRATCH.setUint32(0, SCRATCH.getUint32(0) + (near > exact ? -1 : 1));
  const other = SCRATCH.getFloat32(0);
  // Beyond the greatest float4, the next step of the same size stands for infinity.
  if ((Math.min(near, BEYOND_REAL) + Math.min(other, BEYOND_REAL)) / 2 !== exact) return rounded;
  const side = compareExactly(text, exact);
  if (side === 0 || side > 0 === near > exact) return rounded;
  return double < 0 ? -other : other;
}

/** The sign of |decimal text| - value, exactly. */
function compareExactly(text: string, value: number): number {
  const parsed = parseDecimal(text);
  if (parsed === null || parsed.digits.length > 20_000) return 0;
  SCRATCH.setFloat64(0, value);
  const bits = SCRATCH.getBigUint64(0);
  const exponent = Number(bits >> 52n) - 1075;
  let right = (bits & 0xfffffffffffffn) | 0x10000000000000n;
  let left = BigInt(parsed.digits);
  const power = parsed.point - parsed.digits.length;
  if (power >= 0) left *= 10n ** BigInt(power);
  else right *= 10n ** BigInt(-power);
  if (exponent >= 0) right <<= BigInt(exponent);
  else left <<= BigInt(-exponent);
  return left > right ? 1 : left < right ? -1 : 0;
}

/** The value of float text as PostgreSQL reads it; throws 22P02 and 22003. */
export function parseFloatText(name: 'real' | 'double', text: string): number {
  const typeName = name === 'real' ? 'real' : 'double precision';
  const source = trimSpaces(text);
  const special = SPECIAL.exec(source);
  if (special !== null) {
    if (special[2] !== undefined) return Number.NaN;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const double = parseDouble(source);
  if (Number.isNaN(double)) throw invalidNumber(typeName, text);
  const value = name === 'real' ? nearestReal(source, double) : double;
  if (!Number.isFinite(value) || (value === 0 && NONZERO.test(source))) throw floatOutOfRange(typeName, text);
  return value;
}

/** Coercer of real and double precision: the shortest digits that read back as the same value. */
export function makeFloatCoercer(name: 'real' | 'double', mark: string | null): Coercer {
  const readMark = decimalMarkReader(mark);
  const print = name === 'real' ? printReal : printDouble;
  const write = name === 'real' ? plainFloatWriter(6, 6) : plainFloatWriter(15, 15);
  const fromNumber = (text: string): string => print(parseFloatText(name, text));
  const fromString = (text: string): string => {
    if (readMark === null) return fromNumber(text);
    const source = readMark(text);
    if (source === null) throw invalidSyntax(name === 'real' ? 'real' : 'double precision', text);
    return fromNumber(source);
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

/**
 * Copies plain decimals of at most `mostDigits` significant digits, which every float of that many digits gives back
 * as they are, less the zeros at the fraction's end. `mostWhole`: digits before the point that are printed without exponent.
 */
function plainFloatWriter(mostDigits: number, mostWhole: number): ByteWriter {
  return (source, start, end, target, at) => {
    let i = start;
    let out = at;
    if (source[i] === 0x2d) {
      target[out++] = 0x2d;
      i++;
    }
    const wholeStart = i;
    let significant = 0;
    for (; i < end; i++) {
      const digit = source[i]!;
      if (digit < 0x30 || digit > 0x39) break;
      if (significant > 0 || digit !== 0x30) significant++;
      target[out++] = digit;
    }
    const whole = i - wholeStart;
    if (whole === 0 || whole > mostWhole || significant > mostDigits) return -1;
    if (whole > 1 && source[wholeStart] === 0x30) return -1;
    if (i === end) return out - at;
    if (source[i] !== 0x2e) return -1;
    let last = end;
    while (last > i + 1 && source[last - 1] === 0x30) last--;
    if (i + 1 === end) return -1;
    const isSmall = significant === 0;
    const fractionStart = i + 1;
    if (last > fractionStart) target[out++] = 0x2e;
    for (i = fractionStart; i < last; i++) {
      const digit = source[i]!;
      if (digit < 0x30 || digit > 0x39) return -1;
      if (significant > 0 || digit !== 0x30) significant++;
      // 0.0001 is the smallest magnitude printed without exponent.
      else if (isSmall && i - fractionStart >= 3) return -1;
      target[out++] = digit;
    }
    return significant > mostDigits ? -1 : out - at;
  };
}
