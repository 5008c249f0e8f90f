import type { ColumnModel, FilterModel, FilterOperator, TableModel } from '../config/model.js';
import { errors, type GatewayError } from '../core/errors.js';
import type { PushedFilter } from '../scan/scan.js';
import { readCastFilter } from './cast-filters.js';
import type { Condition } from './condition.js';
import type { OutputSettings } from './constants.js';
import { canonicalConstant, conditionColumn } from './constants.js';
import { declaredFilters, isWorthAsking, takesValues } from './request-cost.js';
import { valuesInRange } from './small-ranges.js';

/**
 * Chooses the conditions that the DSN says the API can filter by. The engine re-checks every condition, so each choice
 * may only ever let more rows through than the condition does: `>` may be sent as `>=`.
 */
export function pushDownFilters(
  table: TableModel,
  conditions: readonly Condition[],
  settings: OutputSettings,
): PushedFilter[] {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const candidates = conditions.flatMap((condition) => readFilter(condition, columns, settings) ?? []);
  return declaredFilters(table).flatMap((filter) => {
    const own = candidates.filter((candidate) => candidate.column === filter.column);
    const usable = own.flatMap((candidate) => adaptOperator(candidate, filter, table) ?? []);
    if (filter.required && usable.length === 0 && takesValues(filter)) {
      const values = valuesInRange(columns.get(filter.column)!, own);
      return values === null ? [] : [adaptOperator(values, filter, table)!];
    }
    return canSendSeveral(filter) ? usable : usable.slice(0, 1);
  });
}

/** The columns that the API needs a filter on and that have none yet. */
export function missingFilters(table: TableModel, pushed: readonly PushedFilter[]): string[] {
  return table.filters
    .filter((filter) => filter.required && !pushed.some((item) => item.column === filter.column))
    .map((filter) => filter.column);
}

/** HV00L: the API needs a filter that the statement does not give. */
export function filterRequired(table: TableModel, column: string): GatewayError {
  return errors.filterRequired(`virtual table "${table.dsn}.${table.name}" needs a filter on column "${column}"`, {
    detail: `Its API cannot be asked without a value for "${column}".`,
    hint: `Add a condition such as WHERE ${column} = ${exampleValue(columnOf(table, column))}, or join it with a table that has the values.`,
  });
}

/** Only where the operator is part of what is sent can one parameter carry two conditions. */
function canSendSeveral(filter: FilterModel): boolean {
  const { template } = filter;
  return typeof template === 'string' ? template.includes('{operator}') : template !== null;
}

function columnOf(table: TableModel, name: string): ColumnModel | undefined {
  return table.columns.find((column) => column.name === name);
}

function exampleValue(column: ColumnModel | undefined): string {
  switch (column?.type.scalar) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
      return '42';
    case 'date':
      return "'2026-01-31'";
    default:
      return "'…'";
  }
}

/** The condition as a filter, whether or not the API takes it. */
function readFilter(
  condition: Condition,
  columns: ReadonlyMap<string, ColumnModel>,
  settings: OutputSettings,
): PushedFilter | null {
  if (condition.type === 'other' || condition.type === 'unevaluated' || condition.type === 'period') return null;
  const column = conditionColumn(condition, columns);
  if (column === null) return readCastFilter(condition, columns, settings);
  const { name } = column;
  switch (condition.type) {
    case 'null':
      return { column: name, operator: condition.isNull ? 'is_null' : 'is_not_null', values: [] };
    case 'boolean':
      return { column: name, operator: '=', values: [condition.value ? 't' : 'f'] };
    case 'like':
      return { column: name, operator: condition.operator, values: [condition.value.text] };
    case 'compare': {
      const value = canonicalConstant(column, condition.value, settings);
      return value === null ? null : { column: name, operator: condition.operator, values: [value] };
    }
    case 'in': {
      const constants = condition.values.map((text) => ({ text, typeName: condition.typeName }));
      const values = constants.map((constant) => canonicalConstant(column, constant, settings));
      return values.includes(null) ? null : { column: name, operator: 'in', values: values as string[] };
    }
  }
}

/** The filter with an operator that the declaration has and that lets no fewer rows through. */
function adaptOperator(filter: PushedFilter, declared: FilterModel, table: TableModel): PushedFilter | null {
  const takes = (operator: FilterOperator): boolean => declared.operators.includes(operator);
  if (takes(filter.operator)) return filter;
  if (filter.operator === '=' && takes('in')) return { ...filter, operator: 'in' };
  // A list becomes one request per value.
  if (filter.operator === 'in' && takes('=')) {
    const { length } = filter.values;
    return declared.required || length <= 1 || isWorthAsking(table, declared, length) ? filter : null;
  }
  if (filter.operator === '>' && takes('>=')) return { ...filter, operator: '>=' };
  if (filter.operator === '<' && takes('<=')) return { ...filter, operator: '<=' };
  return null;
}

/** A pushed filter as EXPLAIN shows it. */
export function filterText(filter: PushedFilter): string {
  if (filter.operator === 'is_null') return `${filter.column} IS NULL`;
  if (filter.operator === 'is_not_null') return `${filter.column} IS NOT NULL`;
  const values = filter.values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ');
  return filter.operator === 'in'
    ? `${filter.column} IN (${values})`
    : `${filter.column} ${filter.operator.toUpperCase()} ${values}`;
}
