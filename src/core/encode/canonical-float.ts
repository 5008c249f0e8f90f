import { parseFloatText } from '../coerce/float.js';

const ZERO = 0x30;

/** Powers of ten that are exact doubles. */
const POWERS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/**
 * The value of canonical float text. Up to 15 digits without exponent are an exact integer over an exact power of ten, and
 * one division rounds right; the rest goes through a string.
 */
export function readDouble(bytes: Uint8Array, start: number, end: number): number {
  const value = readShort(bytes, start, end);
  return Number.isNaN(value) ? Number(asciiText(bytes, start, end)) : value;
}

/** As `readDouble`, for real: up to 6 digits survive rounding twice. */
export function readReal(bytes: Uint8Array, start: number, end: number): number {
  if (end - start <= 7) {
    const value = readShort(bytes, start, end);
    if (!Number.isNaN(value)) return Math.fround(value);
  }
  return parseFloatText('real', asciiText(bytes, start, end));
}

function readShort(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 17) return Number.NaN;
  const isNegative = bytes[start] === 0x2d;
  let mantissa = 0;
  let digits = 0;
  let scale = -1;
  for (let i = isNegative ? start + 1 : start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 0x2e) scale = 0;
    else {
      if (byte < ZERO || byte > 0x39) return Number.NaN;
      mantissa = mantissa * 10 + byte - ZERO;
      digits++;
      if (scale >= 0) scale++;
    }
  }
  if (digits === 0 || digits > 15) return Number.NaN;
  const value = scale > 0 ? mantissa / POWERS[scale]! : mantissa;
  return isNegative ? -value : value;
}

/** Bytes known to be ASCII as a string. */
function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
