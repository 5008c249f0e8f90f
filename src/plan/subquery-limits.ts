import type { OrderKey } from '../scan/scan.js';
import { type ParameterNumber, readClause } from './limit-window.js';
import type { SourceTop } from './statement-plan.js';
import { forEachNode, type Node, parseStatements, stringList, toSql } from './syntax.js';

/** A query of one table, and which of its rows it is content with. */
export interface ChosenRows {
  readonly top: SourceTop;
  /** The node that chooses them in the plan: right above the table's scan, or above the Sort on it. */
  readonly chosenBy: readonly string[];
}

/** Parts of a query with which the rows chosen are not the first ones of the table. */
const OTHER_PARTS = [
  'groupClause',
  'havingClause',
  'distinctClause',
  'windowClause',
  'valuesLists',
  'larg',
  'withClause',
];

/**
 * The queries of a statement that read one plan table and take its first rows in an order (`ORDER BY stars DESC LIMIT 3`,
 * `max(day)`), by the plan table's name. EXPLAIN does not say how many a Limit node lets through.
 * @param byteText the statement that was explained
 */
export function readChosenRows(byteText: string, parameterNumber: ParameterNumber): ReadonlyMap<string, ChosenRows> {
  const found = new Map<string, ChosenRows>();
  for (const { tree } of parseStatements(toSql(byteText)) ?? []) {
    forEachNode(tree, (kind, node) => {
      const table = kind === 'SelectStmt' ? onlyTable(node) : null;
      const chosen = table === null ? null : readSelect(node, table.alias, parameterNumber);
      if (table !== null && chosen !== null) found.set(table.name, chosen);
    });
  }
  return found;
}

function onlyTable(select: Node): { readonly name: string; readonly alias: string } | null {
  const [first, ...others] = (select.fromClause as Node[] | undefined) ?? [];
  const table = first?.RangeVar as Node | undefined;
  if (table === undefined || others.length > 0 || OTHER_PARTS.some((part) => select[part] !== undefined)) return null;
  const alias = table.alias as Node | undefined;
  const name = table.relname as string;
  // Under other names its columns could not be told.
  return alias?.colnames === undefined ? { name, alias: (alias?.aliasname as string | undefined) ?? name } : null;
}

function readSelect(select: Node, alias: string, parameterNumber: ParameterNumber): ChosenRows | null {
  const targets = ((select.targetList as Node[] | undefined) ?? []).map((target) => target.ResTarget as Node);
  const sort = ((select.sortClause as Node[] | undefined) ?? []).map((item) => item.SortBy as Node);
  if (select.limitCount === undefined) return sort.length === 0 ? readExtreme(targets, alias) : null;
  const clause = { count: select.limitCount as Node, offset: (select.limitOffset as Node | undefined) ?? null };
  const window = readClause({ ...clause, withTies: false }, parameterNumber);
  const orderBy = sort.map((item) => readKey(item, targets, alias));
  if (window === null || window.end === Number.POSITIVE_INFINITY || orderBy.length === 0 || orderBy.includes(null)) {
    return null;
  }
  return { top: { orderBy: orderBy as OrderKey[], rows: window.end }, chosenBy: ['Limit'] };
}

/** `SELECT max(day)`: the engine may compute it by a Limit over an index. */
function readExtreme(targets: readonly Node[], alias: string): ChosenRows | null {
  const [target, ...others] = targets;
  const call = (target?.val as Node | undefined)?.FuncCall as Node | undefined;
  const name = stringList(call?.funcname).join('.');
  const [argument, ...more] = (call?.args as Node[] | undefined) ?? [];
  const column = columnName(argument, alias);
  const isPlain = call?.agg_filter === undefined && call?.over === undefined && call?.agg_order === undefined;
  if ((name !== 'min' && name !== 'max') || column === null || !isPlain || others.length + more.length > 0) return null;
  const key: OrderKey = { column, isDescending: name === 'max', nullsFirst: false };
  return { top: { orderBy: [key], rows: 1 }, chosenBy: ['Limit', 'Aggregate'] };
}

/** A key of ORDER BY that is a column: by its name, by that of an output, or by an output's number. */
function readKey(item: Node, targets: readonly Node[], alias: string): OrderKey | null {
  if (item.useOp !== undefined) return null;
  const node = item.node as Node;
  const number = ((node.A_Const as Node | undefined)?.ival as { ival?: number } | undefined)?.ival;
  const name = columnName(node, alias);
  const isBare = stringList((node.ColumnRef as Node | undefined)?.fields).length === 1;
  const output = number === undefined ? targets.find((target) => isBare && target.name === name) : targets[number - 1];
  const column = output === undefined ? name : columnName(output.val as Node, alias);
  if (column === null) return null;
  const isDescending = item.sortby_dir === 'SORTBY_DESC';
  const nulls = item.sortby_nulls;
  return {
    column,
    isDescending,
    nullsFirst: nulls === 'SORTBY_NULLS_FIRST' || (nulls !== 'SORTBY_NULLS_LAST' && isDescending),
  };
}

/** A column of the table; a name with another table in front is one of a query around this. */
function columnName(node: Node | undefined, alias: string): string | null {
  const fields = stringList((node?.ColumnRef as Node | undefined)?.fields);
  if (fields.includes('*') || (fields.length !== 1 && (fields.length !== 2 || fields[0] !== alias))) return null;
  return fields.at(-1)!;
}
