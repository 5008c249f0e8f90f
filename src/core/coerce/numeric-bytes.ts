import type { ByteWriter } from './contract.js';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Longest number taken here, far below numeric's limits. */
const MAX_LENGTH = 4096;

/** Zeros that may be added to reach the scale: what the target surely has room for. */
const MAX_PADDING = 60;

/**
 * Copies plain decimals: no exponent, no plus, no leading zeros, no minus before a zero. With a precision, the digits have to
 * fit and the fraction is filled up with zeros; a number that needs rounding is left to the complete path.
 */
export function numericWriter(precision: number | null, scale: number): ByteWriter {
  const most = precision === null ? MAX_LENGTH : precision - scale;
  if (precision !== null && scale < 0) return () => -1;
  return (source, start, end, target, at) => {
    if (end - start > MAX_LENGTH) return -1;
    let i = start;
    let out = at;
    const isNegative = source[i] === MINUS;
    if (isNegative) {
      target[out++] = MINUS;
      i++;
    }
    const wholeStart = i;
    let isZero = true;
    for (; i < end; i++) {
      const digit = source[i]!;
      if (digit < ZERO || digit > 0x39) break;
      if (digit !== ZERO) isZero = false;
      target[out++] = digit;
    }
    const whole = i - wholeStart;
    if (whole === 0) return -1;
    if (source[wholeStart] === ZERO) {
      if (whole > 1) return -1;
      if (most < 0) return -1;
    } else if (whole > most) return -1;
    let fraction = 0;
    if (i < end) {
      if (source[i] !== POINT) return -1;
      fraction = end - i - 1;
      if (fraction === 0) return -1;
      if (precision !== null && fraction > scale) return -1;
      target[out++] = POINT;
      for (i++; i < end; i++) {
        const digit = source[i]!;
        if (digit < ZERO || digit > 0x39) return -1;
        if (digit !== ZERO) isZero = false;
        target[out++] = digit;
      }
    }
    if (isZero && isNegative) return -1;
    if (precision !== null && fraction < scale) {
      if (scale - fraction > MAX_PADDING) return -1;
      if (fraction === 0) target[out++] = POINT;
      for (; fraction < scale; fraction++) target[out++] = ZERO;
    }
    return out - at;
  };
}
