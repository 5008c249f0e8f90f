import type { ColumnModel, TableModel } from '../config/model.js';
import type { Enough, OrderKey, PushedFilter, ScanSpec } from '../scan/scan.js';
import type { Condition } from './condition.js';
import { plainColumn } from './conditions.js';
import type { OutputSettings } from './constants.js';
import type { RowWindow } from './limit-window.js';
import type { PlanNode } from './plan-tree.js';
import { compilePredicate } from './predicate.js';

/** A statement that is `[LIMIT of] [sorted] rows of one scan`: which of them it takes. */
export interface RowNeeds {
  readonly window: RowWindow;
  /** As EXPLAIN prints the keys; empty: in any order. */
  readonly sortKeys: readonly string[];
}

/** A larger LIMIT is no reason to have the API sort, and to check its order row by row. */
const MOST_SORTED_ROWS = 10_000;

/** The keys of a Sort node, and the scan below it; null: no such node. */
export function readSort(node: PlanNode): { readonly keys: readonly string[]; readonly input: PlanNode } | null {
  const [input] = node.Plans ?? [];
  if (node['Node Type'] !== 'Sort' || input === undefined || node.Plans!.length !== 1) return null;
  return { keys: node['Sort Key'] ?? [], input };
}

/**
 * When the scan has enough rows; undefined: only when it has them all.
 * @param conditions everything that the statement asks of the rows
 * @param pushed what of it the API is asked for
 */
export function enoughRows(
  spec: ScanSpec,
  needs: RowNeeds,
  conditions: readonly Condition[],
  pushed: readonly PushedFilter[],
  alias: string,
  settings: OutputSettings,
): Enough | undefined {
  const { end } = needs.window;
  const { table } = spec;
  if (end === Number.POSITIVE_INFINITY || end === 0) return undefined;
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const counts = compilePredicate(conditions, columns, (name) => spec.columns.indexOf(name), settings);
  if (counts === null) return undefined;
  const order = needs.sortKeys.length === 0 ? [] : pushedOrder(needs.sortKeys, table, columns, conditions, alias);
  if (needs.sortKeys.length > 0 && (order.length === 0 || end > MOST_SORTED_ROWS)) return undefined;
  return {
    rows: end,
    counts: conditions.length === 0 ? null : counts,
    order,
    withTies: order.length < needs.sortKeys.length,
    sizesPages: areAllPushed(table, conditions, pushed),
  };
}

/** The first of the keys, as many of them as the API sorts by in the way that SQL does. */
function pushedOrder(
  sortKeys: readonly string[],
  table: TableModel,
  columns: ReadonlyMap<string, ColumnModel>,
  conditions: readonly Condition[],
  alias: string,
): OrderKey[] {
  const { orderBy } = table;
  if (orderBy === null) return [];
  const keys: OrderKey[] = [];
  for (const text of sortKeys.slice(0, orderBy.separator === null ? 1 : undefined)) {
    const key = readKey(text, alias);
    const column = key === null ? undefined : columns.get(key.column);
    if (key === null || column === undefined || !sortsAlike(key, column, table, conditions)) break;
    keys.push(key);
  }
  return keys;
}

/** `o.created_at DESC NULLS LAST` */
function readKey(text: string, alias: string): OrderKey | null {
  const match = /^(.*?)( DESC)?(?: NULLS (FIRST|LAST))?$/s.exec(text);
  const column = plainColumn(match?.[1] ?? '', alias);
  if (match === null || column === null) return null;
  const isDescending = match[2] !== undefined;
  return { column, isDescending, nullsFirst: match[3] === undefined ? isDescending : match[3] === 'FIRST' };
}

function sortsAlike(key: OrderKey, column: ColumnModel, table: TableModel, conditions: readonly Condition[]): boolean {
  const { columns, descending, nulls, sortsByCodePoint } = table.orderBy!;
  if (!columns.includes(column.name) || (key.isDescending && descending === null)) return false;
  const { scalar } = column.type;
  if ((scalar === 'text' || scalar === 'varchar') && !sortsByCodePoint) return false;
  const hasNulls = !column.notNull && !table.primaryKey.includes(column.name) && !conditions.some(excludesNull);
  if (!hasNulls) return true;
  const first: Readonly<Record<string, boolean>> = {
    first: true,
    last: false,
    low: !key.isDescending,
    high: key.isDescending,
  };
  return nulls !== null && first[nulls] === key.nullsFirst;

  function excludesNull(condition: Condition): boolean {
    if (condition.type === 'other' || condition.column !== column.name) return false;
    return condition.type !== 'null' || !condition.isNull;
  }
}

/** Whether the API is asked for every condition, and says that its filters are exactly those of SQL. */
export function areAllPushed(
  table: TableModel,
  conditions: readonly Condition[],
  pushed: readonly PushedFilter[],
): boolean {
  return conditions.every((condition) => {
    if (condition.type === 'other' || condition.type === 'unevaluated' || condition.type === 'period') return false;
    const operator = condition.type === 'compare' || condition.type === 'like' ? condition.operator : null;
    return pushed.some(
      (filter) =>
        filter.column === condition.column &&
        (operator === null || filter.operator === operator || (operator === '=' && filter.operator === 'in')) &&
        table.filters.some((declared) => declared.column === filter.column && declared.exact),
    );
  });
}
