const SCRATCH = new DataView(new ArrayBuffer(8));

/** Prints as `float8out` with extra_float_digits=1: shortest round-trip digits, exponent from 1e15 on and below 1e-4. */
export function printDouble(value: number): string {
  if (!Number.isFinite(value)) return special(value);
  const shortest = value.toExponential();
  const text = isBoundary(value, shortest) ? longer(value) : shortest;
  return layOut(value, text, 15);
}

/** Prints as `float4out`; `value` has to be a float4. */
export function printReal(value: number): string {
  if (!Number.isFinite(value)) return special(value);
  if (value === 0) return layOut(value, '0e+0', 6);
  SCRATCH.setFloat32(0, value);
  const bits = SCRATCH.getUint32(0) & 0x7fffffff;
  const magnitude = Math.abs(value);
  const low = (realFromBits(bits - 1) + magnitude) / 2;
  const high = bits === 0x7f7fffff ? magnitude + (magnitude - low) : (magnitude + realFromBits(bits + 1)) / 2;
  for (let digits = 0; digits < 9; digits++) {
    const text = nearestEven(magnitude, digits);
    // Below a power of two floats lie closer, so the nearest decimal may be out of reach and the next one above not.
    if (liesWithin(text, low, high)) return layOut(value, text, 6);
    if ((bits & 0x7fffff) === 0) {
      const above = nextUp(text);
      if (liesWithin(above, low, high)) return layOut(value, above, 6);
    }
  }
  return layOut(value, magnitude.toExponential(8), 6);
}

function special(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function realFromBits(bits: number): number {
  SCRATCH.setUint32(0, bits);
  return SCRATCH.getFloat32(0);
}

/** Bounds are left out: what reads back only thanks to round-half-even is not taken, as in PostgreSQL. */
function liesWithin(text: string, low: number, high: number): boolean {
  const value = Number(text);
  return value > low && value < high;
}

/** As toExponential, but a tie goes to the even digit, as PostgreSQL's algorithm has it, not away from zero. */
function nearestEven(magnitude: number, digits: number): string {
  const text = magnitude.toExponential(digits);
  const exact = magnitude.toExponential(20);
  const dropped = exact.slice(digits === 0 ? 2 : digits + 2, exact.indexOf('e'));
  if (!/^50*$/.test(dropped)) return text;
  const last = digits === 0 ? exact[0]! : exact[digits + 1]!;
  // The digits as they stand before the tie are the value rounded down.
  return '02468'.includes(last)
    ? `${exact.slice(0, digits === 0 ? 1 : digits + 2)}${exact.slice(exact.indexOf('e'))}`
    : text;
}

/** `text` of toExponential, one unit of its last digit further from zero. */
function nextUp(text: string): string {
  const at = text.indexOf('e');
  const digits = text.slice(0, at).replace('.', '');
  const next = (BigInt(digits) + 1n).toString();
  const exponent = Number(text.slice(at + 1)) + (next.length - digits.length);
  return `${next[0]}${next.length > 1 ? `.${next.slice(1)}` : ''}e${exponent}`;
}

/**
 * JavaScript takes a shortest decimal that lies exactly between two doubles when it reads back by round-half-even (1e23);
 * PostgreSQL does not rely on the reader and prints more digits. Only whole numbers above 2^53 have such decimals of
 * less than 17 digits, and above 1e40 they have none any more.
 */
function isBoundary(value: number, text: string): boolean {
  const magnitude = Math.abs(value);
  if (magnitude <= 2 ** 53 || magnitude > 1e40) return false;
  const at = text.indexOf('e');
  const digits = text.slice(0, at).replace(/[-.]/g, '');
  const printed = BigInt(digits) * 10n ** BigInt(Number(text.slice(at + 1)) - digits.length + 1);
  const exact = BigInt(magnitude);
  if (printed === exact) return false;
  SCRATCH.setFloat64(0, magnitude);
  const bits = SCRATCH.getBigUint64(0) + (printed > exact ? 1n : -1n);
  SCRATCH.setBigUint64(0, bits);
  return printed * 2n === exact + BigInt(SCRATCH.getFloat64(0));
}

function longer(value: number): string {
  for (let digits = 1; digits < 17; digits++) {
    const text = value.toExponential(digits);
    if (Number(text) === value && !isBoundary(value, text)) return text;
  }
  return value.toExponential(16);
}

/** Lays out digits of toExponential: plain between 1e-4 and 10^`plainDigits`, else with a two-digit exponent. */
function layOut(value: number, text: string, plainDigits: number): string {
  const at = text.indexOf('e');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const digits = text
    .slice(0, at)
    .replace(/[-.]/g, '')
    .replace(/(?<=.)0+$/, '');
  const exponent = Number(text.slice(at + 1));
  if (exponent < -4 || exponent >= plainDigits) {
    const power = Math.abs(exponent).toString().padStart(2, '0');
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0');
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}
