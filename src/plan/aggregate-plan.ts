import type { ColumnModel } from '../config/model.js';
import type { AggregateItem, Aggregation } from '../core/aggregate/aggregator.js';
import { hasCellOrder, hasUniqueText } from '../core/compare/comparator.js';
import type { ScalarName, SqlType } from '../core/sql-type.js';
import { conditionColumn } from './constants.js';
import { cachedExpression, columnUse } from './expression-nodes.js';
import type { RowWindow } from './limit-window.js';
import type { PlanNode } from './plan-tree.js';
import type { StreamOutput } from './stream-output.js';
import { type Node, stringList } from './syntax.js';

/** What a plan's Aggregate node computes, in terms of columns; `cellOf` is not known yet. */
export interface ReadAggregate {
  readonly columns: readonly string[];
  readonly bind: (cellOf: (column: string) => number) => { aggregation: Aggregation; outputs: StreamOutput[] };
}

/** Aggregates that the gateway computes itself from a stream of rows. */
export interface AggregatePlan extends Aggregation {
  /** The aggregation's outputs as the client gets them. */
  readonly outputs: readonly StreamOutput[];
  readonly window: RowWindow;
}

const INTEGERS: ReadonlySet<ScalarName> = new Set(['smallint', 'integer', 'bigint']);

/**
 * Reads an Aggregate node without HAVING, DISTINCT, FILTER or ORDER BY over plain columns: count, sum and avg of integers and
 * numerics, min and max of what sorts by canonical text.
 * @param input the node that it reads from is a single scan of the table `alias`
 * @returns null for anything else
 */
export function readAggregate(
  node: PlanNode,
  alias: string,
  columns: ReadonlyMap<string, ColumnModel>,
): ReadAggregate | null {
  const { Strategy: strategy, 'Partial Mode': mode, 'Group Key': keys = [], Filter: having } = node;
  if (node['Node Type'] !== 'Aggregate' || mode !== 'Simple' || having !== undefined) return null;
  if (strategy !== 'Plain' && strategy !== 'Hashed') return null;
  const groupColumns = keys.map((key) => readKey(key, alias, columns));
  const items = (node.Output ?? []).map((text) => readItem(text, alias, columns));
  if (groupColumns.includes(null) || items.includes(null)) return null;
  const known = items as Item[];
  if (known.some((item) => item.kind === 'key' && !groupColumns.includes(item.column!))) return null;
  const names = [...(groupColumns as string[]), ...known.flatMap(({ column }) => column ?? [])];
  return {
    columns: [...new Set(names)],
    bind: (cellOf) => ({
      aggregation: {
        items: known.map((item) => bindItem(item, cellOf)),
        groupCells: strategy === 'Plain' ? null : (groupColumns as string[]).map(cellOf),
      },
      outputs: known.map(({ as }, cell) => ({ type: 'cell', cell, as })),
    }),
  };
}

/** An output: what is computed, of which column, and the type of the result. */
interface Item {
  readonly kind: AggregateItem['kind'];
  readonly column: string | null;
  readonly as: SqlType;
}

function bindItem({ kind, column, as }: Item, cellOf: (column: string) => number): AggregateItem {
  if (kind === 'count_rows') return { kind };
  const cell = cellOf(column!);
  return kind === 'min' || kind === 'max' ? { kind, cell, type: as } : { kind, cell };
}

/** A column whose values are equal when their texts are. */
function readKey(text: string, alias: string, columns: ReadonlyMap<string, ColumnModel>): string | null {
  const use = columnUse(cachedExpression(text), alias);
  const column = use === null || use.cast !== null ? undefined : columns.get(use.column);
  return column !== undefined && hasUniqueText(column.type) ? column.name : null;
}

function readItem(text: string, alias: string, columns: ReadonlyMap<string, ColumnModel>): Item | null {
  const tree = cachedExpression(text);
  const call = tree?.FuncCall as Node | undefined;
  if (call === undefined) {
    const name = readKey(text, alias, columns);
    return name === null ? null : { kind: 'key', column: name, as: columns.get(name)!.type };
  }
  const [name, ...qualified] = stringList(call.funcname);
  const isPlain = ['agg_distinct', 'agg_filter', 'agg_order', 'agg_within_group', 'over', 'func_variadic'].every(
    (key) => call[key] === undefined || call[key] === false,
  );
  if (qualified.length > 0 || !isPlain) return null;
  if (name === 'count' && call.agg_star === true) return { kind: 'count_rows', column: null, as: plain('bigint') };
  const [argument, ...others] = (call.args ?? []) as Node[];
  const use = others.length > 0 ? null : columnUse(argument, alias);
  if (use === null) return null;
  if (name === 'count') {
    const counted = use.cast === null ? columns.get(use.column) : undefined;
    return counted === undefined ? null : { kind: 'count', column: counted.name, as: plain('bigint') };
  }
  const column = conditionColumn(use, columns);
  return column === null ? null : readFold(name ?? '', column, use.cast);
}

function readFold(name: string, column: ColumnModel, cast: string | null): Item | null {
  const { scalar } = column.type;
  const isInteger = INTEGERS.has(scalar);
  if (name === 'min' || name === 'max') {
    // A cast integer has another type, which the output would have to be told.
    if (cast !== null && isInteger) return null;
    const as = plain(scalar === 'varchar' ? 'text' : scalar);
    return scalar !== 'boolean' && scalar !== 'uuid' && hasCellOrder(as)
      ? { kind: name, column: column.name, as }
      : null;
  }
  if ((name !== 'sum' && name !== 'avg') || cast !== null || !(isInteger || scalar === 'numeric')) return null;
  const isSmall = scalar === 'smallint' || scalar === 'integer';
  return { kind: name, column: column.name, as: plain(name === 'sum' && isSmall ? 'bigint' : 'numeric') };
}

function plain(scalar: ScalarName): SqlType {
  return { scalar, isArray: false, maxLength: null, precision: null, scale: null };
}
