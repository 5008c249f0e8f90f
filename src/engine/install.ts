import type pg from 'pg';
import { FUNCTIONS_SQL } from './functions.js';
import {
  ADMINS_ROLE,
  FUNCTION_SCHEMA,
  fingerprint,
  type HiddenPlace,
  quoteIdentifier,
  stateTable,
  TRUSTED_ROLE,
  USERS_ROLE,
} from './names.js';

/** A number that all gateways agree on: who holds it changes the catalogue. */
export const CATALOGUE_LOCK = 0x7469_6465;

/** Functions that make permanent objects, which an unprivileged role could otherwise call. */
const LARGE_OBJECT_FUNCTIONS = ['lo_creat(integer)', 'lo_create(oid)', 'lo_from_bytea(oid, bytea)'];

/**
 * Makes what the gateway itself needs in the database: functions, group roles, the table of fingerprints. Does nothing
 * when this very version is there already.
 */
export async function install(client: pg.Client, place: HiddenPlace, database: string): Promise<void> {
  const sql = installSql(place, database);
  const version = fingerprint(sql);
  await client.query('BEGIN');
  await client.query(`SELECT pg_advisory_xact_lock(${CATALOGUE_LOCK})`);
  const { rows } = await client.query<[string | null]>({
    text: `SELECT obj_description(to_regnamespace($1), 'pg_namespace')`,
    values: [FUNCTION_SCHEMA],
    rowMode: 'array',
  });
  const mark = `Tidegate's own functions (${version})`;
  if (rows[0]?.[0] !== mark) {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${FUNCTION_SCHEMA}`);
    await client.query(sql);
    await client.query(`COMMENT ON SCHEMA ${FUNCTION_SCHEMA} IS '${mark.replaceAll("'", "''")}'`);
  }
  await client.query('COMMIT');
}

function installSql(place: HiddenPlace, database: string): string {
  const schemas = place.isInCatalog ? [] : [place.scanSchema, place.planSchema];
  return [
    ...[USERS_ROLE, TRUSTED_ROLE, ADMINS_ROLE].map(createGroup),
    ...schemas.map(
      (schema) => `CREATE SCHEMA IF NOT EXISTS ${schema}; GRANT USAGE ON SCHEMA ${schema} TO ${USERS_ROLE}`,
    ),
    `CREATE TABLE IF NOT EXISTS ${stateTable(place)} (key text PRIMARY KEY, fingerprint text NOT NULL)`,
    'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    `REVOKE CREATE ON DATABASE ${quoteIdentifier(database)} FROM PUBLIC`,
    // A scan that joins another in the middle of a large table would change the order of the API's rows.
    `ALTER DATABASE ${quoteIdentifier(database)} SET synchronize_seqscans TO off`,
    `GRANT CONNECT, TEMPORARY ON DATABASE ${quoteIdentifier(database)} TO ${USERS_ROLE}`,
    ...(place.isInCatalog
      ? LARGE_OBJECT_FUNCTIONS.map((name) => `REVOKE EXECUTE ON FUNCTION pg_catalog.${name} FROM PUBLIC`)
      : []),
    FUNCTIONS_SQL,
  ].join(';\n');
}

function createGroup(name: string): string {
  return `DO $$ BEGIN IF to_regrole('${name}') IS NULL THEN CREATE ROLE ${name} NOLOGIN; END IF; END $$`;
}
