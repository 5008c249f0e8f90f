import type { CompletedPart } from '../complete-tree.js';
import type { AllowedFolders } from '../contained-path.js';
import type { ProblemList } from '../problem.js';
import type { DsnInput, OverridableKey, TableInput } from '../schema/dsn.js';
import type { SourcePath, SourceTree } from '../source-tree.js';
import type { TableCheck } from '../table-check.js';

/** What building the model of one file needs. */
export interface BuildContext {
  readonly tree: SourceTree;
  readonly problems: ProblemList;
  readonly folders: AllowedFolders;
  /** Parts that are invalid and were left out. */
  readonly pruned: readonly SourcePath[];
  /** What the file leaves to its source, by table. */
  readonly parts: ReadonlyMap<string, CompletedPart>;
  /** What the readers of a table's pages think of it. */
  readonly checkTable: TableCheck;
}

/** A value with the place it was taken from, which is the DSN's where the table says nothing. */
export interface Placed<T> {
  readonly value: T;
  readonly path: SourcePath;
}

/** One table's keys folded with those of its DSN. */
export class TableSettings {
  readonly path: SourcePath;

  constructor(
    readonly name: string,
    readonly dsn: DsnInput,
    readonly table: TableInput,
  ) {
    this.path = ['tables', name];
  }

  /** The table's own value, else the DSN's, else null. */
  get<K extends OverridableKey>(key: K): Placed<NonNullable<TableInput[K]>> | null {
    const own = this.table[key];
    if (own !== undefined) return { value: own as NonNullable<TableInput[K]>, path: [...this.path, key] };
    const inherited = this.dsn[key];
    return inherited === undefined ? null : { value: inherited as NonNullable<TableInput[K]>, path: [key] };
  }

  /** The value of `get`, or a default. */
  value<K extends OverridableKey>(key: K, fallback: NonNullable<TableInput[K]>): NonNullable<TableInput[K]> {
    return this.get(key)?.value ?? fallback;
  }
}

/** Whether all of a table's columns are known: not while its sample is missing, nor where they could not be read. */
export function knowsColumns({ parts, tree }: BuildContext, table: string): boolean {
  const open = parts.get(table);
  return (
    (open === undefined || open.completion?.keys !== undefined) && tree.keys(['tables', table, 'columns']).length > 0
  );
}

/** Whether part of a value was left out, or the value itself. */
export function isDamaged(context: BuildContext, path: SourcePath): boolean {
  return context.pruned.some((pruned) => {
    const length = Math.min(pruned.length, path.length);
    return pruned.slice(0, length).every((step, index) => String(step) === String(path[index]));
  });
}

/** A map's own entry: users may call a column `constructor`. */
export function ownValue<T>(map: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}
