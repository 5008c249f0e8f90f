import type { ScanSpec } from '../scan/scan.js';
import type { StatementTemplate } from './template.js';

/** A statement that groups by a primary key may put out other columns of the table, but only if it has that key. */
export function groupsByKey({ groupColumns }: StatementTemplate, spec: ScanSpec): boolean {
  const { primaryKey } = spec.table;
  if (primaryKey.length === 0 || !primaryKey.every((column) => spec.columns.includes(column))) return false;
  // A name that is no column of this table may be an output's alias, and so stand for any column.
  const isColumn = (name: string): boolean => spec.table.columns.some((column) => column.name === name);
  const mayBeAny = [...groupColumns].some((name) => !isColumn(name));
  return mayBeAny || primaryKey.every((column) => groupColumns.has(column));
}
