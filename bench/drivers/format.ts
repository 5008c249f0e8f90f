import type { DriverOptions } from '../../src/config/model.js';
import type { Field } from './records.js';

/** Something that reads a whole page and gives its number of records, where it knows. */
export type Work = (page: Buffer) => number | undefined | Promise<number | undefined>;

/** A reader that a driver is compared with. The first of a format's is the one that factors are against. */
export interface Rival {
  readonly name: string;
  /** Null: not installed. */
  make(fields: readonly Field[]): Promise<Work | null> | Work | null;
}

/** One driver's part of the benchmark: the pages, the driver's own settings, and the readers beside it. */
export interface BenchFormat {
  readonly name: string;
  readonly driver: DriverOptions;
  readonly records: string | null;
  renderPage(fields: readonly Field[], first: number, rowCount: number): Buffer;
  readonly rivals: readonly Rival[];
}
