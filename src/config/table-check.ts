import type { TableModel } from './model.js';
import type { SourcePath } from './source-tree.js';

/** Something in a table's declaration that whoever reads its pages cannot work with. */
export interface TableProblem {
  /** Keys below the table; the first of them may stand in the DSN instead. */
  readonly path: SourcePath;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Looks at a table that is valid as far as its keys go. */
export type TableCheck = (table: TableModel) => readonly TableProblem[];
