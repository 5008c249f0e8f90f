import type pg from 'pg';
import { quoteName } from './names.js';

/** `schema.name`, as the catalogue's entries and the remembered fingerprints are called. */
export function key(object: { readonly dsn: string; readonly name: string }): string {
  return `${object.dsn}.${object.name}`;
}

/** A table or view in a DSN's schema, as the engine has it. */
export interface Relation {
  readonly kind: 'table' | 'view';
  readonly schema: string;
  readonly name: string;
  readonly sqlName: string;
  readonly oid: number;
  readonly viewSql: string | null;
}

/** The tables and views of some schemas, by `schema.name`. */
export async function readRelations(client: pg.Client, schemas: readonly string[]): Promise<Map<string, Relation>> {
  const { rows } = await client.query<[string, string, string, string, string | null]>({
    text: `SELECT n.nspname, c.relname, c.relkind, c.oid::text, CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'v') ORDER BY n.nspname, c.relname`,
    values: [schemas],
    rowMode: 'array',
  });
  return new Map(
    rows.map(([schema, name, relkind, oid, viewSql]) => [
      key({ dsn: schema, name }),
      {
        kind: relkind === 'v' ? 'view' : 'table',
        schema,
        name,
        sqlName: quoteName(schema, name),
        oid: Number(oid),
        viewSql,
      },
    ]),
  );
}
