const MOST_KEPT = 1_000;

/**
 * The latest things of a kind, in memory: a bounded ring, for statistics. An entry is added when the thing begins and is
 * written on by whoever began it.
 */
export class RecentEntries<T extends object> {
  readonly #capacity: number;
  readonly #onEnd: (entry: Readonly<T>) => void;
  readonly #entries: T[] = [];
  #next = 0;

  /** @param onEnd is called once with each entry that has ended */
  constructor(capacity: number = MOST_KEPT, onEnd: (entry: Readonly<T>) => void = () => {}) {
    this.#capacity = capacity;
    this.#onEnd = onEnd;
  }

  /** Adds an entry, in the place of the oldest where the ring is full; the caller goes on writing it. */
  add(entry: T): T {
    this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#capacity;
    return entry;
  }

  /** To be called when the entry is written to its end. */
  end(entry: Readonly<T>): void {
    this.#onEnd(entry);
  }

  /** Copies of the entries, the oldest first. */
  recent(): readonly Readonly<T>[] {
    const older = this.#entries.slice(this.#next);
    return [...older, ...this.#entries.slice(0, this.#next)].map((entry) => ({ ...entry }));
  }
}
