import { plainColumn } from './conditions.js';
import { type ColumnEquality, type ColumnOfTable, type EqualSide, readEqualities } from './equalities.js';
import type { Origin, Origins } from './origins.js';
import type { PlanNode } from './plan-tree.js';

/** A column of one table whose values in the result are all among those of other tables' columns. */
export interface Binding {
  /** Alias in the plan, and column, of the table whose rows are limited. */
  readonly alias: string;
  readonly column: string;
  /** What the column is cast to where it is compared. */
  readonly casts: readonly string[];
  /** Several: together they have the values. */
  readonly origins: readonly Origin[];
}

/** A join on the way down to a node, and on which side of it the node is. */
interface Ancestor {
  readonly node: PlanNode;
  readonly isInner: boolean;
}

/** Nodes that pass rows on as they are: what is not wanted above them is not wanted below. */
const PASSING = new Set(['Nested Loop', 'Hash Join', 'Merge Join', 'Hash', 'Sort', 'Materialize', 'Memoize']);

/**
 * Reads from a plan of nested loops which scans may be limited to the values of other scans. An index condition
 * proves it for the table that is looked up; for the other side of the equality the join must drop what has no match, and
 * nothing on the way down to that side may count or choose rows (an aggregate, a LIMIT).
 */
export function readBindings(root: PlanNode, origins: Origins): Binding[] {
  const bindings: Binding[] = [];
  const add = (own: EqualSide, other: EqualSide, at: PlanNode): void => {
    const from = own.isOwn && !origins.isGathered(own, at) ? origins.of(other, at) : null;
    if (from !== null) bindings.push({ alias: own.alias, column: own.column, casts: own.casts, origins: from });
  };
  const visit = (node: PlanNode, ancestors: readonly Ancestor[]): void => {
    if (node['Relation Name'] !== undefined && node.Alias !== undefined) {
      for (const text of [node['Index Cond'], node['Recheck Cond'], node.Filter]) {
        for (const equality of readEqualities(text)) addLookUp(add, equality, node, ancestors);
      }
    }
    for (const equality of readEqualities(node['Join Filter'])) addJoinFilter(add, equality, node);
    for (const child of node.Plans ?? []) {
      visit(child, [...ancestors, { node, isInner: isJoin(node) && child === sideOf(node, 'Inner') }]);
    }
  };
  visit(root, []);
  return bindings;
}

type Add = (own: EqualSide, other: EqualSide, at: PlanNode) => void;

function addLookUp(add: Add, { left, right }: ColumnEquality, node: PlanNode, ancestors: readonly Ancestor[]): void {
  const [own, other] = left.alias === node.Alias ? [left, right] : [right, left];
  if (own.alias !== node.Alias || other.alias === node.Alias) return;
  add(own, other, node);
  const at = ancestors.findLastIndex(({ node, isInner }) => isInner && reaches(sideOf(node, 'Outer')!, other));
  if (at < 0 || !dropsUnmatched(ancestors[at]!.node)) return;
  // `LATERAL (SELECT count(*) …)` has a row where the looked-up table has none.
  if (!ancestors.slice(at + 1).every(isEmptyWithoutRows)) return;
  add(other, own, node);
}

function addJoinFilter(add: Add, { left, right }: ColumnEquality, join: PlanNode): void {
  if (!isJoin(join)) return;
  const [outer, inner] = [sideOf(join, 'Outer'), sideOf(join, 'Inner')];
  if (outer === undefined || inner === undefined) return;
  for (const [own, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const limitsInner = reaches(inner, own) && INNER_LIMITED.has(join['Join Type'] ?? '');
    const limitsOuter = reaches(outer, own) && dropsUnmatched(join);
    if (limitsInner || limitsOuter) add(own, other, join);
  }
}

/** Joins whose result has rows of the inner side only where they match. */
const INNER_LIMITED = new Set(['Inner', 'Left', 'Semi', 'Anti']);

function dropsUnmatched(join: PlanNode): boolean {
  return join['Join Type'] === 'Inner' || join['Join Type'] === 'Semi';
}

/** Whether a node on the way up has no rows where the one below it has none. */
function isEmptyWithoutRows({ node, isInner }: Ancestor): boolean {
  if (!PASSING.has(node['Node Type'])) return false;
  return !isJoin(node) || node['Join Type'] === 'Inner' || (!isInner && INNER_LIMITED.has(node['Join Type'] ?? ''));
}

/** A join's input; plans of subqueries can stand before and behind the two. */
function sideOf(join: PlanNode, side: 'Outer' | 'Inner'): PlanNode | undefined {
  return join.Plans?.find((child) => child['Parent Relationship'] === side);
}

function isJoin(node: PlanNode): boolean {
  return node['Node Type'] === 'Nested Loop' || node['Node Type'] === 'Hash Join' || node['Node Type'] === 'Merge Join';
}

/** Whether a table is read at or below a node with nothing in between that counts or chooses rows with that value. */
function reaches(node: PlanNode, use: ColumnOfTable): boolean {
  if (node['Relation Name'] !== undefined) return node.Alias === use.alias;
  const passes = PASSING.has(node['Node Type']) || dropsWholeGroups(node, use);
  return passes && (node.Plans ?? []).some((child) => reaches(child, use));
}

/**
 * Whether leaving out all rows with a value of the column leaves out whole groups, and changes no other: that is how the
 * values of `IN (SELECT …)` and EXISTS are made distinct.
 */
function dropsWholeGroups(node: PlanNode, { alias, column }: ColumnOfTable): boolean {
  const isKey = (text: string): boolean => plainColumn(text, alias) === column;
  if (node['Node Type'] === 'Aggregate') return (node['Group Key'] ?? []).some(isKey);
  const [sort] = node.Plans ?? [];
  const keys = sort?.['Node Type'] === 'Sort' ? (sort['Sort Key'] ?? []) : [];
  return node['Node Type'] === 'Unique' && keys.length === 1 && isKey(keys[0]!);
}
