import type { PushedFilter, ScanSpec } from '../scan/scan.js';
import type { Condition } from './condition.js';
import { conditionColumn } from './constants.js';
import type { PlanNode, ScanNode } from './plan-tree.js';
import { areAllPushed } from './row-needs.js';

/**
 * A row that can stand for all rows of a scan of which only the number is used (`count(*)`); null when more is used, or when
 * the API does not count exactly these rows.
 */
export function standInRow(
  root: PlanNode,
  node: ScanNode,
  spec: ScanSpec,
  conditions: readonly Condition[],
  pushed: readonly PushedFilter[],
): ReadonlyMap<string, string> | null {
  if (spec.table.count === null || node.output.length > 0 || node.nodeType === 'Sample Scan') return null;
  if (!isCountedAlone(root, node.alias) || !areAllPushed(spec.table, conditions, pushed)) return null;
  const values = new Map<string, string>();
  const columns = new Map(spec.table.columns.map((item) => [item.name, item]));
  for (const condition of conditions) {
    if (condition.type === 'other') return null;
    const column = conditionColumn(condition, columns);
    const value = column === null ? null : standInValue(condition, pushed);
    if (value === null || values.has(condition.column)) return null;
    values.set(condition.column, value);
  }
  return values;
}

function standInValue(
  condition: Exclude<Condition, { type: 'other' }>,
  pushed: readonly PushedFilter[],
): string | null {
  const holdsForIt =
    condition.type === 'in' ||
    condition.type === 'boolean' ||
    (condition.type === 'compare' && ['=', '<=', '>='].includes(condition.operator));
  if (!holdsForIt) return null;
  return pushed.find((filter) => filter.column === condition.column)?.values[0] ?? null;
}

/** Whether the scan is all that an aggregation without groups reads. */
function isCountedAlone(node: PlanNode, alias: string): boolean {
  const children = node.Plans ?? [];
  const isPlain = node['Node Type'] === 'Aggregate' && node.Strategy === 'Plain' && children.length === 1;
  if (isPlain && children[0]!.Alias === alias) return true;
  return children.some((child) => isCountedAlone(child, alias));
}
