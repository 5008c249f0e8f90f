import type { ColumnModel } from '../config/model.js';
import type { Condition } from './condition.js';
import { readConditions } from './conditions.js';
import type { ScanNode } from './plan-tree.js';
import type { ScanReference } from './template.js';
import { valuesOfAny } from './value-lists.js';

/** A reference to a virtual table, and where the plan reads it. */
export interface ScanSource {
  readonly reference: ScanReference;
  readonly planTable: string;
  readonly columns: ReadonlyMap<string, ColumnModel>;
  readonly nodes: readonly ScanNode[];
  /** Where a plan reads it that computes no WITH query by itself: fewer rows are wanted there. `nodes` where there is no such plan. */
  readonly narrowest: readonly ScanNode[];
}

/**
 * The conditions that every reading of the table applies. The planner may read one table in several places
 * (`min(x), max(x)` become two index look-ups, a WITH query is named twice); only what holds for all of them may narrow the scan:
 * `a = 1` here and `a = 2` there make `a IN (1, 2)`.
 */
export function commonConditions(nodes: readonly ScanNode[]): Condition[] {
  // TABLESAMPLE chooses among all rows of the table, not among those that a filter leaves.
  if (nodes.some((node) => node.nodeType === 'Sample Scan')) return [];
  const lists = nodes.map(conditionsOf);
  const [first = [], ...others] = lists;
  const keys = others.map((list) => new Set(list.map((condition) => JSON.stringify(condition))));
  const common = first.filter((condition) => keys.every((set) => set.has(JSON.stringify(condition))));
  const isNew = ({ column }: { readonly column: string }): boolean =>
    !common.some((condition) => condition.type !== 'other' && condition.column === column);
  return others.length === 0 ? common : [...common, ...valuesOfAny(lists).filter(isNew)];
}

/** A bitmap scan shows its conditions twice. */
export function distinctConditions(node: ScanNode): Condition[] {
  return [...new Map(conditionsOf(node).map((condition) => [JSON.stringify(condition), condition])).values()];
}

/** What one reading of the table applies. */
export function conditionsOf(node: ScanNode): Condition[] {
  return node.conditions.flatMap((text) => readConditions(text, node.alias));
}
