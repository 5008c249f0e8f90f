import type { Socket } from 'node:net';
import { ConnectionFailure, NotHttp } from '../connection/failures.js';
import type { ReadingSocket, Receiver } from '../connection/reading-socket.js';
import { HeaderCodingError } from './decode-headers.js';
import { FrameDispatcher, type FrameHandlers, type HeaderedStream } from './frame-dispatcher.js';
import { ErrorCode, Flag, type Frame, FrameType, ProtocolError, withoutPadding } from './frames.js';
import type { HeaderField } from './header-table.js';
import { CONNECTION_WINDOW_BYTES, Http2Sender } from './sender.js';
import { type AnswerListener, Http2Stream, type StreamOwner } from './stream.js';
import { goAwayFailure, resetFailure } from './stream-failure.js';

/** At the most at once, whatever the server takes. */
const MOST_STREAMS = 100;
const LAST_STREAM_ID = 2 ** 31 - 1;
const IDLE_MS = 10_000;
/** Of a server that wants to be answered and reads nothing. */
const MOST_UNSENT_BYTES = 4 * 2 ** 20;

/** What is sent to open a stream. */
export interface StreamRequest {
  readonly fields: readonly HeaderField[];
  readonly body: Buffer | null;
  readonly isHead: boolean;
  /** Between two chunks of the answer's body, while its reader waits for one. */
  readonly bodyIdleMs: number;
}

/**
 * The client's side of one HTTP/2 connection (RFC 9113): many requests at once, without pushes and priorities. A stream
 * fails with a `StreamFailure`, `NotHttp`, a `ConnectionFailure` or the socket's error.
 */
export class Http2Connection implements Receiver, FrameHandlers, StreamOwner {
  readonly #socket: Socket;
  readonly #sender: Http2Sender;
  readonly #frames = new FrameDispatcher(this);
  readonly #streams = new Map<number, Http2Stream>();
  /** Those whose bodies have just got more. */
  readonly #fed = new Set<Http2Stream>();
  readonly #onClosed: () => void;
  #onSettled = (): void => {};
  #isSettled = false;
  #nextId = 1;
  /** The last stream that the server will answer. */
  #lastId = LAST_STREAM_ID;
  /** Bytes received that the server may not yet send anew. */
  #ungranted = 0;
  #isRetired = false;
  #isClosed = false;
  #idleTimer: NodeJS.Timeout | null = null;

  /** Until the server has said how many requests it takes at once, or the connection is gone, there is room for one. */
  readonly settled = new Promise<void>((resolve) => {
    this.#onSettled = resolve;
  });

  /** `onClosed` is called once, when it is gone. */
  constructor(opened: ReadingSocket, onClosed: () => void) {
    this.#socket = opened.socket;
    this.#onClosed = onClosed;
    this.#sender = new Http2Sender(this.#socket);
    opened.attach(this);
    this.#rest();
  }

  /** Whether another request can go out on it now. */
  get hasRoom(): boolean {
    const { maxConcurrentStreams } = this.#sender.peer;
    const most = this.#isSettled ? Math.max(1, Math.min(MOST_STREAMS, maxConcurrentStreams)) : 1;
    return !this.#isRetired && this.#nextId < LAST_STREAM_ID && this.#streams.size < most;
  }

  /** Whether there may soon be more room than now. */
  get isSettling(): boolean {
    return !this.#isSettled && !this.#isRetired;
  }

  /** Whether the server has announced that it takes nothing more, or is gone. */
  get isGoing(): boolean {
    return this.#lastId !== LAST_STREAM_ID || this.#isClosed;
  }

