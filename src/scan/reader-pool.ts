import type { RecordReader } from '../../drivers/driver.js';

/** The readers of one scan: each reads one page at a time, and keeps what it has learnt for the next. */
export class ReaderPool {
  readonly #create: (captures: readonly string[]) => RecordReader;
  #idle: RecordReader[] = [];

  /** All captures of one scan are the same. */
  constructor(create: (captures: readonly string[]) => RecordReader) {
    this.#create = create;
  }

  /** A reader that nobody else uses; a fresh one where a page is read again, without traces of the first try. */
  take(captures: readonly string[], isFresh: boolean): RecordReader {
    return (isFresh ? undefined : this.#idle.pop()) ?? this.#create(captures);
  }

  /** For a reader whose last page was read to its end. */
  giveBack(reader: RecordReader): void {
    this.#idle.push(reader);
  }
}
