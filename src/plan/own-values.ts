import type { Evaluate } from './evaluation.js';
import { type Constant, functionsOf } from './expression-nodes.js';
import type { PlanNode } from './plan-tree.js';
import type { SubqueryNames } from './subquery-names.js';
import { type Node, parseExpression, quoteIdentifier, stringList } from './syntax.js';

/** Values that the statement has without any virtual table: a query with one column, for the client's own session. */
export interface OwnValues {
  readonly sql: string;
  /** The functions that it calls besides those that only give rows. */
  readonly functions: readonly string[];
}

/** Functions in FROM that always give the same rows for the same arguments. */
const ROW_FUNCTIONS = new Set(['unnest', 'generate_series']);
/** More values than these are not asked for one by one. */
const MOST_VALUES = 10_000;

/** The values of a column of a temporary table, of `unnest(…)` or `generate_series(…)`, or of VALUES; null: of something else. */
export function ownValues(node: PlanNode, column: string, names: SubqueryNames): OwnValues | null {
  if (node['Relation Name'] !== undefined) {
    if (!/^pg_temp/.test(node.Schema ?? '')) return null;
    const table = `${quoteIdentifier(node.Schema!)}.${quoteIdentifier(node['Relation Name'])}`;
    return { sql: `SELECT ${quoteIdentifier(column)} FROM ${table}`, functions: [] };
  }
  const call = node['Function Call'];
  if (call !== undefined) return names.hasOrdinality ? null : rowFunction(call);
  const texts = node['Node Type'] === 'Values Scan' ? names.valuesOf(Number(/^column(\d+)$/.exec(column)?.[1])) : null;
  return texts === null ? null : { sql: texts.map((text) => `SELECT ${text}`).join(' UNION ALL '), functions: [] };
}

function rowFunction(text: string): OwnValues | null {
  // EXPLAIN lists the functions of ROWS FROM with commas between them.
  const list = parseExpression(`tidegate_list(${text})`)?.FuncCall as Node | undefined;
  const [first, ...others] = (list?.args as Node[] | undefined) ?? [];
  const call = others.length > 0 ? undefined : (first?.FuncCall as Node | undefined);
  const name = stringList(call?.funcname).join('.');
  if (call === undefined || !ROW_FUNCTIONS.has(name)) return null;
  const args = (call.args as Node[] | undefined) ?? [];
  const functions = args.map(functionsOf);
  if (functions.includes(null) || (name === 'unnest' && args.length > 1)) return null;
  // The inner SELECT fails where a row has several columns.
  return { sql: `SELECT (SELECT f.*) FROM ${text} AS f`, functions: functions.flatMap((names) => names!) };
}

/** Asks for the values of several; each as an array constant, null where it has none or too many. */
export async function evaluateOwn(
  wanted: readonly (readonly OwnValues[])[],
  evaluate: Evaluate,
): Promise<(Constant | null)[]> {
  const answers = await evaluate(
    wanted.map((parts) => {
      const rows = parts.map(({ sql }) => `(${sql})`).join(' UNION ALL ');
      const sql = `ARRAY(SELECT DISTINCT v FROM (${rows}) AS t (v) WHERE v IS NOT NULL LIMIT ${MOST_VALUES + 1})`;
      return { sql, functions: parts.flatMap(({ functions }) => functions), castTo: '' };
    }),
  );
  return answers.map((answer) =>
    answer?.typeName.startsWith('_') === true ? { text: answer.text, typeName: `${answer.typeName.slice(1)}[]` } : null,
  );
}

/** Whether there are so few values that they can be asked for. */
export function areFew(values: readonly string[]): boolean {
  return values.length <= MOST_VALUES;
}
