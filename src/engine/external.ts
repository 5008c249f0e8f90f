import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { errors } from '../core/errors.js';
import { Secret } from '../core/secret.js';
import { OWN_SESSION_OPTIONS } from './embedded.js';
import { type Endpoint, openClient, openSocket } from './endpoint.js';
import { DATABASE } from './names.js';

const MINIMUM_VERSION = 160000;
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];
const KNOWN_PARAMETERS = new Set([
  'sslmode',
  'sslrootcert',
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'application_name',
]);

/** What of `engine.url` is settled before a connection. */
export interface ExternalTarget {
  readonly endpoint: Endpoint;
  /** `prefer`: TLS where the server has it. */
  readonly isTlsOptional: boolean;
}

/**
 * Reads `engine.url` as libpq does (`postgres://user:password@host:port/database?sslmode=require`, a socket folder as
 * `?host=/run/postgresql`). `require` encrypts without checking the certificate, as in libpq; `verify-full` checks it.
 */
export function parseEngineUrl(url: Secret): ExternalTarget {
  let parsed: URL;
  try {
    parsed = new URL(url.reveal());
  } catch {
    throw badUrl('is not a URL');
  }
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:')
    throw badUrl(`starts with "${parsed.protocol}"`);
  for (const name of parsed.searchParams.keys()) {
    if (!KNOWN_PARAMETERS.has(name)) throw badUrl(`has the unknown parameter "${name}"`);
  }
  const query = (name: string) => parsed.searchParams.get(name);
  const host = query('host') ?? decode(parsed.hostname).replace(/^\[(.*)\]$/, '$1');
  const port = Number(query('port') ?? (parsed.port === '' ? 5432 : parsed.port));
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw badUrl('has no usable port');
  const user = query('user') ?? decode(parsed.username);
  if (user === '') throw badUrl('names no user');
  const password = query('password') ?? decode(parsed.password);
  const mode = query('sslmode') ?? 'prefer';
  if (!SSL_MODES.includes(mode)) throw badUrl(`has the unknown sslmode "${mode}"`);
  const isSocket = host.startsWith('/');
  return {
    isTlsOptional: !isSocket && (mode === 'prefer' || mode === 'allow'),
    endpoint: {
      host: host === '' ? 'localhost' : host,
      port,
      user,
      password: password === '' ? null : new Secret(password),
      database: query('dbname') ?? (decode(parsed.pathname.slice(1)) || DATABASE),
      tls: isSocket || mode === 'disable' ? null : tlsOptions(mode, host, query('sslrootcert')),
      options: OWN_SESSION_OPTIONS,
    },
  };
}

function tlsOptions(mode: string, host: string, rootFile: string | null): ConnectionOptions {
  const ca = rootFile === null || rootFile === 'system' ? {} : { ca: readRoot(rootFile) };
  if (mode === 'verify-full') return { ...ca, rejectUnauthorized: true, servername: host, host };
  if (mode === 'verify-ca') return { ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return { rejectUnauthorized: false, ...(/^[\d.:]+$/.test(host) ? {} : { servername: host }) };
}

function readRoot(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw errors.cannotConnect(`sslrootcert "${file}" of engine.url cannot be read`, {
      hint: 'Name the PEM file of the certificate authority that signed the server.',
      cause,
    });
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badUrl('has a wrong percent escape');
  }
}

/** Never quotes the URL: it holds a password. */
function badUrl(what: string): Error {
  return errors.cannotConnect(`engine.url ${what}`, {
    hint: 'Write it as postgres://user:password@host:5432/tidegate?sslmode=require.',
  });
}

/** Connects once, settles TLS, and checks that the server is one the gateway can work with. */
export async function openExternal(url: Secret): Promise<{ endpoint: Endpoint; isSuperuser: boolean }> {
  const endpoint = await settleTls(parseEngineUrl(url));
  const client = await openClient(endpoint);
  try {
    const { rows } = await client.query<string[]>({
      text: `SELECT current_setting('server_version_num'), current_setting('server_version'), rolsuper::text, rolcreaterole::text,
        (pg_has_role(current_user, d.datdba, 'USAGE'))::text, current_setting('server_encoding')
        FROM pg_roles, pg_database d WHERE rolname = current_user AND datname = current_database()`,
      rowMode: 'array',
    });
    const [number, version, superuser, createRole, owner, encoding] = rows[0]!;
    checkServer(endpoint, { number: Number(number), version: version!, encoding: encoding! });
    const isSuperuser = superuser === 'true';
    if (!isSuperuser && createRole !== 'true')
      throw lacks(endpoint, 'CREATEROLE', `ALTER ROLE "${endpoint.user}" CREATEROLE`);
    if (!isSuperuser && owner !== 'true') {
      throw lacks(
        endpoint,
        'ownership of the database',
        `ALTER DATABASE "${endpoint.database}" OWNER TO "${endpoint.user}"`,
      );
    }
    return { endpoint, isSuperuser };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function settleTls(target: ExternalTarget): Promise<Endpoint> {
  if (!target.isTlsOptional) return target.endpoint;
  try {
    (await openSocket(target.endpoint)).destroy();
    return target.endpoint;
  } catch (error) {
    if (!/does not offer TLS/.test((error as { detail?: string }).detail ?? '')) throw error;
    return { ...target.endpoint, tls: null };
  }
}

function checkServer(endpoint: Endpoint, server: { number: number; version: string; encoding: string }): void {
  if (server.number < MINIMUM_VERSION) {
    throw errors.cannotConnect(
      `the engine at ${endpoint.host} is PostgreSQL ${server.version}, Tidegate needs 16 or later`,
      {
        hint: 'Upgrade that server, or leave engine.url out to use the embedded engine.',
      },
    );
  }
  if (server.encoding !== 'UTF8') {
    throw errors.cannotConnect(
      `the database "${endpoint.database}" has the encoding ${server.encoding}, Tidegate needs UTF8`,
      {
        hint: `Create it with: CREATE DATABASE "${endpoint.database}" ENCODING 'UTF8' TEMPLATE template0.`,
      },
    );
  }
}

function lacks(endpoint: Endpoint, what: string, remedy: string): Error {
  return errors.cannotConnect(`the role "${endpoint.user}" of engine.url lacks ${what}`, {
    hint: `Let a superuser run: ${remedy}.`,
  });
}
