import { type Binding, readBindings } from './dependencies.js';
import type { ParameterNumber } from './limit-window.js';
import { Origins } from './origins.js';
import { collectScans, type PlanNode, type ScanNode, unquotedName } from './plan-tree.js';
import type { PlannedScan } from './statement-plan.js';
import { type ChosenRows, readChosenRows } from './subquery-limits.js';
import { SubqueryNames } from './subquery-names.js';

/** The statement's plan with tables looked up in one another, what was explained (bytes as characters), and with what. */
export interface NestedLoops {
  readonly root: PlanNode;
  readonly byteText: string;
  readonly parameterNumber: ParameterNumber;
}

/** What a plan of nested loops says of the scans and of how they are joined. */
export interface Joins {
  readonly origins: Origins;
  readonly bindings: readonly Binding[];
  readonly chosenRows: ReadonlyMap<string, ChosenRows>;
  /** Per scan, the places in the plan where its table is read. */
  readonly nodes: readonly (readonly ScanNode[])[];
}

/** Reads it off the plan. */
export function readJoins(scans: readonly PlannedScan[], { root, byteText, parameterNumber }: NestedLoops): Joins {
  const origins = new Origins(root, new SubqueryNames(byteText));
  const nodes = collectScans(root);
  return {
    origins,
    bindings: readBindings(root, origins),
    chosenRows: readChosenRows(byteText, parameterNumber),
    nodes: scans.map((scan) => nodes.get(unquotedName(scan.planTable)) ?? []),
  };
}
