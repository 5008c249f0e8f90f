import type pg from 'pg';
import type { DsnModel, GatewayModel } from '../config/model.js';
import { errors, type GatewayError } from '../core/errors.js';
import { CatalogueState } from './catalogue-state.js';
import type { Catalogue, CatalogueEntry } from './engine.js';
import { applyForeignKeys } from './foreign-keys.js';
import { CATALOGUE_LOCK } from './install.js';
import {
  dsnRole,
  FUNCTION_SCHEMA,
  fingerprint,
  type HiddenPlace,
  PLAN_PREFIX,
  quoteIdentifier,
  quoteLiteral,
  quoteName,
} from './names.js';
import { key, readRelations } from './relations.js';
import { applyUsers, emptyGroups } from './roles.js';
import {
  commentDdl,
  commentFingerprint,
  planBaseOf,
  planTableDdl,
  tableFingerprint,
  virtualTableDdl,
} from './table-ddl.js';
import { createViews, viewFingerprint } from './views.js';

/** What a run works with. */
export interface ApplyContext {
  readonly place: HiddenPlace;
  readonly database: string;
  readonly trustedPassword: ((user: string) => string) | null;
}

/** What a run made. */
export interface AppliedCatalogue {
  readonly catalogue: Catalogue;
  /** What was left out: broken views, foreign keys that the engine cannot have. The rest stands. */
  readonly problems: readonly GatewayError[];
  readonly retiredUsers: readonly string[];
  /** Plan tables that no table of the model uses any more. */
  readonly stalePlanTables: readonly string[];
}

/** Schemas that a DSN cannot be called; the gateway's own tables come in one that is called as the last. */
const RESERVED_SCHEMAS = new Set(['public', 'information_schema', 'tidegate_scan', 'tidegate_plan']);

/**
 * Makes the engine's catalogue equal to the model in the caller's transaction. Works by difference: an object whose
 * remembered fingerprint is the model's, and which is still there, is not touched.
 */
export async function applyModel(
  client: pg.Client,
  model: GatewayModel,
  context: ApplyContext,
): Promise<AppliedCatalogue> {
  await client.query(`SELECT pg_advisory_xact_lock(${CATALOGUE_LOCK})`);
  const state = await CatalogueState.read(client, context.place);
  const dsns = model.dsns;
  const usersDsns = dsns.map((dsn) => dsn.name).filter((name) => name !== FUNCTION_SCHEMA);
  for (const dsn of dsns) rejectReserved(dsn);
  await dropOutdated(client, dsns, state);
  await applySchemas(client, dsns, state);
  await applyTables(client, dsns, state, context.place);
  const keyProblems = await applyForeignKeys(client, dsns, state);
  const viewProblems = await applyViews(client, dsns, usersDsns, state);
  const users = await applyUsers(client, model.users, {
    trustedPassword: context.trustedPassword,
    known: new Map(state.names('user').map((name) => [name, state.get('user', name)!])),
    seesVerifiers: context.place.isInCatalog,
    dsns: usersDsns,
  });
  for (const name of state.names('user')) if (!users.verifiers.has(name)) state.delete('user', name);
  for (const [name, verifier] of users.verifiers) state.set('user', name, verifier);
  await emptyGroups(client, usersDsns);
  await applySearchPath(client, usersDsns, state, context.database);
  const plan = await applyPlanTables(client, dsns, context.place);
  await state.write(client);
  return {
    catalogue: await readCatalogue(client, dsns, plan.names),
    problems: [...keyProblems, ...viewProblems],
    retiredUsers: users.retired,
    stalePlanTables: plan.stale,
  };
}

async function dropOutdated(client: pg.Client, dsns: readonly DsnModel[], state: CatalogueState): Promise<void> {
  const tables = new Map(
    dsns.flatMap((dsn) => dsn.tables.map((table) => [key(table), tableFingerprint(table)] as const)),
  );
  const views = new Map(dsns.flatMap((dsn) => dsn.views.map((view) => [key(view), viewFingerprint(view)] as const)));
  const existing = await readRelations(client, state.names('schema'));
  const drop: string[] = [];
  for (const [kind, wanted] of [
    ['view', views],
    ['table', tables],
  ] as const) {
    for (const name of state.names(kind)) {
      if (state.get(kind, name) === wanted.get(name) && existing.get(name)?.kind === kind) continue;
      state.delete(kind, name);
      if (kind === 'table') state.delete('comments', name);
      // The client's own temporary views over the object go with it.
      const found = existing.get(name);
      if (found !== undefined) drop.push(`DROP ${found.kind} ${found.sqlName} CASCADE`);
    }
  }
  const names = new Set(dsns.map((dsn) => dsn.name));
  for (const schema of state.names('schema')) {
    if (names.has(schema)) continue;
    state.delete('schema', schema);
    if (schema === FUNCTION_SCHEMA) continue;
    drop.push(`DROP SCHEMA IF EXISTS ${quoteIdentifier(schema)} CASCADE`);
  }
  // One by one: a view may have gone with a table that it read.
  for (const sql of drop) await client.query(sql.replace(/^DROP (view|table) /, 'DROP $1 IF EXISTS '));
}

