import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { errors, GatewayError } from '../core/errors.js';
import { DATABASE } from '../plan/virtual-names.js';
import { unforeseen } from '../session/failure.js';
import type { Log } from '../session/services.js';
import type { StartupPacket } from '../wire/startup.js';
import { readStartupPacket } from '../wire/startup.js';
import { backend } from '../wire/write.js';
import { startTls } from './tls.js';

/** How long a client may take until its StartupMessage is there, as PostgreSQL's authentication_timeout. */
const STARTUP_TIMEOUT_MS = 60_000;

const TLS_HANDSHAKE_BYTE = 0x16;

type StartupMessage = Extract<StartupPacket, { type: 'startup' }>;

/** What the gateway does with a connection once it is known what it wants. */
export interface ConnectionHandlers {
  readonly secureContext: () => SecureContext | null;
  readonly requiresTls: () => boolean;
  readonly onCancel: (processId: number, secretKey: Buffer) => void;
  /** Runs the session to its end; `rest` is what came behind the StartupMessage. */
  readonly onStartup: (socket: Duplex, startup: StartupMessage, rest: Buffer) => Promise<void>;
  readonly log: Log;
}

/** Takes a connection from its first byte to its end; never throws. */
export async function handleConnection(socket: Socket, handlers: ConnectionHandlers): Promise<void> {
  socket.setNoDelay(true);
  socket.on('error', () => {}); // 'close' follows, and every reader listens to that
  const deadline = setTimeout(() => socket.destroy(), STARTUP_TIMEOUT_MS);
  let stream: Duplex = socket;
  try {
    const opened = await openStream(socket, handlers, (secure) => {
      stream = secure;
    });
    clearTimeout(deadline);
    if (opened === null) return;
    const { packet, rest } = opened;
    if (packet.type === 'cancel') handlers.onCancel(packet.processId, packet.secretKey);
    else await handlers.onStartup(stream, packet, rest);
  } catch (error) {
    const fatal = error instanceof GatewayError ? error : unforeseen(error, handlers.log);
    handlers.log(
      'info',
      { sqlstate: fatal.sqlstate, peer: socket.remoteAddress },
      `connection refused: ${fatal.message}`,
    );
    if (!stream.destroyed) stream.write(backend.error(fatal, 'FATAL'));
  } finally {
    clearTimeout(deadline);
    stream.end();
    stream.resume();
    setTimeout(() => stream.destroy(), 1000).unref();
  }
}

type Opened = { readonly packet: Exclude<StartupPacket, { type: 'ssl' | 'gssenc' }>; readonly rest: Buffer };

/** Answers encryption requests until the packet that matters is there; null: the client went away. */
async function openStream(
  socket: Socket,
  handlers: ConnectionHandlers,
  onSecure: (stream: Duplex) => void,
): Promise<Opened | null> {
  let stream: Duplex = socket;
  let isSecure = false;
  const secureContext = handlers.secureContext();
  let bytes: Buffer = Buffer.alloc(0);
  const upgrade = async (isDirect: boolean): Promise<void> => {
    stream = await startTls(socket, secureContext!, isDirect);
    stream.on('error', () => {});
    onSecure(stream);
    isSecure = true;
    bytes = Buffer.alloc(0);
  };
  for (let requests = 0; requests < 5; ) {
    if (!isSecure && secureContext !== null && bytes[0] === TLS_HANDSHAKE_BYTE) {
      socket.unshift(bytes);
      await upgrade(true);
      continue;
    }
    const read = readStartupPacket(bytes);
    if (read === null) {
      const chunk = await readChunk(stream);
      if (chunk === null) return null;
      bytes = Buffer.concat([bytes, chunk]);
      continue;
    }
    const { packet, length } = read;
    bytes = bytes.subarray(length);
    requests++;
    if (packet.type === 'gssenc') stream.write('N');
    else if (packet.type === 'ssl') {
      if (isSecure || secureContext === null) {
        stream.write('N');
        continue;
      }
      // Bytes behind the request were sent in the clear and would be taken for encrypted ones (CVE-2021-23222).
      if (bytes.length > 0) throw errors.protocolViolation('received unencrypted data after SSL request');
      stream.write('S');
      await upgrade(false);
    } else {
      if (packet.type === 'startup' && handlers.requiresTls() && !isSecure) throw tlsRequired();
      return { packet, rest: bytes };
    }
  }
  throw errors.protocolViolation('too many encryption requests');
}

function tlsRequired(): GatewayError {
  return errors.invalidAuthorization('this gateway takes encrypted connections only', {
    hint: 'Connect with sslmode=require.',
  });
}

/** The next bytes; the stream is paused again afterwards, so that nothing is lost before the next reader. */
function readChunk(stream: Duplex): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const finish = (chunk: Buffer | null): void => {
      stream.off('data', finish);
      stream.off('end', onEnd);
      stream.off('close', onEnd);
      stream.pause();
      resolve(chunk);
    };
    const onEnd = (): void => finish(null);
    stream.on('data', finish);
    stream.on('end', onEnd);
    stream.on('close', onEnd);
    stream.resume();
  });
}

/**
 * The StartupMessage's parameters as the engine gets them.
 * @throws 3D000 for another database, 0A000 for a replication connection
 */
export function engineParameters(
  startup: StartupMessage,
  defaults: ReadonlyMap<string, string>,
  engineDatabase: string,
): { readonly user: string; readonly parameters: ReadonlyMap<string, string> } {
  const user = startup.parameters.get('user') ?? '';
  if (user === '') throw errors.invalidAuthorization('no PostgreSQL user name specified in startup packet');
  const database = startup.parameters.get('database') ?? '';
  if (database !== '' && database !== DATABASE) {
    throw errors.databaseNotFound(`database "${database}" does not exist`, {
      hint: `The database is always "${DATABASE}"; each DSN is a schema in it.`,
    });
  }
  const replication = startup.parameters.get('replication') ?? 'false';
  if (!['false', 'off', 'no', '0'].includes(replication)) {
    throw errors.featureNotSupported('replication connections are not supported');
  }
  const parameters = new Map([...defaults, ...startup.parameters, ['database', engineDatabase]]);
  parameters.delete('replication');
  return { user, parameters };
}
