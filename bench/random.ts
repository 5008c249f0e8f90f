/** A small seeded generator (mulberry32): the same values on every run and machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number, both ends included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]!;
  }

  /** `length` characters out of `alphabet`. */
  text(alphabet: string, length: number): string {
    const characters = [...alphabet];
    return Array.from({ length }, () => this.pick(characters)).join('');
  }

  digits(length: number): string {
    return this.text('0123456789', length);
  }

  /** Replaces, removes or inserts a character or two. */
  mutate(text: string, alphabet: string): string {
    const result = [...text];
    for (let i = this.int(1, 2); i > 0; i--) {
      const inserted = this.chance(0.7) ? [this.text(alphabet, 1)] : [];
      result.splice(this.int(0, result.length), this.int(0, 1), ...inserted);
    }
    return result.join('');
  }
}