async function applySchemas(client: pg.Client, dsns: readonly DsnModel[], state: CatalogueState): Promise<void> {
  const { rows } = await client.query<[string]>({ text: 'SELECT nspname FROM pg_namespace', rowMode: 'array' });
  const existing = new Set(rows.map(([name]) => name));
  for (const dsn of dsns) {
    if (dsn.name === FUNCTION_SCHEMA) {
      // Made by `install`, which also keeps its version in the comment.
      state.set('schema', dsn.name, '');
      continue;
    }
    const name = quoteIdentifier(dsn.name);
    const role = quoteIdentifier(dsnRole(dsn.name));
    const wanted = fingerprint([dsn.description]);
    const isOurs = state.get('schema', dsn.name) !== undefined;
    if (isOurs && state.get('schema', dsn.name) === wanted && existing.has(dsn.name)) continue;
    if (!isOurs && existing.has(dsn.name)) {
      throw errors.configuration(`the engine has a schema "${dsn.name}" that is not Tidegate's`, {
        detail: dsn.file,
        hint: 'Give the DSN another name, or drop that schema from the server of engine.url.',
      });
    }
    const create = `CREATE SCHEMA ${name}; ${createRole(dsnRole(dsn.name))}; GRANT USAGE ON SCHEMA ${name} TO ${role};`;
    const comment = `COMMENT ON SCHEMA ${name} IS ${dsn.description === null ? 'NULL' : quoteLiteral(dsn.description)}`;
    await client.query((existing.has(dsn.name) ? '' : create) + comment);
    state.set('schema', dsn.name, wanted);
  }
}

async function applyTables(
  client: pg.Client,
  dsns: readonly DsnModel[],
  state: CatalogueState,
  place: HiddenPlace,
): Promise<void> {
  for (const table of dsns.flatMap((dsn) => dsn.tables)) {
    const name = key(table);
    const isNew = state.get('table', name) === undefined;
    const comments = commentFingerprint(table);
    if (isNew) await client.query(virtualTableDdl(table, place));
    if (isNew || state.get('comments', name) !== comments) await client.query(commentDdl(table, isNew) || 'SELECT');
    state.set('table', name, tableFingerprint(table));
    state.set('comments', name, comments);
  }
}

async function applyViews(
  client: pg.Client,
  dsns: readonly DsnModel[],
  searchPath: readonly string[],
  state: CatalogueState,
): Promise<readonly GatewayError[]> {
  // Read again: dropping a table has taken the views that read it along.
  const existing = await readRelations(
    client,
    dsns.map((dsn) => dsn.name),
  );
  const missing = dsns.flatMap((dsn) => dsn.views).filter((view) => existing.get(key(view))?.kind !== 'view');
  for (const view of missing) state.delete('view', key(view));
  const { created, problems } = await createViews(client, missing, searchPath);
  for (const view of created) state.set('view', key(view), viewFingerprint(view));
  return problems;
}

async function applySearchPath(
  client: pg.Client,
  dsns: readonly string[],
  state: CatalogueState,
  database: string,
): Promise<void> {
  const path = [...dsns, 'public'].map(quoteIdentifier).join(', ');
  if (state.get('setting', 'search_path') === path) return;
  await client.query(`ALTER DATABASE ${quoteIdentifier(database)} SET search_path TO ${path}`);
  state.set('setting', 'search_path', path);
}

async function applyPlanTables(client: pg.Client, dsns: readonly DsnModel[], place: HiddenPlace) {
  const { rows } = await client.query<[string]>({
    text: `SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND starts_with(relname, $2)`,
    values: [place.planSchema, PLAN_PREFIX],
    rowMode: 'array',
  });
  const existing = new Set(rows.map(([name]) => name));
  const used = new Set<string>();
  const names = new Map<string, readonly string[]>();
  for (const table of dsns.flatMap((dsn) => dsn.tables)) {
    const base = planBaseOf(table);
    const own: string[] = [];
    if (!existing.has(`${base}1`)) await client.query(planTableDdl(table, `${base}1`, place));
    for (let number = 1; number === 1 || existing.has(`${base}${number}`); number++) own.push(`${base}${number}`);
    for (const name of own) used.add(name);
    names.set(
      key(table),
      own.map((name) => quoteName(place.planSchema, name)),
    );
  }
  return {
    names,
    stale: [...existing].filter((name) => !used.has(name)).map((name) => quoteName(place.planSchema, name)),
  };
}

async function readCatalogue(
  client: pg.Client,
  dsns: readonly DsnModel[],
  plans: ReadonlyMap<string, readonly string[]>,
): Promise<Catalogue> {
  const tables = new Map(dsns.flatMap((dsn) => dsn.tables.map((table) => [key(table), table] as const)));
  const entries = new Map<string, CatalogueEntry>();
  const byOid = new Map<number, CatalogueEntry>();
  const schemas = dsns.map((dsn) => dsn.name);
  for (const [name, relation] of await readRelations(client, schemas)) {
    const table = tables.get(name) ?? null;
    if (table === null && relation.kind === 'table') continue;
    const { schema, oid, viewSql } = relation;
    const entry = { schema, name: relation.name, oid, table, viewSql, planTables: plans.get(name) ?? [] };
    entries.set(name, entry);
    byOid.set(oid, entry);
  }
  return { entries, byOid, schemas };
}

function rejectReserved(dsn: DsnModel): void {
  const bytes = Buffer.byteLength(dsn.name);
  if (!RESERVED_SCHEMAS.has(dsn.name) && !dsn.name.startsWith('pg_') && bytes > 0 && bytes <= 63) return;
  throw errors.configuration(`a DSN cannot be called "${dsn.name}"`, {
    detail: dsn.file,
    hint: 'Choose a name of at most 63 bytes that is not "public" and does not start with "pg_" or "tidegate".',
  });
}

function createRole(name: string): string {
  const body = `BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${quoteLiteral(name)}) THEN CREATE ROLE ${quoteIdentifier(name)} NOLOGIN; END IF; END`;
  return `DO ${quoteLiteral(body)}`;
}
