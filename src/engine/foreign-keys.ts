import type pg from 'pg';
import type { DsnModel, TableModel } from '../config/model.js';
import { errors, type GatewayError } from '../core/errors.js';
import type { SCALAR_TYPES } from '../core/sql-type.js';
import type { CatalogueState } from './catalogue-state.js';
import { fingerprint, quoteIdentifier, quoteName } from './names.js';
import { key } from './relations.js';
import { keyColumns } from './table-ddl.js';

/** A foreign key that the engine can have. */
interface ForeignKey {
  readonly table: TableModel;
  readonly target: TableModel;
  /** The constraint's name. */
  readonly name: string;
  readonly ddl: string;
}

/**
 * The foreign keys that `references` declares. PostgreSQL wants the target column to be exactly its table's primary key,
 * and of a comparable type; any other is left out, with a problem that says so.
 */
function foreignKeys(dsns: readonly DsnModel[]): {
  keys: readonly ForeignKey[];
  problems: readonly GatewayError[];
} {
  const tables = new Map(
    dsns.flatMap((dsn) => dsn.tables.map((table) => [`${table.dsn}.${table.name}`, table] as const)),
  );
  const keys: ForeignKey[] = [];
  const problems: GatewayError[] = [];
  for (const table of tables.values()) {
    for (const column of table.columns) {
      if (column.references === null) continue;
      const { dsn, table: targetName, column: targetColumn } = column.references;
      const target = tables.get(`${dsn}.${targetName}`);
      const reason = refusal(column.type, target, targetColumn);
      if (reason !== null || target === undefined) {
        const place = `${table.location.file}:${table.location.line}:${table.location.column}`;
        problems.push(
          errors.configuration(
            `column "${column.name}" of table "${table.dsn}.${table.name}" gets no foreign key: ${reason}`,
            {
              detail: place,
              hint: `Let "references" name the only primary key column of a table, with a type like its own.`,
            },
          ),
        );
        continue;
      }
      const digest = fingerprint([table.name, column.name]).slice(0, 8);
      const name = `${`${table.name}_${column.name}`.slice(0, 20)}_${digest}_fkey`;
      const ddl =
        `ALTER TABLE ${quoteName(table.dsn, table.name)} ADD CONSTRAINT ${quoteIdentifier(name)} ` +
        `FOREIGN KEY (${quoteIdentifier(column.name)}) REFERENCES ${quoteName(dsn, targetName)} (${quoteIdentifier(targetColumn)})`;
      keys.push({ table, target, name, ddl });
    }
  }
  return { keys, problems };
}

/** Types whose values PostgreSQL compares without a cast, so that a foreign key between them is allowed. */
const FAMILIES: Readonly<Record<string, string>> = {
  smallint: 'number',
  integer: 'number',
  bigint: 'number',
  text: 'text',
  varchar: 'text',
};

function refusal(
  type: TableModel['columns'][number]['type'],
  target: TableModel | undefined,
  column: string,
): string | null {
  if (target === undefined) return 'the table that it references is not declared';
  const primary = keyColumns(target);
  if (primary.length !== 1 || primary[0] !== column)
    return `"${column}" is not the primary key of "${target.dsn}.${target.name}"`;
  const other = target.columns.find((candidate) => candidate.name === column)!.type;
  const family = (name: keyof typeof SCALAR_TYPES) => FAMILIES[name] ?? name;
  if (type.isArray !== other.isArray || family(type.scalar) !== family(other.scalar)) return 'the types differ';
  return null;
}

/** Makes the foreign keys equal to the model's, in the caller's transaction; returns those that cannot be had. */
export async function applyForeignKeys(
  client: pg.Client,
  dsns: readonly DsnModel[],
  state: CatalogueState,
): Promise<readonly GatewayError[]> {
  const { keys, problems } = foreignKeys(dsns);
  const { rows } = await client.query<[string]>({
    text: `SELECT n.nspname || '.' || c.relname || ' ' || k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'f' AND n.nspname = ANY ($1::text[])`,
    values: [dsns.map((dsn) => dsn.name)],
    rowMode: 'array',
  });
  const existing = new Set(rows.map(([name]) => name));
  const wanted = new Map(keys.map((foreignKey) => [`${key(foreignKey.table)} ${foreignKey.name}`, foreignKey]));
  for (const name of new Set([...existing, ...state.names('foreign key')])) {
    const foreignKey = wanted.get(name);
    if (
      foreignKey !== undefined &&
      existing.has(name) &&
      state.get('foreign key', name) === fingerprint(foreignKey.ddl)
    )
      continue;
    state.delete('foreign key', name);
    if (!existing.has(name)) continue;
    const [table, constraint] = splitLast(name);
    await client.query(`ALTER TABLE ${quoteKey(table, dsns)} DROP CONSTRAINT ${quoteIdentifier(constraint)}`);
  }
  for (const [name, foreignKey] of wanted) {
    if (state.get('foreign key', name) !== undefined) continue;
    await client.query(foreignKey.ddl);
    state.set('foreign key', name, fingerprint(foreignKey.ddl));
  }
  return problems;
}

function quoteKey(name: string, dsns: readonly DsnModel[]): string {
  const dsn = dsns.find((candidate) => name.startsWith(`${candidate.name}.`));
  return dsn === undefined ? name : quoteName(dsn.name, name.slice(dsn.name.length + 1));
}

function splitLast(text: string): [string, string] {
  const at = text.lastIndexOf(' ');
  return [text.slice(0, at), text.slice(at + 1)];
}
