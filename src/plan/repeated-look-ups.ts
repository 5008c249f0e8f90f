import { readEqualities } from './equalities.js';
import type { PlanNode } from './plan-tree.js';

/** Nodes over which a join cannot be drawn together with what it joins: the rows below are looked up again for each row. */
const HARD = new Set(['Aggregate', 'Limit', 'Unique', 'WindowAgg', 'SetOp', 'ProjectSet']);

/**
 * The columns by which rows of a table are looked up again and again: in a correlated subquery, or in a LATERAL one that counts
 * or chooses rows. Without an index each look-up reads all of them.
 * @returns by the table's alias; a table that is looked up in several ways has the first
 */
export function repeatedLookUps(root: PlanNode): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const visit = (node: PlanNode, ancestors: readonly PlanNode[]): void => {
    const columns = lookUpColumns(node, ancestors);
    if (columns.length > 0 && !found.has(node.Alias!)) found.set(node.Alias!, columns);
    for (const child of node.Plans ?? []) visit(child, [...ancestors, node]);
  };
  visit(root, []);
  return found;
}

function lookUpColumns(scan: PlanNode, ancestors: readonly PlanNode[]): string[] {
  if (scan['Relation Name'] === undefined) return [];
  const equalities = [scan.Filter, scan['Index Cond'], scan['Recheck Cond']].flatMap(readEqualities);
  const columns = equalities.flatMap(({ left, right }) => {
    const [own, other] = left.alias === scan.Alias ? [left, right] : [right, left];
    const isOwn = own.alias === scan.Alias && own.isOwn && other.alias !== scan.Alias;
    return isOwn && isRepeated(scan, other.alias, ancestors) ? [own.column] : [];
  });
  return [...new Set(columns)];
}

/** Whether a value of table `other` comes from outside a subquery that cannot be joined. */
function isRepeated(scan: PlanNode, other: string, ancestors: readonly PlanNode[]): boolean {
  let isHard = false;
  let node = scan;
  for (const parent of [...ancestors].reverse()) {
    if (node['Parent Relationship'] === 'SubPlan') isHard = true;
    if (parent.Plans!.some((child) => child !== node && contains(child, other)) || parent.Alias === other)
      return isHard;
    if (HARD.has(parent['Node Type'])) isHard = true;
    node = parent;
  }
  return false;
}

function contains(node: PlanNode, alias: string): boolean {
  return node.Alias === alias || (node.Plans ?? []).some((child) => contains(child, alias));
}
