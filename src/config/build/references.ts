import type { ColumnModel, DsnModel, TableModel } from '../model.js';
import { didYouMean } from '../nearest.js';
import type { ProblemList } from '../problem.js';
import type { SourceTree } from '../source-tree.js';
import { unknownColumn } from './columns.js';
import { dsnName } from './dsn-name.js';

const REFERENCE = /^(?:([^.()]+)\.)?([^.()]+)\(\s*([^()]+?)\s*\)$/;

/** The names that all files declare, also those of tables that are otherwise invalid. */
export interface DeclaredNames {
  readonly trees: readonly SourceTree[];
  /** False when a file could not be read at all: what it declares is unknown, so nothing is called missing. */
  readonly isComplete: boolean;
}

/** Fills in the columns' `references`, now that all files are known. */
export function resolveReferences(
  dsn: DsnModel,
  tree: SourceTree,
  names: DeclaredNames,
  problems: ProblemList,
): DsnModel {
  return {
    ...dsn,
    tables: dsn.tables.map((table) => ({
      ...table,
      columns: table.columns.map((column) => resolveColumn(column, table)),
    })),
  };

  function resolveColumn(column: ColumnModel, table: TableModel): ColumnModel {
    const path = ['tables', table.name, 'columns', column.name, 'references'];
    const node = tree.node(path);
    if (typeof node?.value !== 'string' || node.interpolation !== 'none') return column;
    const match = REFERENCE.exec(node.value.trim());
    if (match === null) {
      const message = `"references" of column "${column.name}" is not a table and a column`;
      problems.add(node.at, message, 'Write dsn.table(column), or table(column) within the DSN.');
      return column;
    }
    const target = { dsn: match[1] ?? dsn.name, table: match[2]!, column: match[3]! };
    const message = findMissing(target, names);
    if (message !== null) problems.add(node.at, `"references" of column "${column.name}" names ${message}`);
    return { ...column, references: target };
  }
}

function findMissing(
  target: { readonly dsn: string; readonly table: string; readonly column: string },
  { trees, isComplete }: DeclaredNames,
): string | null {
  const holders = trees.filter((tree) => dsnName(tree) === target.dsn);
  if (holders.length === 0) {
    return isComplete ? `an unknown DSN "${target.dsn}"${didYouMean(target.dsn, trees.map(dsnName))}` : null;
  }
  const holder = holders.find((tree) => tree.keys(['tables']).includes(target.table));
  if (holder === undefined) {
    const known = holders.flatMap((tree) => tree.keys(['tables']));
    return `an unknown table "${target.table}" of DSN "${target.dsn}"${didYouMean(target.table, known)}`;
  }
  const columns = holder.keys(['tables', target.table, 'columns']);
  // While a sample is missing nobody knows the columns that it would tell.
  const isOpen = columns.length === 0 || holder.node(['tables', target.table, 'infer'])?.value === true;
  return columns.includes(target.column) || isOpen ? null : unknownColumn(target.column, columns, target.table);
}
