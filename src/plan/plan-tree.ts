import { errors } from '../core/errors.js';
import { hideValuesOfOthers } from './values-of-others.js';

/** A node of EXPLAIN (VERBOSE, FORMAT JSON). https://www.postgresql.org/docs/18/sql-explain.html */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Schema?: string;
  readonly Alias?: string;
  readonly Output?: readonly string[];
  readonly Filter?: string;
  readonly 'Index Cond'?: string;
  readonly 'Recheck Cond'?: string;
  readonly 'Parent Relationship'?: string;
  /** `CTE name`, `InitPlan 1`: what the plan of a subquery is called where its rows are used. */
  readonly 'Subplan Name'?: string;
  readonly 'CTE Name'?: string;
  readonly 'Function Call'?: string;
  readonly 'Join Type'?: string;
  readonly 'Join Filter'?: string;
  readonly 'Sort Key'?: readonly string[];
  readonly Strategy?: string;
  readonly 'Partial Mode'?: string;
  readonly 'Group Key'?: readonly string[];
  readonly Plans?: readonly PlanNode[];
}

/** One place in the plan where a plan table is read. */
export interface ScanNode {
  readonly alias: string;
  readonly nodeType: string;
  readonly output: readonly string[];
  /**
   * Conditions that hold for every row that the node passes on, each an SQL expression; joined by AND. What other nodes
   * compute is in them a column of theirs.
   */
  readonly conditions: readonly string[];
  /** The same as EXPLAIN prints them. */
  readonly printed: readonly string[];
}

/** Reads EXPLAIN's answer: one row, one JSON document. */
export function readPlan(json: string): PlanNode {
  const document = JSON.parse(json) as { Plan?: PlanNode }[];
  const plan = document[0]?.Plan;
  // EXPLAIN of a utility statement that it does not plan, such as CREATE TABLE AS EXECUTE
  if (plan === undefined) throw errors.internal('the engine explained a statement without a plan');
  return plan;
}

/** Every scan node, by the name of the table it reads (`schema.table`, as the engine has them). */
export function collectScans(root: PlanNode): Map<string, ScanNode[]> {
  const scans = new Map<string, ScanNode[]>();
  const hide = hideValuesOfOthers(root);
  const visit = (node: PlanNode): void => {
    if (node['Relation Name'] !== undefined && node.Alias !== undefined && !isTarget(node)) {
      const key = `${node.Schema}.${node['Relation Name']}`;
      const list = scans.get(key) ?? [];
      const printed = [node.Filter, node['Index Cond'], node['Recheck Cond']].filter((text) => text !== undefined);
      list.push({
        alias: node.Alias,
        nodeType: node['Node Type'],
        output: node.Output ?? [],
        conditions: printed.map(hide),
        printed,
      });
      scans.set(key, list);
    }
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(root);
  return scans;
}

/**
 * The expressions in the subplans of a plan. They name columns of the tables outside them, which those tables' own scans do
 * not put out: `SELECT (SELECT max(b.x) FROM b WHERE b.id = a.id) FROM a`.
 */
export function subplanExpressions(root: PlanNode): string[] {
  const expressions = new Set<string>();
  const visit = (node: PlanNode, isInside: boolean): void => {
    const isSubplan = SUBPLANS.has(node['Parent Relationship'] ?? '');
    if (isInside || isSubplan) for (const text of expressionsOf(node)) expressions.add(text);
    for (const child of node.Plans ?? []) visit(child, isInside || isSubplan);
  };
  visit(root, false);
  return [...expressions];
}

const SUBPLANS = new Set(['SubPlan', 'InitPlan']);

/** Keys of a node that hold something else than expressions. */
const NOT_EXPRESSIONS =
  /^(?:Node Type|Parent Relationship|Relation Name|Schema|Alias|Strategy|Partial Mode|Join Type|Subplan Name|CTE Name|Index Name|Scan Direction|Cache Mode|Command|Operation|Sort Method|Function Name)$/;

function expressionsOf(node: PlanNode): string[] {
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) => {
    if (NOT_EXPRESSIONS.test(key)) return [];
    const texts = Array.isArray(value) ? (value as unknown[]) : [value];
    return texts.filter((text) => typeof text === 'string');
  });
}

/** ModifyTable names the table it writes to. */
function isTarget(node: PlanNode): boolean {
  return node['Node Type'] === 'ModifyTable';
}

/** `"a"."b"` → `a.b`, as EXPLAIN's Schema and Relation Name give it. */
export function unquotedName(sqlName: string): string {
  return sqlName.replace(/"((?:[^"]|"")*)"/g, (_, name: string) => name.replaceAll('""', '"'));
}
