import { errors } from '../core/errors.js';

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
  readonly 'Join Type'?: string;
  readonly 'Join Filter'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** One place in the plan where a plan table is read. */
export interface ScanNode {
  readonly alias: string;
  readonly nodeType: string;
  readonly output: readonly string[];
  /** Conditions that hold for every row that the node passes on, each an SQL expression; joined by AND. */
  readonly conditions: readonly string[];
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
  const visit = (node: PlanNode): void => {
    if (node['Relation Name'] !== undefined && node.Alias !== undefined && !isTarget(node)) {
      const key = `${node.Schema}.${node['Relation Name']}`;
      const list = scans.get(key) ?? [];
      list.push({
        alias: node.Alias,
        nodeType: node['Node Type'],
        output: node.Output ?? [],
        conditions: [node.Filter, node['Index Cond'], node['Recheck Cond']].filter((text) => text !== undefined),
      });
      scans.set(key, list);
    }
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(root);
  return scans;
}

/** ModifyTable names the table it writes to. */
function isTarget(node: PlanNode): boolean {
  return node['Node Type'] === 'ModifyTable';
}

/** `"a"."b"` → `a.b`, as EXPLAIN's Schema and Relation Name give it. */
export function unquotedName(sqlName: string): string {
  return sqlName.replace(/"((?:[^"]|"")*)"/g, (_, name: string) => name.replaceAll('""', '"'));
}
