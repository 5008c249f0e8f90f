import { isQueryPath } from '../../drivers/json/query-path.js';
import { createReader } from '../../drivers/registry.js';
import type { ColumnModel, PaginationModel, TableModel } from '../config/model.js';
import type { TableCheck, TableProblem } from '../config/table-check.js';
import { GatewayError } from '../core/errors.js';

/** A field outside the records that the paginator will ask for, with its place in the declaration. */
interface Capture {
  readonly path: TableProblem['path'];
  readonly field: string;
}

/**
 * Makes the readers that a table's scans would make, and tells what they refuse: a path that cannot be read or leads nowhere. So
 * it is known when the file is read, with its line, and not after a request.
 */
export const findTableProblems: TableCheck = (table) => {
  const problems = problemsOf(table, table.source.type === 'http' ? capturesOf(table.source.pagination) : []);
  if (table.lookup === null || problems.length > 0) return problems;
  const { source, records } = table.lookup;
  return problemsOf({ ...table, source, records, lookup: null }, []).map((problem) => ({
    ...problem,
    path: ['lookup', 'records'],
  }));
};

function problemsOf(table: TableModel, captures: readonly Capture[]): readonly TableProblem[] {
  const { columns } = table;
  const attempt = (some: readonly ColumnModel[], fields: readonly Capture[]): TableProblem | null => {
    try {
      createReader({ table, columns: some, captures: fields.map(({ field }) => field) });
      return null;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { path: [], message: error.message, hint: error.hint };
    }
  };
  // Statements that take none of the columns with query paths have another reader, which must do as well.
  const plain = table.driver.type === 'json' ? columns.filter(({ field }) => !isQueryPath(field)) : columns;
  const whole = attempt(plain, captures) ?? (plain.length < columns.length ? attempt(columns, captures) : null);
  if (whole === null) return [];

  const records = attempt([], []);
  if (records !== null) return [{ ...records, path: ['records'] }];
  const parts = [
    ...columns.map((column) => ({ path: ['columns', column.name, 'field'], problem: attempt([column], []) })),
    ...captures.map((capture) => ({ path: capture.path, problem: attempt([], [capture]) })),
  ];
  const found = parts.flatMap(({ path, problem }) => (problem === null ? [] : [{ ...problem, path }]));
  return found.length > 0 ? found : [whole];
}

function capturesOf(pagination: PaginationModel): readonly Capture[] {
  if (pagination.type === 'none') return [];
  const own = 'field' in pagination && pagination.field !== null ? pagination.field : null;
  return [
    ...(own === null ? [] : [{ path: ['pagination', 'field'], field: own }]),
    ...pagination.stop.flatMap((condition, index) =>
      'field' in condition ? [{ path: ['pagination', 'stop', index, condition.type], field: condition.field }] : [],
    ),
  ];
}
