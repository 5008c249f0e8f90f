import { PLAIN_VALUES } from '../core/coerce/coercer.js';
import { parseSqlType, type SqlType } from '../core/sql-type.js';
import type { ColumnModel, FilterModel, TableModel } from './model.js';

/**
 * A column with nothing declared but its type, and what is `given`: for tables that no DSN file declares. `type`: as DSN
 * files write it, or parsed; an unknown one throws.
 */
export function plainColumn(name: string, type: string | SqlType, given: Partial<ColumnModel> = {}): ColumnModel {
  const parsed = typeof type === 'string' ? parseSqlType(type) : type;
  if (parsed === null) throw new Error(`no type: ${String(type)}`);
  return {
    name,
    type: parsed,
    description: null,
    from: 'record',
    field: name,
    apiName: null,
    include: null,
    ...PLAIN_VALUES,
    defaultValue: null,
    notNull: false,
    references: null,
    ...given,
  };
}

/** A filter with `=` in the query parameter of the column's name, and what is `given`. */
export function plainFilter(column: string, given: Partial<FilterModel> = {}): FilterModel {
  return {
    column,
    operators: ['='],
    required: false,
    exact: true,
    place: 'query',
    parameter: column,
    format: null,
    template: null,
    values: null,
    separator: null,
    batch: null,
    max: null,
    ...given,
  };
}

/** A table of a JSON file without a place, with nothing declared, and what is `given`. */
export function plainTable(dsn: string, name: string, given: Partial<TableModel> = {}): TableModel {
  return {
    dsn,
    name,
    description: null,
    location: { file: `${dsn}.yaml`, line: 1, column: 1 },
    driver: { type: 'json', format: 'auto', encoding: null },
    source: { type: 'files', patterns: [], compression: { type: 'auto', entry: null }, baseDir: '/', allowPaths: [] },
    records: null,
    recordsMissing: 'error',
    columns: [],
    primaryKey: [],
    filters: [],
    filterSeparator: ' and ',
    limit: null,
    orderBy: null,
    select: null,
    include: null,
    count: null,
    rows: null,
    lookup: null,
    cache: null,
    ...given,
  };
}
