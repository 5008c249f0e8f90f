import type { ColumnModel, TableModel } from '../../../src/config/model.js';
import type { Random } from '../../core/random.js';

/** A body and the table it is read as. */
export interface Sample {
  readonly name: string;
  readonly table: TableModel;
  readonly columns: readonly ColumnModel[];
  readonly body: Buffer;
  /**
   * Whether the first `length` bytes are a body of their own, which nothing in them tells from the whole: they may give
   * fewer rows, but only the whole's first ones. By default no beginning is.
   */
  readonly isWholeAt?: (length: number) => boolean;
  /** Whether nothing tells that a body's last row has lost its end: then the rows before it are compared. */
  readonly hasOpenEnd?: boolean;
}

/**
 * What an independent reading of a body says: its rows (undefined for a cell that it does not vouch for), that it has to be
 * refused, or nothing. A driver may refuse what the verdict has rows for, because of a value's type.
 */
export type Verdict = readonly (readonly (string | null | undefined)[])[] | 'refused' | null;

/** A driver's format, as the tests that all drivers share need it: `cuts`, `fuzz` and `memory`. */
export interface Format {
  readonly name: string;
  /** Small bodies, some hundreds of bytes each, that between them have everything the format has. */
  readonly samples: readonly Sample[];
  /** A random well-formed body. */
  generate(random: Random): Sample;
  /** What mutations put in: the format's signs and words. */
  readonly dictionary: readonly string[];
  /** Reads the body of `sample`, mutated or not, without the driver. */
  judge(sample: Sample): Verdict;
  /** A body of about `bytes`, for cuts at random places. */
  makeLarge(bytes: number): Sample;
}
