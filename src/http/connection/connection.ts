import type { Socket } from 'node:net';
import { type BodyFraming, framingOf } from './body-framing.js';
import type { ByteSource } from './byte-source.js';
import { ConnectionFailure, NotHttp } from './failures.js';
import { type BodyOrigin, IncomingBody } from './incoming-body.js';
import type { ReadingSocket, Receiver } from './reading-socket.js';
import { type OutgoingRequest, writeRequestHead } from './request-head.js';
import { HeadReader, type ResponseHead } from './response-head.js';

/** What APIs close idle connections after is mostly more; a request on one that is just being closed would be lost. */
const KEEP_ALIVE_MS = 10_000;
/** How much earlier than a server says it will. */
const KEEP_ALIVE_MARGIN_MS = 1_000;

/** A response whose body has not been read yet. */
export interface ConnectionResponse {
  readonly head: ResponseHead;
  readonly body: ByteSource;
}

export interface RequestOptions {
  /** How long the body's reader waits for a chunk. */
  readonly bodyIdleMs: number;
  /** Ends the connection as long as the response has not been read to its end. */
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly resolve: (response: ConnectionResponse) => void;
  readonly reject: (reason: unknown) => void;
  readonly isHead: boolean;
  readonly bodyIdleMs: number;
}

/**
 * One connection that speaks HTTP/1.1: a request, its response, and then the next. Bytes are read into memory of its own
 * that the body's reader sees directly; nothing is read while a chunk is in the reader's hands, so a slow reader slows the
 * server.
 */
export class HttpConnection implements BodyOrigin, Receiver {
  readonly #heads = new HeadReader();
  /** Called when it can take another request, or is closed. */
  readonly #onFree: (connection: HttpConnection) => void;
  readonly #reading: ReadingSocket;
  readonly #socket: Socket;
  #waiting: Waiting | null = null;
  #body: IncomingBody | null = null;
  #framing: BodyFraming | null = null;
  #isSilent = false;
  #stopListening = (): void => {};
  /** When it became idle, of `performance.now()`. */
  #idleSince = performance.now();
  #idleMs = KEEP_ALIVE_MS;
  #mayGoOn = true;
  #isClosed = false;

  constructor(opened: ReadingSocket, onFree: (connection: HttpConnection) => void) {
    this.#reading = opened;
    this.#socket = opened.socket;
    this.#onFree = onFree;
    opened.attach(this);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** True after a failure where not one byte of the response had come. */
  get wasSilent(): boolean {
    return this.#isSilent;
  }

  /** Whether it can take a request, having rested for at most so long, and not for longer than its server waits. */
  isFresh(mostIdleMs: number): boolean {
    return !this.#isClosed && performance.now() - this.#idleSince < Math.min(mostIdleMs, this.#idleMs);
  }

  /**
   * Sends a request; one at a time. Throws `NotHttp`, `ConnectionFailure`, the system's errors and the signal's reason, after which
   * it is closed.
   */
  request(request: OutgoingRequest, { bodyIdleMs, signal }: RequestOptions): Promise<ConnectionResponse> {
    const onAbort = (): void => this.destroy(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#stopListening = () => signal.removeEventListener('abort', onAbort);
    this.#isSilent = true;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, isHead: request.method === 'HEAD', bodyIdleMs };
      const head = writeRequestHead(request);
      const socket = this.#socket;
      if (request.body === null) socket.write(head, 'latin1');
      else socket.write(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(request.body, 'utf8')]));
    });
  }

  /** Ends it at once; who waits for a response or a chunk gets the reason. */
  destroy(reason: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    this.#socket.destroy();
    const waiting = this.#waiting;
    this.#waiting = null;
    const body = this.#body;
    this.#body = null;
    waiting?.reject(reason);
    body?.fail(reason);
    this.#onFree(this);
  }

  /** See `BodyOrigin`. */
  readMore(): void {
    this.#reading.resume();
  }

  /** See `BodyOrigin`. */
  closeBody(isWhole: boolean): void {
    this.#stopListening();
    this.#body = null;
    this.#framing = null;
    if (!isWhole || !this.#mayGoOn || this.#socket.writableLength > 0) {
      this.destroy(new ConnectionFailure('TIDEGATE_CLOSED'));
      return;
    }
    this.#idleSince = performance.now();
    this.#reading.resume();
    this.#onFree(this);
  }

  /** See `Receiver`. */
  receive(bytes: Buffer, size: number): boolean {
    try {
      return this.#take(bytes, size);
    } catch (error) {
      this.destroy(error);
      return false;
    }
  }

  #take(bytes: Buffer, size: number): boolean {
    this.#isSilent = false;
    let at = 0;
    while (this.#waiting !== null) {
      at = this.#heads.take(bytes, at, size);
      if (at < 0) return true;
      this.#begin(this.#heads.head, this.#waiting);
    }
    const framing = this.#framing;
    const body = this.#body;
    if (framing === null || body === null) {
      if (size > at) throw new NotHttp('something came that nobody asked for');
      return true;
    }
    const end = framing.take(bytes, at, size);
    if (framing.hasSurplus) this.#mayGoOn = false;
    if (end > at) body.push(bytes.subarray(at, end));
    if (framing.isComplete) body.end();
    return end === at;
  }

  #begin(head: ResponseHead, waiting: Waiting): void {
    const { status, headers } = head;
    if (status === 101) throw new NotHttp('it switches to another protocol (101)');
    // Interim responses come before the real one (RFC 9110, section 15.2).
    if (status < 200) return;
    this.#framing = framingOf(head, waiting.isHead);
    this.#body = new IncomingBody(this, waiting.bodyIdleMs);
    this.#mayGoOn = staysOpen(head);
    const told = Number(/\btimeout=(\d{1,6})/i.exec(headers.get('keep-alive') ?? '')?.[1] ?? Number.POSITIVE_INFINITY);
    this.#idleMs = Math.min(KEEP_ALIVE_MS, told * 1000 - KEEP_ALIVE_MARGIN_MS);
    this.#waiting = null;
    waiting.resolve({ head, body: this.#body });
  }

  /** See `Receiver`. */
  lose(failure: Error | null): void {
    if (this.#isClosed) return;
    const framing = this.#framing;
    const problem = framing?.isComplete === true ? null : (failure ?? framing?.atClose() ?? null);
    if (this.#body !== null && problem === null) {
      // This is how the body ends, or it has come in full; its last chunk may still be in the reader's hands.
      this.#mayGoOn = false;
      this.#body.end();
    } else this.destroy(problem ?? new ConnectionFailure('TIDEGATE_CLOSED'));
  }
}

function staysOpen({ minorVersion, headers }: ResponseHead): boolean {
  const options = (headers.get('connection') ?? '').toLowerCase().split(/[\s,]+/);
  if (options.includes('close')) return false;
  // Both at once is a sign of confusion somewhere on the way (RFC 9112, section 6.3).
  if (headers.get('transfer-encoding') !== null && headers.get('content-length') !== null) return false;
  return minorVersion === 1 || options.includes('keep-alive');
}
