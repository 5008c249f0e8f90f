import { SharedConnections } from '../http2/shared-connections.js';
import { type ConnectionResponse, HttpConnection, type RequestOptions } from './connection.js';
import { ConnectionFailure } from './failures.js';
import type { ConnectionTarget, SessionStore } from './open-socket.js';
import { ReadingSocket } from './reading-socket.js';
import { checkRequest, type OutgoingRequest } from './request-head.js';

const SWEEP_MS = 2_000;
/** A request that may not be sent twice takes no connection that its server may just be closing. */
const TRUSTED_IDLE_MS = 1_000;

/** The connections to one server, and what they know of it. */
interface Lane {
  /** The one used last is taken first, so that the others can go. */
  idle: HttpConnection[];
  readonly sessions: SessionStore;
  readonly http2: SharedConnections;
}

export interface PoolRequest extends RequestOptions {
  /** Requests of one key share connections. */
  readonly key: string;
  readonly target: ConnectionTarget;
  readonly request: OutgoingRequest;
  /** Whether HTTP/2 is used where the server offers it. */
  readonly mayUseHttp2: boolean;
  /** True: it does no harm if the server gets it twice. */
  readonly isIdempotent: boolean;
}

/** Connections that are kept open between requests, as many as there are requests at once. */
export class ConnectionPool {
  readonly #lanes = new Map<string, Lane>();
  readonly #open = new Set<HttpConnection>();
  #sweeper: NodeJS.Timeout | null = null;
  #isClosed = false;

  /** Throws what `checkRequest`, `HttpConnection` and `SharedConnections` throw. */
  async request(request: PoolRequest): Promise<ConnectionResponse> {
    const { signal, isIdempotent } = request;
    signal.throwIfAborted();
    // Before a connection is taken, which would wait for an answer to what was never sent.
    checkRequest(request.request);
    const lane = this.#laneOf(request.key);
    if (request.mayUseHttp2) {
      const response = await lane.http2.request(request.target, request.request, request);
      if (response !== null) return response;
    }
    // Some servers close without a word: what came with the end of the last answer is seen before anything is risked.
    if (!isIdempotent && lane.idle.length > 0) await nextReads();
    const kept = takeIdle(lane, isIdempotent);
    if (kept !== null) {
      try {
        return await kept.request(request.request, request);
      } catch (error) {
        // It was being closed while the request went out: another takes it, as RFC 9112, section 9.3.1 has it.
        if (!isIdempotent || !kept.wasSilent || signal.aborted) throw error;
      }
    }
    const connection = await this.#connect(lane, request);
    return await connection.request(request.request, request);
  }

  /** Ends all connections at once, those in use too. */
  destroy(): void {
    this.#isClosed = true;
    this.#stopSweeping();
    for (const lane of this.#lanes.values()) lane.http2.destroy();
    for (const connection of [...this.#open]) connection.destroy(new ConnectionFailure('TIDEGATE_CLOSED'));
  }

  async #connect(lane: Lane, { target, signal }: PoolRequest): Promise<HttpConnection> {
    return this.#add(lane, await ReadingSocket.open(target, lane.sessions, ['http/1.1'], signal));
  }

  #add(lane: Lane, opened: ReadingSocket): HttpConnection {
    const connection = new HttpConnection(opened, (freed) => {
      if (freed.isClosed) this.#open.delete(freed);
      else this.#keep(lane, freed);
    });
    this.#open.add(connection);
    if (this.#isClosed) connection.destroy(new ConnectionFailure('TIDEGATE_CLOSED'));
    return connection;
  }

  #keep(lane: Lane, connection: HttpConnection): void {
    lane.idle.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  #sweep(): void {
    for (const [key, lane] of this.#lanes) {
      for (const connection of lane.idle) {
        if (!connection.isFresh(Number.POSITIVE_INFINITY)) connection.destroy(new ConnectionFailure('TIDEGATE_CLOSED'));
      }
      lane.idle = lane.idle.filter((connection) => !connection.isClosed);
      const isForgettable = lane.sessions.session === undefined && lane.http2.isUnused;
      if (lane.idle.length === 0 && isForgettable) this.#lanes.delete(key);
    }
    if ([...this.#lanes.values()].every(({ idle }) => idle.length === 0)) this.#stopSweeping();
  }

  #stopSweeping(): void {
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
  }

  #laneOf(key: string): Lane {
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      const sessions = { session: undefined };
      // What told that the server speaks HTTP/1.1 is the first connection to do so.
      const http2 = new SharedConnections(sessions, (opened) => this.#keep(known, this.#add(known, opened)));
      const known: Lane = { idle: [], sessions, http2 };
      this.#lanes.set(key, known);
      return known;
    }
    return lane;
  }
}

/** Resolves when all sockets have been looked at once more. */
function nextReads(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

function takeIdle(lane: Lane, isIdempotent: boolean): HttpConnection | null {
  const mostIdleMs = isIdempotent ? Number.POSITIVE_INFINITY : TRUSTED_IDLE_MS;
  for (let at = lane.idle.length - 1; at >= 0; at--) {
    const connection = lane.idle[at]!;
    if (!connection.isFresh(mostIdleMs)) continue;
    lane.idle.splice(at, 1);
    return connection;
  }
  return null;
}
