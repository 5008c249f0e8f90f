import type { Socket } from 'node:net';
import type { Frame } from '../wire/frames.js';
import { FRAME_HEADER_BYTES } from '../wire/frames.js';
import { frontend } from '../wire/write.js';
import type { ClientWriter } from './client-writer.js';
import {
  ANSWER,
  type Disposition,
  ENDS_IN_READY,
  EngineError,
  type Expectation,
  FINAL,
  PREPARES,
  type RequestKind,
  SkippedError,
} from './engine-answers.js';
import { GatheringWriter } from './gathering-writer.js';

/** How long the engine may take to end a session after Terminate. */
const CLOSE_TIMEOUT_MS = 5000;

/**
 * One session's connection to the engine. Every request sent is matched with its answer, so that the gateway's own
 * requests can go between the client's without the client seeing them, while all else is passed on as raw bytes.
 */
export class EngineLink {
  readonly #socket: Socket;
  readonly #requests: GatheringWriter;
  readonly #client: ClientWriter;
  readonly #expected: Expectation[] = [];
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  #isFailed = false;
  #isCopyIn = false;
  #isClosed = false;
  #idleWaiters: (() => void)[] = [];
  #syncsSent = 0;
  onParameterStatus: (frame: Buffer) => void = () => {};
  /** Called for each ReadyForQuery with the transaction status, and which of the `syncsSent` it answers, from 1. */
  onReady: (status: string, sync: number) => void = () => {};
  onCopyIn: () => void = () => {};
  /** False: the engine converts what it gets and sends from and to another encoding. */
  isClientUtf8: () => boolean = () => true;

  constructor(socket: Socket, client: ClientWriter) {
    this.#socket = socket;
    this.#requests = new GatheringWriter(socket);
    this.#client = client;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.#onClose());
  }

  /** True from an error in a pipeline until the Sync that ends it: the engine ignores everything in between. */
  get isFailed(): boolean {
    return this.#isFailed;
  }

  /** The engine takes COPY data from the client. */
  get isCopyIn(): boolean {
    return this.#isCopyIn;
  }

  /** The engine owes answers. */
  get isBusy(): boolean {
    return this.#expected.length > 0;
  }

