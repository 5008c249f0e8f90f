import type { InferenceModel, TableModel } from '../../config/model.js';
import { errors } from '../../core/errors.js';
import type { Sample } from '../sample/sampler.js';
import { type InferredColumn, inferColumns } from './infer-columns.js';
import { inferType } from './infer-type.js';
import { linkedPagination } from './linked-pagination.js';
import { readSample } from './read-sample.js';

/** What a sample adds to a table's declaration, in the DSN format. Throws HV000 for a sample that shows no columns. */
export function inferTable(table: TableModel, inference: InferenceModel, sample: Sample): Record<string, unknown> {
  const read = readSample(sample, table.driver, inference.findsRecords ? null : table.records);
  if (read.records.length === 0) {
    throw errors.apiError(`the sample of table "${table.dsn}.${table.name}" has no records`, {
      detail: sample.name,
      hint: 'Declare "columns", or give "sample" values of filters that find records.',
    });
  }
  const columns: Record<string, unknown> = { ...inferColumns(read.records, table.driver.type) };
  for (const [name, column] of filterColumns(table, inference, columns)) columns[name] = column;
  const pagination = inference.findsPagination && table.source.type === 'http' ? linkedPagination(sample, read) : null;
  return {
    ...(inference.findsRecords && read.selector !== null && table.driver.type !== 'csv'
      ? { records: read.selector }
      : {}),
    ...(pagination === null ? {} : { pagination }),
    columns,
  };
}

/** Filters on what records do not hold, such as the id in the path, make columns of their own. */
function filterColumns(
  table: TableModel,
  inference: InferenceModel,
  columns: Readonly<Record<string, unknown>>,
): [string, InferredColumn | { readonly type: string; readonly from: 'filter' }][] {
  return [...new Set(table.filters.map((filter) => filter.column))].flatMap((name) => {
    const isEquality = table.filters.some(
      ({ column, operators }) => column === name && operators.some((operator) => operator === '=' || operator === 'in'),
    );
    if (Object.hasOwn(columns, name) || !isEquality) return [];
    const value = inference.values.get(name);
    return [[name, { type: inferType(value === undefined ? [] : [value], 'any'), from: 'filter' as const }]];
  });
}
