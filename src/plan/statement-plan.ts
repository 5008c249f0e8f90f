import type { FilterModel } from '../config/model.js';
import type { OrderKey, PushedFilter, ScanSpec } from '../scan/scan.js';
import type { AggregatePlan } from './aggregate-plan.js';
import type { Condition } from './condition.js';
import type { RowWindow } from './limit-window.js';
import type { RowPredicate } from './predicate.js';
import type { StreamOutput } from './stream-output.js';
import type { ScanReference, StatementTemplate } from './template.js';

/** `ORDER BY … LIMIT n`. */
export interface SourceTop {
  readonly orderBy: readonly OrderKey[];
  readonly rows: number;
}

/** A filter whose values are those of a column of another scan. */
export interface Dependency {
  readonly column: string;
  /** Index of the scan that is run first. */
  readonly source: number;
  readonly sourceColumn: string;
  /** Conditions on the source's rows, in terms of `sourceAlias`, that leave fewer values; null: none that are simple. */
  readonly sourceFilter: string | null;
  readonly sourceAlias: string;
  /** Only the first rows in an order, and those that are equal to the last of them; null: all. */
  readonly sourceTop: SourceTop | null;
  /** Whether the values are of type boolean. */
  readonly isTruth: boolean;
  /** The filter that can be left out where there are too many values; null: the API needs it. */
  readonly optional: FilterModel | null;
}

/** One scan of a statement, decided. */
export interface PlannedScan {
  readonly reference: ScanReference;
  readonly planTable: string;
  /** Null: the plan never reads this table. */
  readonly spec: ScanSpec | null;
  readonly pushed: readonly PushedFilter[];
  /**
   * Filters whose values come from other scans of the statement, which are run first: one or more sets of them, each of which
   * gives some of the values (those of a UNION). Empty: the scan waits for none.
   */
  readonly dependencies: readonly (readonly Dependency[])[];
  /**
   * Where only the number of rows is wanted: the values of a row that has what the statement asks for, as canonical text by
   * column, to stand for each of those that the API counts; null: the rows themselves are wanted.
   */
  readonly standIn: ReadonlyMap<string, string> | null;
  /** Index of the scan whose rows are read in the place of this one's, which is then not made; null: it is made. */
  readonly sharesWith: number | null;
  /** Whether the scan table needs the primary key, because the statement groups by it. */
  readonly withPrimaryKey: boolean;
  /** Columns by which the engine looks up rows again and again; empty: it does not. */
  readonly lookUps: readonly string[];
  /** What holds for every row that the statement uses. */
  readonly conditions: readonly Condition[];
  /** What the engine or the stream path still checks, as EXPLAIN prints it. */
  readonly residual: readonly string[];
}

/**
 * A statement that is one scan with simple output columns: its rows can go straight to the client. Or one that aggregates such
 * a scan's rows: all its rows are then read, and the outputs and the window are the aggregate's.
 */
export interface StreamPlan {
  readonly spec: ScanSpec;
  /** What the output columns are. */
  readonly outputs: readonly StreamOutput[];
  /** Null: every row passes. */
  readonly predicate: RowPredicate | null;
  readonly window: RowWindow;
  readonly aggregate: AggregatePlan | null;
}

export interface StatementPlan {
  readonly template: StatementTemplate;
  readonly scans: readonly PlannedScan[];
  readonly stream: StreamPlan | null;
  /** Whether subqueries with the scans' rows can be read in the place of tables. */
  readonly takesSubqueries: boolean;
}
