import type { TableModel } from '../config/model.js';
import type { PushedFilter } from '../scan/scan.js';
import type { Condition } from './condition.js';
import { declaredFilters } from './request-cost.js';

/** For each column whose condition did not become part of the request: why, for EXPLAIN. */
export function whyNotPushed(
  table: TableModel,
  conditions: readonly Condition[],
  pushed: readonly PushedFilter[],
): string[] {
  const reasons = conditions.flatMap((condition) => {
    if (condition.type === 'other') return 'a condition is of no form that an API could take';
    const { column } = condition;
    if (pushed.some((filter) => filter.column === column)) return [];
    return `${column}: ${reasonOf(table, condition)}`;
  });
  return [...new Set(reasons)];
}

function reasonOf(table: TableModel, condition: Exclude<Condition, { type: 'other' }>): string {
  const filter = declaredFilters(table).find(({ column }) => column === condition.column);
  if (filter === undefined) return 'the DSN declares no filter on it';
  const operator = operatorOf(condition);
  if (!filter.operators.some((known) => known === operator)) {
    return `its filter takes ${filter.operators.join(', ')}, not ${operator}`;
  }
  if (condition.type === 'unevaluated' || condition.type === 'period')
    return 'its value is only known while the statement runs';
  if (condition.cast !== null) return `it is compared as ${condition.cast}, which is not its own type`;
  return 'the value cannot be told the API as it would compare it';
}

function operatorOf(condition: Exclude<Condition, { type: 'other' }>): string {
  switch (condition.type) {
    case 'compare':
    case 'like':
      return condition.operator;
    case 'unevaluated':
    case 'period':
      return condition.operator === 'any' ? 'in' : condition.operator;
    case 'in':
      return 'in';
    case 'null':
      return condition.isNull ? 'is_null' : 'is_not_null';
    case 'boolean':
      return '=';
  }
}
