import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import pg from 'pg';
import { errors, GatewayError } from '../core/errors.js';
import type { Secret } from '../core/secret.js';

/** Where the engine listens, and as whom the gateway itself logs in. */
export interface Endpoint {
  /** A host name, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret | null;
  readonly database: string;
  /** How to encrypt; null: not at all. */
  readonly tls: ConnectionOptions | null;
  /** Startup `options` of the gateway's own sessions. */
  readonly options: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** SSLRequest: length 8, code 80877103 (PostgreSQL's protocol chapter, "SSL Session Encryption"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]);

/** The socket's path, where the endpoint is a unix socket. */
export function socketPath(endpoint: Pick<Endpoint, 'host' | 'port'>): string | null {
  return endpoint.host.startsWith('/') ? join(endpoint.host, `.s.PGSQL.${endpoint.port}`) : null;
}

/** Opens a socket on which the protocol starts with a StartupMessage; TLS is done. */
export async function openSocket(endpoint: Endpoint): Promise<Socket> {
  const plain = await openPlain(endpoint);
  if (endpoint.tls === null || socketPath(endpoint) !== null) return plain;
  try {
    return await encrypt(plain, endpoint.tls);
  } catch (cause) {
    plain.destroy();
    throw connectError(endpoint, cause);
  }
}

function openPlain(endpoint: Endpoint): Promise<Socket> {
  const path = socketPath(endpoint);
  return new Promise((resolve, reject) => {
    const socket = path === null ? connectTcp(endpoint.port, endpoint.host) : connectTcp(path);
    const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), CONNECT_TIMEOUT_MS);
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(connectError(endpoint, error));
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

async function encrypt(plain: Socket, tls: ConnectionOptions): Promise<Socket> {
  plain.write(SSL_REQUEST);
  const answer = await readByte(plain);
  if (answer !== 'S') throw new Error('the server does not offer TLS');
  return new Promise((resolve, reject) => {
    const secure = connectTls({ ...tls, socket: plain });
    secure.once('error', reject);
    secure.once('secureConnect', () => {
      secure.off('error', reject);
      resolve(secure);
    });
  });
}

function readByte(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), CONNECT_TIMEOUT_MS);
    const finish = (act: () => void) => {
      clearTimeout(timer);
      socket.off('readable', read).off('error', onError).off('close', onClose);
      act();
    };
    // Exactly one byte: whatever follows belongs to the TLS handshake.
    const read = () => {
      const byte = socket.read(1) as Buffer | null;
      if (byte !== null) finish(() => resolve(byte.toString('latin1')));
    };
    const onError = (error: Error) => finish(() => reject(error));
    const onClose = () => finish(() => reject(new Error('the server closed the connection')));
    socket.on('readable', read).on('error', onError).on('close', onClose);
  });
}

/** A new, connected client of the gateway's own role; all values come as text. */
export async function openClient(endpoint: Endpoint): Promise<pg.Client> {
  const client = new pg.Client({
    host: endpoint.host,
    port: endpoint.port,
    user: endpoint.user,
    password: endpoint.password?.reveal() ?? '',
    database: endpoint.database,
    ssl: endpoint.tls ?? false,
    options: endpoint.options,
    application_name: 'tidegate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: { getTypeParser: () => (text: unknown) => text },
  });
  // One that comes before the caller listens, and one of an idle connection, would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw connectError(endpoint, cause);
  }
  return client;
}

/** What went wrong with a connection, as `HV00N`; never holds the password. */
export function connectError(endpoint: Endpoint, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const place = socketPath(endpoint) ?? `${endpoint.host}:${endpoint.port}`;
  const { code, message } = cause as { code?: string; message: string };
  const hints: Record<string, string> = {
    ECONNREFUSED: 'Start the server, or correct host and port in engine.url.',
    ENOENT: 'Start the server, or correct the socket folder in engine.url.',
    ENOTFOUND: 'Correct the host name in engine.url.',
    '28P01': 'Correct the user or the password in engine.url.',
    '28000': "Let the gateway's host and user in by the server's pg_hba.conf.",
    '3D000': `Create the database with: CREATE DATABASE "${endpoint.database}" OWNER "${endpoint.user}" ENCODING 'UTF8' TEMPLATE template0.`,
    '53300': "Raise the server's max_connections, or lower limits.connections.",
  };
  const hint = hints[code ?? ''] ?? 'Check engine.url and that the server can be reached from here.';
  const detail = message === '' ? code : message;
  return errors.cannotConnect(`the engine at ${place} cannot be reached`, {
    detail,
    hint,
    cause: withoutSecrets(cause),
  });
}

/** The cause is logged with its fields; the driver's errors may carry the connection's settings. */
function withoutSecrets(cause: unknown): Error {
  const error = new Error((cause as Error).message);
  error.stack = (cause as Error).stack ?? '';
  return error;
}
