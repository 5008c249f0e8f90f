import { createHash } from 'node:crypto';
import { PLAN_SCHEMA, SCAN_SCHEMA } from './engine.js';

/** PostgreSQL cuts identifiers to this many bytes without an error, so Tidegate never makes longer ones. */
const MAX_IDENTIFIER_BYTES = 63;

/** The gateway's own role in an embedded engine. */
export const ADMIN_ROLE = 'tidegate_gateway';
/** Every gateway user is a member; it also marks a role as Tidegate's own on an external server. */
export const USERS_ROLE = 'tidegate_users';
/** Users that log in without a password: the engine's `pg_hba.conf` names this group. */
export const TRUSTED_ROLE = 'tidegate_trusted';
/** Users with `admin: true`. */
export const ADMINS_ROLE = 'tidegate_admins';
/** Schema of the functions that every session may call, and of the statistics tables, which only admins may read. */
export const FUNCTION_SCHEMA = 'tidegate';
/** The one database of a gateway. */
export const DATABASE = 'tidegate';

/** An identifier as SQL text, always quoted. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A qualified name as SQL text. */
export function quoteName(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** A string as an SQL literal, whatever `standard_conforming_strings` is. */
export function quoteLiteral(text: string): string {
  const quoted = text.replaceAll("'", "''");
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
}

/** A short stable digest of anything that JSON can hold: the fingerprint of a definition. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 20);
}

/** The group role that may read a DSN's schema. */
export function dsnRole(dsn: string): string {
  if (dsn === FUNCTION_SCHEMA) return ADMINS_ROLE;
  return fitIdentifier(`tidegate_dsn_${dsn}`);
}

/** Where scan tables, plan tables and the state table live, and what they are called. */
export interface HiddenPlace {
  readonly scanSchema: string;
  readonly planSchema: string;
  /**
   * True where the tables stand in `pg_catalog`, which every client's table list leaves out. That takes a superuser with
   * `allow_system_table_mods`; without one they stand in schemas of their own, which `information_schema` shows.
   */
  readonly isInCatalog: boolean;
}

/** The hidden place that the gateway's role can use. */
export function hiddenPlace(isSuperuser: boolean): HiddenPlace {
  return isSuperuser
    ? { scanSchema: 'pg_catalog', planSchema: 'pg_catalog', isInCatalog: true }
    : { scanSchema: SCAN_SCHEMA, planSchema: PLAN_SCHEMA, isInCatalog: false };
}

/** The table of fingerprints, qualified and quoted. */
export function stateTable(place: HiddenPlace): string {
  return quoteName(place.planSchema, 'tidegate_state');
}

/** What all scan tables' names start with; then the gateway's instance number, `_` and a counter. */
export const SCAN_PREFIX = 'tidegate_scan_';
/** What all plan tables' names start with. */
export const PLAN_PREFIX = 'tidegate_plan_';

/**
 * A plan table's name without its number. It holds a digest of the definition, so a changed table gets new plan tables
 * while statements in flight still use the old ones.
 */
export function planTableBase(dsn: string, table: string, definition: string): string {
  const digest = fingerprint([dsn, table, definition]).slice(0, 10);
  const room = MAX_IDENTIFIER_BYTES - PLAN_PREFIX.length - digest.length - 6;
  return `${PLAN_PREFIX}${cutToBytes(`${dsn}_${table}`, room)}_${digest}_`;
}

function fitIdentifier(name: string): string {
  if (Buffer.byteLength(name) <= MAX_IDENTIFIER_BYTES) return name;
  const digest = fingerprint(name).slice(0, 12);
  return `${cutToBytes(name, MAX_IDENTIFIER_BYTES - digest.length - 1)}_${digest}`;
}

function cutToBytes(text: string, maxBytes: number): string {
  let result = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    result += character;
  }
  return result;
}
