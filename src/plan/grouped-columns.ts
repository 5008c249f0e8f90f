import type { Node } from './syntax.js';
import { stringList } from './syntax.js';

/** Aggregates that queries are made of; a column in the argument of any other function counts as used outside of one. */
const AGGREGATES = new Set(
  `any_value array_agg avg bit_and bit_or bool_and bool_or count every json_agg json_object_agg jsonb_agg jsonb_object_agg
  max min stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance`.split(/\s+/),
);

/** Parts of a query whose columns have to be grouped ones. */
const GROUPED_PARTS = ['targetList', 'havingClause', 'sortClause', 'distinctClause', 'windowClause'];

/**
 * Names of the columns that a query (a SelectStmt's fields) groups by, if it may use other columns besides, which PostgreSQL allows of
 * a table whose primary key is among them; `*` where it groups by something else than a column name. None: it does not.
 */
export function groupedColumns(select: Node): readonly string[] {
  const { groupClause, fromClause = [], targetList = [] } = select as Clauses;
  if (groupClause === undefined) return [];
  // Of a single table `x` and `t.x` are the same; of several they may be two.
  const isJoined = fromClause.length !== 1 || fromClause[0]!.JoinExpr !== undefined;
  const grouped: Grouped = { columns: new Set(), expressions: new Set(), isJoined };
  for (const item of groupClause) {
    const place = (item.A_Const as { ival?: { ival?: number } } | undefined)?.ival?.ival;
    const expression = (targetList[(place ?? 0) - 1]?.ResTarget?.val as Node | undefined) ?? item;
    if (expression.ColumnRef === undefined) grouped.expressions.add(shapeOf(expression));
    else grouped.columns.add(columnName(expression, isJoined));
  }
  // A name alone may be an output's and so stand for anything, or for a column that the output of its name is not.
  const bare = new Set(groupClause.filter(isBareName).map((item) => columnName(item)));
  const isAmbiguous = targetList.some(
    ({ ResTarget: output }) => bare.has(output?.name as string) && columnName(output!.val as Node) !== output!.name,
  );
  const usesOthers = GROUPED_PARTS.some((part) => usesOtherColumns(select[part], grouped));
  return isAmbiguous || usesOthers ? groupClause.map((item) => columnName(item)) : [];
}

interface Clauses {
  readonly groupClause?: readonly Node[];
  readonly fromClause?: readonly Node[];
  readonly targetList?: readonly { readonly ResTarget?: Node }[];
}

/** What a query groups by. */
interface Grouped {
  readonly columns: Set<string>;
  /** Expressions that are no columns. */
  readonly expressions: Set<string>;
  /** Whether columns are told apart by their qualifiers too. */
  readonly isJoined: boolean;
}

function usesOtherColumns(part: unknown, { columns, expressions, isJoined }: Grouped): boolean {
  // A stack of our own: expressions nest as deep as clients make them.
  const pending: unknown[] = [part];
  while (pending.length > 0) {
    const node = pending.pop();
    if (node === null || typeof node !== 'object') continue;
    if (Array.isArray(node)) {
      for (const item of node) pending.push(item);
      continue;
    }
    for (const [kind, value] of Object.entries(node as Node)) {
      if (kind === 'ColumnRef') {
        if (!columns.has(columnName(node as Node, isJoined))) return true;
      } else if (kind === 'FuncCall' && isAggregate(value as Node)) continue;
      else if (isExpression(kind) && expressions.size > 0 && expressions.has(shapeOf(node as Node))) continue;
      else pending.push(value);
    }
  }
  return false;
}

/** The last part of a column's name, or all of it; `*` for all columns, and for what is none. */
function columnName(node: Node, isWhole = false): string {
  const parts = stringList((node.ColumnRef as Node | undefined)?.fields ?? []);
  return isWhole ? parts.join('\0') : (parts.at(-1) ?? '*');
}

function isBareName(node: Node): boolean {
  return stringList((node.ColumnRef as Node | undefined)?.fields ?? []).length === 1;
}

function isAggregate({ funcname, over }: Node): boolean {
  return over === undefined && AGGREGATES.has(stringList(funcname).at(-1) ?? '');
}

/** Nodes that stand for their kind, unlike the fields of one. */
function isExpression(kind: string): boolean {
  return /^[A-Z]/.test(kind);
}

/** The same for two expressions that are written alike. */
function shapeOf(expression: Node): string {
  return JSON.stringify(expression, (key, value: unknown) => (key === 'location' ? undefined : value));
}
