const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const POINT = 0x2e;

/** A cell with more digits than this may not be exact as a number. */
const MOST_DIGITS = 15;
/** Below 2^53 by more than one cell's value. */
const FLUSH_AT = 2 ** 52;

/**
 * The sum of integers or numerics in canonical text, exact to the last digit, with as many decimal places as the cell with the
 * most: what PostgreSQL's `sum` of them prints. Null before the first cell.
 */
export class ExactSum {
  /** What has been added of each number of decimal places, in units of its last one: here, and what outgrew it. */
  readonly #units: number[] = [];
  readonly #outgrown: bigint[] = [];
  #hasNaN = false;
  #hasPlusInfinity = false;
  #hasMinusInfinity = false;

  add(bytes: Uint8Array, start: number, end: number): void {
    const isNegative = bytes[start] === MINUS;
    let value = 0;
    let scale = -1;
    for (let i = isNegative ? start + 1 : start; i < end; i++) {
      const byte = bytes[i]!;
      if (byte === POINT) scale = 0;
      else if (byte < ZERO || byte > NINE) {
        this.#addSpecial(byte, isNegative);
        return;
      } else {
        value = value * 10 + byte - ZERO;
        if (scale >= 0) scale++;
      }
    }
    const places = Math.max(scale, 0);
    while (this.#units.length <= places) {
      this.#units.push(0);
      this.#outgrown.push(0n);
    }
    if (end - start > MOST_DIGITS) {
      const digits = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
      this.#outgrown[places]! += BigInt(digits.replace('.', ''));
      return;
    }
    const sum = this.#units[places]! + (isNegative ? -value : value);
    if (sum < FLUSH_AT && sum > -FLUSH_AT) this.#units[places] = sum;
    else {
      this.#outgrown[places]! += BigInt(sum);
      this.#units[places] = 0;
    }
  }

  get text(): string | null {
    if (this.#hasNaN || (this.#hasPlusInfinity && this.#hasMinusInfinity)) return 'NaN';
    if (this.#hasPlusInfinity) return 'Infinity';
    if (this.#hasMinusInfinity) return '-Infinity';
    const scale = this.#units.length - 1;
    if (scale < 0) return null;
    let total = 0n;
    for (let places = 0; places <= scale; places++) {
      total = total * 10n + this.#outgrown[places]! + BigInt(this.#units[places]!);
    }
    return decimalText(total, scale);
  }

  #addSpecial(byte: number, isNegative: boolean): void {
    if (byte !== 0x49) this.#hasNaN = true;
    else if (isNegative) this.#hasMinusInfinity = true;
    else this.#hasPlusInfinity = true;
  }
}

function decimalText(units: bigint, scale: number): string {
  if (scale === 0) return String(units);
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
