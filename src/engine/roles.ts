import type pg from 'pg';
import type { UserModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import { ADMIN_ROLE, ADMINS_ROLE, dsnRole, quoteIdentifier, quoteLiteral, TRUSTED_ROLE, USERS_ROLE } from './names.js';
import { isVerifier, makeVerifier, verifierMatches } from './scram.js';

/** What a gateway without configured users has: one user who is asked for nothing and sees all. */
export const DEFAULT_USER: UserModel = { name: 'tidegate', password: null, dsns: 'all', isAdmin: true };

/** How roles are made on this engine. */
export interface RoleContext {
  /** The password that the gateway itself logs a trusted user in with, on a server whose pg_hba.conf is not ours. */
  readonly trustedPassword: ((user: string) => string) | null;
  /** Verifiers by user, as the last run left them. */
  readonly known: ReadonlyMap<string, string>;
  /** Whether the gateway's role may see the verifiers that the engine really has: users can change their own. */
  readonly seesVerifiers: boolean;
  readonly dsns: readonly string[];
}

/** What a run found and decided. */
export interface RoleResult {
  /** Verifier, or `trusted`, by user: to be remembered. */
  readonly verifiers: ReadonlyMap<string, string>;
  /** Users that are no more; they can no longer log in, and are to be dropped once their sessions are gone. */
  readonly retired: readonly string[];
}

interface ExistingRole {
  readonly canLogin: boolean;
  readonly groups: ReadonlySet<string>;
}

/** Makes users and their memberships equal to the model, inside the caller's transaction; unchanged ones are left alone. */
export async function applyUsers(
  client: pg.Client,
  users: readonly UserModel[],
  context: RoleContext,
): Promise<RoleResult> {
  const wanted = users.length === 0 ? [DEFAULT_USER] : users;
  const existing = await readRoles(client, wanted);
  const known = context.seesVerifiers ? await readVerifiers(client) : context.known;
  const verifiers = new Map<string, string>();
  for (const user of wanted) {
    rejectReserved(user.name);
    const role = existing.get(user.name);
    const name = quoteIdentifier(user.name);
    if (role !== undefined && !role.groups.has(USERS_ROLE)) throw foreignRole(user.name);
    if (role === undefined) await client.query(`CREATE ROLE ${name} LOGIN`);
    else if (!role.canLogin) await client.query(`ALTER ROLE ${name} LOGIN`);
    const secret = await chooseVerifier(user, known, context.trustedPassword);
    if (role === undefined || known.get(user.name) !== secret) {
      await client.query(`ALTER ROLE ${name} PASSWORD ${secret === 'trusted' ? 'NULL' : quoteLiteral(secret)}`);
    }
    verifiers.set(user.name, secret);
    await setMemberships(client, user, role?.groups ?? new Set(), context.dsns);
  }
  const retired: string[] = [];
  for (const [name, role] of existing) {
    if (verifiers.has(name) || !role.groups.has(USERS_ROLE)) continue;
    retired.push(name);
    if (!role.canLogin) continue;
    await client.query(`ALTER ROLE ${quoteIdentifier(name)} NOLOGIN PASSWORD NULL`);
    for (const group of role.groups) {
      if (group !== USERS_ROLE) await client.query(`REVOKE ${quoteIdentifier(group)} FROM ${quoteIdentifier(name)}`);
    }
  }
  return { verifiers, retired };
}

/** Ends the sessions of users that are no more and drops them; one that cannot be dropped yet stays without a login. */
export async function dropRetired(client: pg.Client, retired: readonly string[]): Promise<void> {
  for (const name of retired) {
    await client.query('SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE usename = $1', [name]);
    // What a session's end has not yet cleaned up keeps the role alive until the next reload.
    await client.query(`DROP ROLE IF EXISTS ${quoteIdentifier(name)}`).catch(() => undefined);
  }
}

/** Takes all members from the groups of DSNs that are no more. */
export async function emptyGroups(client: pg.Client, dsns: readonly string[]): Promise<void> {
  const wanted = new Set(dsns.map(dsnRole));
  const { rows } = await client.query<[string]>({
    text: `SELECT r.rolname FROM pg_roles r WHERE starts_with(r.rolname, 'tidegate_dsn_')
      AND EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid)`,
    rowMode: 'array',
  });
  // Without members a group gives nobody anything. The role itself stays until plan and scan tables that are granted to
  // it are gone, and serves the next DSN of that name.
  for (const [name] of rows) {
    if (wanted.has(name)) continue;
    const members = await client.query<[string]>({
      text: `SELECT u.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
        WHERE g.rolname = $1 AND u.rolname <> current_user`,
      values: [name],
      rowMode: 'array',
    });
    for (const [member] of members.rows)
      await client.query(`REVOKE ${quoteIdentifier(name)} FROM ${quoteIdentifier(member)}`);
  }
}

async function readRoles(client: pg.Client, wanted: readonly UserModel[]): Promise<Map<string, ExistingRole>> {
  const { rows } = await client.query<[string, string, string | null]>({
    text: `SELECT r.rolname, r.rolcanlogin::text, g.rolname FROM pg_roles r
      LEFT JOIN pg_auth_members m ON m.member = r.oid LEFT JOIN pg_roles g ON g.oid = m.roleid
      WHERE r.rolname = ANY ($1::text[]) OR EXISTS (SELECT FROM pg_auth_members u JOIN pg_roles ur ON ur.oid = u.roleid
        WHERE u.member = r.oid AND ur.rolname = $2 AND r.rolname <> current_user)`,
    values: [wanted.map((user) => user.name), USERS_ROLE],
    rowMode: 'array',
  });
  const roles = new Map<string, { canLogin: boolean; groups: Set<string> }>();
  for (const [name, canLogin, group] of rows) {
    const role = roles.get(name) ?? { canLogin: canLogin === 'true', groups: new Set<string>() };
    if (group !== null) role.groups.add(group);
    roles.set(name, role);
  }
  return roles;
}

/** A verifier that fits the password: the one that the engine has, where it does, so that nothing changes. */
async function chooseVerifier(
  user: UserModel,
  verifiers: ReadonlyMap<string, string>,
  trustedPassword: RoleContext['trustedPassword'],
): Promise<string> {
  if (user.password === null && trustedPassword === null) return 'trusted';
  const password = user.password?.reveal() ?? trustedPassword!(user.name);
  if (isVerifier(password)) return password;
  const known = verifiers.get(user.name);
  if (known !== undefined && (await verifierMatches(known, password))) return known;
  return makeVerifier(password);
}

async function readVerifiers(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<[string, string]>({
    text: "SELECT rolname, coalesce(rolpassword, 'trusted') FROM pg_authid WHERE rolcanlogin",
    rowMode: 'array',
  });
  return new Map(rows);
}

async function setMemberships(
  client: pg.Client,
  user: UserModel,
  existing: ReadonlySet<string>,
  dsns: readonly string[],
): Promise<void> {
  const wanted = new Set([USERS_ROLE]);
  if (user.password === null) wanted.add(TRUSTED_ROLE);
  if (user.isAdmin) wanted.add(ADMINS_ROLE);
  for (const dsn of dsns) if (user.dsns === 'all' || user.dsns.includes(dsn)) wanted.add(dsnRole(dsn));
  const name = quoteIdentifier(user.name);
  for (const group of wanted)
    if (!existing.has(group)) await client.query(`GRANT ${quoteIdentifier(group)} TO ${name}`);
  // Groups of a server's own administrator are not Tidegate's to take away.
  const own = [...existing].filter((group) => group.startsWith('tidegate_'));
  for (const group of own) if (!wanted.has(group)) await client.query(`REVOKE ${quoteIdentifier(group)} FROM ${name}`);
}

function rejectReserved(name: string): void {
  const isReserved =
    [ADMIN_ROLE, USERS_ROLE, TRUSTED_ROLE, ADMINS_ROLE, 'public', 'none'].includes(name) ||
    name.startsWith('pg_') ||
    name.startsWith('tidegate_dsn_') ||
    name === '';
  if (!isReserved && Buffer.byteLength(name) <= 63) return;
  throw errors.configuration(`the user name "${name}" cannot be used`, {
    hint: 'Choose a name of at most 63 bytes that does not start with "pg_" or "tidegate_".',
  });
}

function foreignRole(name: string): Error {
  return errors.configuration(`the engine has a role "${name}" that is not Tidegate's`, {
    hint: 'Choose another user name, or drop that role from the server of engine.url.',
  });
}