  /** Sends a request; the listener is called later. */
  open({ fields, body, isHead, bodyIdleMs }: StreamRequest, listener: AnswerListener): Http2Stream {
    const { initialWindowSize } = this.#sender.peer;
    const stream = new Http2Stream(this.#nextId, isHead, initialWindowSize, bodyIdleMs, this, listener);
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    this.#stopIdling();
    this.#socket.ref();
    this.#sender.request(stream, fields, body);
    return stream;
  }

  /** Takes no further requests and closes after those under way: what did not answer in time may never do so. */
  retire(): void {
    this.#isRetired = true;
    if (this.#streams.size === 0) this.#leave(ErrorCode.noError);
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#close(new ConnectionFailure('TIDEGATE_CLOSED'));
  }

  grant(stream: Http2Stream, bytes: number): void {
    this.#sender.windowUpdate(stream.id, bytes);
  }

  reset(stream: Http2Stream, code: number): void {
    if (this.#streams.has(stream.id)) this.#sender.sendNumber(FrameType.resetStream, stream.id, code);
    this.#forget(stream);
  }

  onStalled(): void {
    this.retire();
  }

  /** See `Receiver`. Always takes all: the windows bound what comes. */
  receive(bytes: Buffer, size: number): boolean {
    this.#socket.cork();
    try {
      this.#frames.dispatch(bytes.subarray(0, size), () => this.#isClosed);
      for (const stream of this.#fed) stream.body.flush();
      this.#fed.clear();
      const isStuck = this.#socket.writableLength > MOST_UNSENT_BYTES;
      if (isStuck) throw new ProtocolError('the server reads nothing', ErrorCode.enhanceYourCalm);
    } catch (error) {
      const isCoding = error instanceof HeaderCodingError;
      if (!isCoding && !(error instanceof ProtocolError)) throw error;
      this.#leave(isCoding ? ErrorCode.compressionError : error.code);
      this.#close(new NotHttp(error.message));
    } finally {
      this.#socket.uncork();
    }
    return true;
  }

  /** See `Receiver`. */
  lose(failure: Error | null): void {
    this.#close(failure ?? new ConnectionFailure('TIDEGATE_CLOSED'));
  }

  /** Null for one that is over: what comes for it still counts for the connection. */
  #stream(id: number): Http2Stream | null {
    if (id % 2 === 0 || id >= this.#nextId) throw new ProtocolError(`stream ${id} was not opened`);
    return this.#streams.get(id) ?? null;
  }

  onHeaders({ streamId, fields, isEnd }: HeaderedStream): void {
    const stream = this.#stream(streamId);
    if (stream === null) return;
    if (isEnd) this.#forget(stream);
    stream.receiveHeaders(fields, isEnd);
  }

  onData(frame: Frame): void {
    const bytes = frame.payload.length;
    const stream = this.#stream(frame.streamId);
    this.#ungranted += bytes;
    if (this.#ungranted > CONNECTION_WINDOW_BYTES / 2) {
      this.#sender.windowUpdate(0, this.#ungranted);
      this.#ungranted = 0;
    }
    if (stream === null) return;
    const isEnd = frame.isLast && (frame.flags & Flag.endStream) !== 0;
    if (isEnd) this.#forget(stream);
    stream.receiveData(withoutPadding(frame), bytes, isEnd);
    if (!isEnd) this.#fed.add(stream);
  }

  onReset(streamId: number, code: number): void {
    const stream = this.#stream(streamId);
    if (stream === null) return;
    this.#forget(stream);
    stream.fail(resetFailure(code));
  }

  onSettings(payload: Buffer): void {
    const { peer } = this.#sender;
    const before = peer.initialWindowSize;
    peer.apply(payload);
    for (const stream of this.#streams.values()) this.#sender.widen(stream, peer.initialWindowSize - before);
    this.#sender.send(FrameType.settings, Flag.ack, 0, Buffer.alloc(0));
    this.#isSettled = true;
    this.#onSettled();
    this.#sender.sendBodies();
  }

  onPing(payload: Buffer): void {
    this.#sender.send(FrameType.ping, Flag.ack, 0, payload);
  }

  onGoAway(lastId: number, code: number): void {
    this.#isRetired = true;
    this.#lastId = Math.min(this.#lastId, lastId);
    for (const stream of [...this.#streams.values()]) {
      const isUnprocessed = stream.id > this.#lastId;
      // A server that goes for a reason answers nothing of what is under way.
      if (!isUnprocessed && code === ErrorCode.noError) continue;
      this.#forget(stream);
      stream.fail(goAwayFailure(code, isUnprocessed));
    }
    if (this.#streams.size === 0) this.#leave(ErrorCode.noError);
  }

  onWindowUpdate(streamId: number, bytes: number): void {
    const stream = streamId === 0 ? null : this.#stream(streamId);
    if (streamId !== 0 && stream === null) return;
    if (bytes === 0 || !this.#sender.widen(stream, bytes)) {
      throw new ProtocolError('a window of no size that can be', ErrorCode.flowControlError);
    }
    this.#sender.sendBodies();
  }

  #forget(stream: Http2Stream): void {
    this.#sender.forget(stream);
    if (!this.#streams.delete(stream.id) || this.#streams.size > 0) return;
    if (this.#isRetired) this.#leave(ErrorCode.noError);
    else this.#rest();
  }

  /** Says that it goes, and goes. */
  #leave(code: number): void {
    this.#isRetired = true;
    this.#stopIdling();
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(code, 4);
    this.#sender.send(FrameType.goAway, 0, 0, payload);
    this.#socket.destroySoon();
  }

  #close(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isRetired = true;
    this.#onSettled();
    this.#stopIdling();
    this.#socket.destroy();
    for (const stream of [...this.#streams.values()]) {
      this.#forget(stream);
      stream.fail(error);
    }
    this.#onClosed();
  }

  /** While nothing is asked for it keeps no process alive, and is closed after a while. */
  #rest(): void {
    if (this.#isClosed) return;
    this.#socket.unref();
    this.#idleTimer = setTimeout(() => this.retire(), IDLE_MS).unref();
  }

  #stopIdling(): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
  }
}
