import type { PlanNode } from './plan-tree.js';
import type { LimitClause, Statement } from './statement.js';
import type { Node } from './syntax.js';
import { stringList } from './syntax.js';

/** Which of a scan's rows, counted from 0 in its own order, the statement returns: `[start, end)`. */
export interface RowWindow {
  readonly start: number;
  /** Infinity: to the last one. */
  readonly end: number;
}

/** The number that parameter `$n` was bound to; null: NULL; undefined: not a number that can be read here. */
export type ParameterNumber = (n: number) => number | null | undefined;

const EVERYTHING: RowWindow = { start: 0, end: Number.POSITIVE_INFINITY };

/**
 * EXPLAIN does not print what a Limit node limits to, so the numbers come from the statement's own LIMIT clauses.
 * @returns the window that `limitNodes` Limit nodes stacked on one scan cut out; null when the clauses cannot be matched
 *   with the nodes or evaluated here
 */
export function limitWindow(
  statement: Statement,
  limitNodes: number,
  parameterNumber: ParameterNumber,
): RowWindow | null {
  const windows: RowWindow[] = [];
  for (const clause of statement.limits) {
    const window = readClause(clause, parameterNumber);
    if (window === null) return null;
    if (window.start > 0 || window.end !== Number.POSITIVE_INFINITY) windows.push(window);
  }
  if (windows.length !== limitNodes) return null;
  // The innermost clause comes last and is applied first; the others count in what it leaves.
  return windows.reduceRight((inner, outer) => {
    const start = Math.min(inner.start + outer.start, inner.end);
    return { start, end: Math.min(inner.end, inner.start + outer.end) };
  }, EVERYTHING);
}

/** The scan or other node below the Limit nodes at the top of a plan, and how many of them there are. */
export function skipLimits(root: PlanNode): { readonly node: PlanNode; readonly limitNodes: number } {
  let node = root;
  let limitNodes = 0;
  while (node['Node Type'] === 'Limit' && node.Plans?.length === 1) {
    node = node.Plans[0]!;
    limitNodes++;
  }
  return { node, limitNodes };
}

/** The rows that a LIMIT clause lets through; null: not a number that can be read here. */
export function readClause(clause: LimitClause, parameterNumber: ParameterNumber): RowWindow | null {
  if (clause.withTies) return null;
  const count = clause.count === null ? null : readNumber(clause.count, parameterNumber);
  const offset = clause.offset === null ? null : readNumber(clause.offset, parameterNumber);
  // PostgreSQL refuses negative numbers with an error of its own.
  if (count === undefined || offset === undefined || (count ?? 0) < 0 || (offset ?? 0) < 0) return null;
  const start = offset ?? 0;
  return { start, end: count === null ? Number.POSITIVE_INFINITY : start + count };
}

const INTEGER_TYPES = new Set(['int2', 'int4', 'int8']);

function readNumber(node: Node, parameterNumber: ParameterNumber): number | null | undefined {
  const cast = node.TypeCast as Node | undefined;
  if (cast !== undefined) {
    const typeName = stringList((cast.typeName as Node).names).at(-1) ?? '';
    return INTEGER_TYPES.has(typeName) ? readNumber(cast.arg as Node, parameterNumber) : undefined;
  }
  const parameter = node.ParamRef as { number?: number } | undefined;
  if (parameter !== undefined) return parameterNumber(parameter.number ?? 0);
  const constant = node.A_Const as { isnull?: boolean; ival?: { ival?: number }; fval?: { fval?: string } } | undefined;
  if (constant === undefined) return undefined;
  if (constant.isnull === true) return null;
  if (constant.ival !== undefined) return constant.ival.ival ?? 0;
  const wide = constant.fval?.fval ?? '';
  return /^\d+$/.test(wide) && Number.isSafeInteger(Number(wide)) ? Number(wide) : undefined;
}
