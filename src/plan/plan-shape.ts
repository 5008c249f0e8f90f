import { limitWindow, type ParameterNumber, type RowWindow, skipLimits } from './limit-window.js';
import { type PlanNode, subplanExpressions } from './plan-tree.js';
import { repeatedLookUps } from './repeated-look-ups.js';
import { type RowNeeds, readSort } from './row-needs.js';
import type { Statement } from './statement.js';
import type { StatementTemplate } from './template.js';

/** What the top of the plan says about a statement that is nothing but one scan. */
export interface PlanShape {
  readonly root: PlanNode;
  /** The scan below the Limit nodes, in the API's own order; null: there is more to the plan. */
  readonly scanNode: PlanNode | null;
  readonly window: RowWindow | null;
  /** Which rows of the one scan are taken, also in an order; null: there is more to the plan. */
  readonly needs: RowNeeds | null;
  /** The expressions in the plan's subplans. */
  readonly subplans: readonly string[];
  /** See `repeatedLookUps`. */
  readonly lookUps: ReadonlyMap<string, readonly string[]>;
}

const ORDERED_SCANS = new Set(['Index Scan', 'Index Only Scan']);
const UNORDERED_SCANS = new Set(['Seq Scan', 'Bitmap Heap Scan']);

/** Whether an index of the plan table stands in for a sort that the API could make. */
export function hidesSort(root: PlanNode, { scans }: StatementTemplate): boolean {
  const { node, limitNodes } = skipLimits(root);
  const canSort = scans.length === 1 && scans[0]!.entry.table?.orderBy != null;
  return canSort && limitNodes > 0 && ORDERED_SCANS.has(node['Node Type']);
}

/** Reads it off a plan of the statement. */
export function readShape(
  root: PlanNode,
  statement: Statement,
  template: StatementTemplate,
  parameterNumber: ParameterNumber,
): PlanShape {
  const top = skipLimits(root);
  const { limitNodes } = top;
  const sort = limitNodes > 0 ? readSort(top.node) : null;
  const node = sort?.input ?? top.node;
  // An index of the plan table can stand in for a Sort that the API's order would need. A Sort that a constant makes
  // needless still leaves its column among the outputs, behind those of the statement.
  const isOrdered = template.parts.some((part) => 'text' in part && /\border\b/i.test(part.text));
  // Below a Sort the order of the scan is of no matter.
  const isOneScan = isSingleScan(node) && (sort !== null || !isOrdered) && template.scans.length === 1;
  const window = limitWindow(statement, limitNodes, parameterNumber);
  return {
    root,
    scanNode: isOneScan && sort === null ? node : null,
    needs: isOneScan && window !== null ? { window, sortKeys: sort?.keys ?? [] } : null,
    window,
    subplans: subplanExpressions(root),
    lookUps: repeatedLookUps(root),
  };
}

/** Whether a node reads a table and nothing stands below it but the index look-ups that it reads by. */
export function isSingleScan(node: PlanNode): boolean {
  const type = node['Node Type'];
  const isScan = UNORDERED_SCANS.has(type) || ORDERED_SCANS.has(type);
  return isScan && (node.Plans ?? []).every((child) => child['Node Type'] === 'Bitmap Index Scan');
}
