/**
 * A number in [0, 2^32) that depends on `seed` and `id` alone, so that every record can be made from its id, in any
 * order, on any machine (the finalizer of MurmurHash3 over both words).
 */
export function draw(seed: number, id: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(id + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The entry of a non-empty list that a drawn number stands for. */
export function pick<T>(list: readonly T[], drawn: number): T {
  return list[drawn % list.length]!;
}

/** Whole cents as a decimal number with two digits (`1250` is `12.50`), for prices that must not become floats. */
export function decimal(cents: number): string {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