  /** All that the engine still owes are answers to the messages that prepare a statement. */
  get isPreparing(): boolean {
    return this.#expected.every(({ kind }) => PREPARES.has(kind));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many requests that end in ReadyForQuery were sent so far. */
  get syncsSent(): number {
    return this.#syncsSent;
  }

  /** Keeps what is sent until `release`. */
  hold(): void {
    this.#requests.hold();
  }

  release(): void {
    this.#requests.release();
  }

  /** Sends bytes that have no answer of their own (Flush, COPY data, passwords, Terminate). */
  send(bytes: Buffer): void {
    if (!this.#isClosed) this.#requests.write(bytes);
  }

  copyInEnded(): void {
    this.#isCopyIn = false;
  }

  /** Sends a request whose answer goes to the client unless `disposition` says otherwise. */
  request(bytes: Buffer, kind: RequestKind, disposition: Disposition = {}): void {
    if (this.#isClosed) {
      disposition.onFailed?.(null);
      return;
    }
    this.#requests.write(bytes);
    if (ENDS_IN_READY.has(kind)) this.#syncsSent++;
    // Whoever waits for all answers has asked for those before it only.
    else if (this.#idleWaiters.length > 0) this.#requests.write(frontend.flush);
    // After a failure the first answer still owed is that of the Sync; what follows it is not skipped.
    if (this.#isFailed && this.#expected.length === 0 && kind !== 'sync') this.#skip({ kind, ...disposition });
    else this.#expected.push({ kind, ...disposition });
  }

  /** Sends a request of the gateway's own; resolves with the frames of its answer, which the client does not see. */
  ask(bytes: Buffer, kind: RequestKind): Promise<Frame[]> {
    return new Promise((resolve, reject) => {
      const frames: Frame[] = [];
      this.request(bytes, kind, {
        onFrame: (frame) => {
          frames.push({ type: frame.type, bytes: Buffer.from(frame.bytes) });
          return null;
        },
        onDone: () => resolve(frames),
        onFailed: (error) => reject(error === null ? new SkippedError('request skipped') : new EngineError(error)),
      });
    });
  }

  /** Waits until the engine has answered everything asked so far. */
  async settled(): Promise<void> {
    const last = this.#expected.at(-1);
    if (last === undefined) return;
    if (!ENDS_IN_READY.has(last.kind)) this.send(frontend.flush);
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Resolves when the engine's socket has room again. */
  async drained(): Promise<void> {
    this.#requests.flush();
    if (!this.#socket.writableNeedDrain || this.#isClosed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }

  /** Sends what is queued and ends the connection. */
  close(): void {
    this.#requests.flush();
    this.#socket.end();
  }

  /** Resolves when the connection has ended: nothing of the session holds locks any more. */
  async closed(): Promise<void> {
    if (this.#isClosed) return;
    const deadline = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
    await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    clearTimeout(deadline);
  }

  #onData(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
    if (!this.#hasWholeFrame()) return;
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#chunkBytes);
    const rest = bytes.subarray(this.#readFrames(bytes));
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#chunkBytes = rest.length;
    if (this.#expected.length === 0) this.#releaseIdle();
  }

  /** Whether the first frame is complete; keeps a huge frame from being copied again with each chunk of it. */
  #hasWholeFrame(): boolean {
    if (this.#chunkBytes < FRAME_HEADER_BYTES) return false;
    if (this.#chunks[0]!.length < FRAME_HEADER_BYTES) this.#chunks = [Buffer.concat(this.#chunks, this.#chunkBytes)];
    return this.#chunkBytes >= 1 + this.#chunks[0]!.readInt32BE(1);
  }

  /** Handles the complete frames of `bytes`, passing stretches of them on in one write; returns where they end. */
  #readFrames(bytes: Buffer): number {
    let at = 0;
    let relayFrom = 0;
    const relayUpTo = (end: number): void => {
      if (end > relayFrom) this.#toClient(bytes.subarray(relayFrom, end));
    };
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      const end = at + 1 + bytes.readInt32BE(at + 1);
      if (end > bytes.length) break;
      const type = bytes[at]!;
      const head = this.#expected[0];
      const isBulk = type === ANSWER.dataRow || type === ANSWER.copyData;
      if (!(isBulk && head?.onFrame === undefined)) {
        const frame = bytes.subarray(at, end);
        const passed = this.#accept(type, frame);
        if (passed !== frame) {
          relayUpTo(at);
          relayFrom = end;
          if (passed !== null) this.#toClient(passed);
        }
      }
      at = end;
    }
    relayUpTo(at);
    return at;
  }

  /** Matches a frame with the request it answers; returns what the client gets for it. */
  #accept(type: number, frame: Buffer): Buffer | null {
    if (type === ANSWER.notice || type === ANSWER.notification) return frame;
    if (type === ANSWER.parameterStatus) {
      this.onParameterStatus(frame);
      return frame;
    }
    const head = this.#expected[0];
    if (type === ANSWER.error) return this.#acceptError(head, frame);
    if (type === ANSWER.ready) {
      this.#isFailed = false;
      this.#isCopyIn = false;
      const owed = this.#expected.filter(({ kind }) => ENDS_IN_READY.has(kind)).length;
      this.onReady(String.fromCharCode(frame[FRAME_HEADER_BYTES]!), this.#syncsSent - owed + 1);
    }
    if (head === undefined) return frame;
    const passed = head.onFrame === undefined ? frame : head.onFrame({ type, bytes: frame });
    if (type === ANSWER.copyIn) this.#beginCopyIn();
    if (FINAL[head.kind].has(type)) {
      this.#expected.shift();
      head.onDone?.();
    }
    return passed;
  }

  #acceptError(head: Expectation | undefined, frame: Buffer): Buffer | null {
    this.#isCopyIn = false;
    // A connection that ends (FATAL) may say so without having been asked.
    if (head === undefined) return frame;
    const onError = head.onError ?? ((bytes: Buffer) => head.onFrame?.({ type: ANSWER.error, bytes }) ?? null);
    const passed = head.onError === undefined && head.onFrame === undefined ? frame : onError(frame);
    const copy = Buffer.from(frame);
    if (ENDS_IN_READY.has(head.kind)) {
      head.onFailed?.(copy);
      return passed;
    }
    this.#isFailed = true;
    this.#expected.shift();
    head.onFailed?.(copy);
    while (this.#expected.length > 0 && this.#expected[0]!.kind !== 'sync') this.#skip(this.#expected.shift()!);
    return passed;
  }

  /** After an error in the extended protocol the engine ignores everything until Sync, simple queries too. */
  #skip(expectation: Expectation): void {
    if (ENDS_IN_READY.has(expectation.kind)) this.#syncsSent--;
    expectation.onFailed?.(null);
  }

  /** While COPY data flows the engine ignores Sync, also one that the client has sent along already. */
  #beginCopyIn(): void {
    this.#isCopyIn = true;
    if (this.#expected[0]?.kind !== 'execute') {
      this.onCopyIn();
      return;
    }
    while (this.#expected[1]?.kind === 'sync') this.#expected.splice(1, 1);
    this.onCopyIn();
  }

  #toClient(bytes: Buffer): void {
    if (this.#client.write(bytes)) return;
    this.#socket.pause();
    void this.#client.drained().then(() => this.#socket.resume());
  }

  #releaseIdle(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const waiter of waiters) waiter();
  }

  #onClose(): void {
    this.#isClosed = true;
    for (const expectation of this.#expected.splice(0)) expectation.onFailed?.(null);
    this.#releaseIdle();
  }
}
