import { isIP, connect as netConnect, type OnReadOpts, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, connect as tlsConnect } from 'node:tls';
import type { Lookup } from '../refused-addresses.js';
import { ConnectionFailure, ProxyRefusal } from './failures.js';
import { HeadReader } from './response-head.js';

/** Looking up, connecting and TLS, of the proxy and of the server behind it together. */
const CONNECT_TIMEOUT_MS = 10_000;

/** A server that connections are opened to. */
export interface Endpoint {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Options of Node's `tls.connect`, the same object for the same ones; null: plain TCP. */
  readonly tls: object | null;
  /** Stands in for the system's name resolution. */
  readonly lookup?: Lookup;
}

/** Where a connection leads. */
export interface ConnectionTarget {
  readonly server: Endpoint;
  /** The proxy that is asked for a tunnel (RFC 9110, section 9.3.6); null: none. */
  readonly tunnel: { readonly proxy: Endpoint; readonly authorization: string | null } | null;
}

/** TLS sessions that the next connection to the same server begins with. */
export interface SessionStore {
  session: Buffer | undefined;
}

/**
 * Opens a connection and waits until it can be used. Bytes go to `onread` where Node can read into the caller's memory: on all
 * but tunnelled sockets, which emit `data`. Throws the system's errors, `ConnectionFailure`, `ProxyRefusal` and the signal's reason.
 */
export async function openSocket(
  target: ConnectionTarget,
  sessions: SessionStore,
  protocols: readonly string[],
  onread: OnReadOpts,
  signal: AbortSignal,
): Promise<Socket> {
  const { server, tunnel } = target;
  const deadline = { signal, until: performance.now() + CONNECT_TIMEOUT_MS };
  if (tunnel === null) {
    const socket =
      server.tls === null ? openTcp(server, onread) : openTls(server, server.tls, sessions, protocols, { onread });
    return await established(socket, server.tls === null ? 'connect' : 'secureConnect', deadline);
  }
  const { proxy, authorization } = tunnel;
  const outer =
    proxy.tls === null ? openTcp(proxy) : openTls(proxy, proxy.tls, { session: undefined }, ['http/1.1'], {});
  const socket = await established(outer, proxy.tls === null ? 'connect' : 'secureConnect', deadline);
  await askForTunnel(socket, server, authorization, deadline);
  if (server.tls === null) return socket;
  return await established(openTls(server, server.tls, sessions, protocols, { socket }), 'secureConnect', deadline);
}

interface Deadline {
  readonly signal: AbortSignal;
  /** Of `performance.now()`. */
  readonly until: number;
}

function openTcp({ host, port, lookup }: Endpoint, onread?: OnReadOpts): Socket {
  return netConnect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    ...(lookup === undefined ? {} : { lookup: lookup as never }),
    ...(onread === undefined ? {} : { onread }),
  });
}

/** Made once: reading a list of authorities takes longer than a connection. */
const contexts = new WeakMap<object, SecureContext>();

function contextOf(options: object): SecureContext {
  let context = contexts.get(options);
  if (context === undefined) {
    context = createSecureContext(options);
    contexts.set(options, context);
  }
  return context;
}

function openTls(
  { host, port, lookup }: Endpoint,
  options: object,
  sessions: SessionStore,
  protocols: readonly string[],
  way: { readonly socket?: Socket; readonly onread?: OnReadOpts },
): Socket {
  const socket = tlsConnect({
    host,
    port,
    // An address is no name that a server could be chosen by (RFC 6066, section 3).
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: [...protocols],
    ...(sessions.session === undefined ? {} : { session: sessions.session }),
    ...(lookup === undefined ? {} : { lookup: lookup as never }),
    ...options,
    secureContext: contextOf(options),
    ...way,
  } as object);
  socket.on('session', (session: Buffer) => {
    sessions.session = session;
  });
  socket.setNoDelay(true);
  return socket;
}

/** Waits for the event that says that the socket can be used; whatever happens instead closes it. */
function established(socket: Socket, event: 'connect' | 'secureConnect', deadline: Deadline): Promise<Socket> {
  return settled(socket, deadline, (resolve) => {
    socket.once(event, () => resolve(socket));
  });
}

function askForTunnel(
  socket: Socket,
  { host, port }: Endpoint,
  authorization: string | null,
  deadline: Deadline,
): Promise<void> {
  const name = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const credentials = authorization === null ? '' : `proxy-authorization: ${authorization}\r\n`;
  const reader = new HeadReader();
  let onData = (_chunk: Buffer): void => {};
  const answered = settled<void>(socket, deadline, (resolve, reject) => {
    onData = (chunk) => {
      try {
        if (reader.take(chunk, 0, chunk.length) < 0) return;
        const { status } = reader.head;
        if (status >= 200 && status < 300) resolve();
        else if (status >= 200 || status === 101) reject(new ProxyRefusal(status));
      } catch (error) {
        reject(error as Error);
      }
    };
    socket.on('data', onData);
    socket.write(`CONNECT ${name} HTTP/1.1\r\nhost: ${name}\r\n${credentials}\r\n`, 'latin1');
  });
  return answered.finally(() => {
    socket.off('data', onData);
    socket.pause();
  });
}

function settled<T>(
  socket: Socket,
  { signal, until }: Deadline,
  begin: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(
      () => finish(() => reject(new ConnectionFailure('TIDEGATE_CONNECT_TIMEOUT')), true),
      Math.max(0, until - performance.now()),
    );
    const onError = (error: Error): void => finish(() => reject(error), true);
    const onClose = (): void => finish(() => reject(new ConnectionFailure('TIDEGATE_CLOSED')), true);
    const onAbort = (): void => finish(() => reject(signal.reason), true);
    const finish = (settle: () => void, isFailure: boolean): void => {
      clearTimeout(timer);
      socket.off('error', onError);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      if (isFailure) {
        // What it has to say after this is nobody's business.
        socket.on('error', () => {});
        socket.destroy();
      }
      settle();
    };
    socket.on('error', onError);
    socket.on('close', onClose);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) return onAbort();
    begin(
      (value) => finish(() => resolve(value), false),
      (reason) => finish(() => reject(reason), true),
    );
  });
}
