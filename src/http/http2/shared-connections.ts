import type { ConnectionResponse, RequestOptions } from '../connection/connection.js';
import { ConnectionFailure } from '../connection/failures.js';
import type { ConnectionTarget, SessionStore } from '../connection/open-socket.js';
import { ReadingSocket } from '../connection/reading-socket.js';
import type { OutgoingRequest } from '../connection/request-head.js';
import { orAborted } from '../wait.js';
import { Http2Connection } from './connection.js';
import { requestOver } from './request.js';
import { StreamFailure } from './stream-failure.js';

/** Connections that a request is tried on which the server leaves before it has looked at it. */
const MOST_CONNECTIONS_TRIED = 3;

/**
 * The HTTP/2 connections to one server, which requests share. The first connection tells whether the server speaks HTTP/2;
 * that is remembered.
 */
export class SharedConnections {
  readonly #sessions: SessionStore;
  readonly #onHttp1: (opened: ReadingSocket) => void;
  readonly #connections = new Set<Http2Connection>();
  readonly #closing = new AbortController();
  #opening: Promise<void> | null = null;
  #isHttp1 = false;

  /** `onHttp1` gets the connection that told that the server speaks HTTP/1.1 only. */
  constructor(sessions: SessionStore, onHttp1: (opened: ReadingSocket) => void) {
    this.#sessions = sessions;
    this.#onHttp1 = onHttp1;
  }

  /** Nothing is open and nothing is known of the server. */
  get isUnused(): boolean {
    return this.#connections.size === 0 && this.#opening === null && !this.#isHttp1;
  }

  /** Null where HTTP/1.1 is to be used. Throws what `requestOver` and `openSocket` throw. */
  async request(
    target: ConnectionTarget,
    request: OutgoingRequest,
    options: RequestOptions,
  ): Promise<ConnectionResponse | null> {
    for (let tried = 1; ; ) {
      options.signal.throwIfAborted();
      if (this.#isHttp1) return null;
      const connection = this.#withRoom();
      if (connection === null) {
        await orAborted(this.#moreRoom(target), options.signal);
        continue;
      }
      try {
        // In the same turn: of several that waited for room, each sees what those before it have taken.
        return await requestOver(connection, request, options);
      } catch (error) {
        if (!(error instanceof StreamFailure) || !error.isUnprocessed) throw error;
        if (error.wantsHttp1) this.#isHttp1 = true;
        // A server that refuses a request on a connection it keeps wants it later: that is a retry.
        else if (!connection.isGoing || tried++ === MOST_CONNECTIONS_TRIED) throw error;
      }
    }
  }

  /** Ends all connections at once, those in use too. */
  destroy(): void {
    this.#closing.abort(new ConnectionFailure('TIDEGATE_CLOSED'));
    for (const connection of this.#connections) connection.destroy();
  }

  #withRoom(): Http2Connection | null {
    for (const connection of this.#connections) if (connection.hasRoom) return connection;
    return null;
  }

  /** A connection that is about to tell how much it takes, or a new one, which all wait for that come at once. */
  #moreRoom(target: ConnectionTarget): Promise<void> {
    for (const connection of this.#connections) if (connection.isSettling) return connection.settled;
    this.#opening ??= this.#open(target).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open(target: ConnectionTarget): Promise<void> {
    const opened = await ReadingSocket.open(target, this.#sessions, ['h2', 'http/1.1'], this.#closing.signal);
    if (opened.isHttp2) {
      const connection = new Http2Connection(opened, () => this.#connections.delete(connection));
      this.#connections.add(connection);
    } else if (this.#isHttp1) opened.socket.destroy();
    else {
      this.#isHttp1 = true;
      this.#onHttp1(opened);
    }
  }
}
