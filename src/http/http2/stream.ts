import { BrokenBody, NotHttp } from '../connection/failures.js';
import { ErrorCode } from './frames.js';
import type { HeaderField } from './header-table.js';
import { type BodyOwner, StreamBody } from './stream-body.js';

/** What the server may send of a body before it is read: at most as much waits here for a reader that rests. */
export const STREAM_WINDOW_BYTES = 2 ** 20;

/** What is reckoned with where an answer does not tell its length. */
const USUAL_BODY_BYTES = 16 * 1024;

/** What a stream asks of its connection. */
export interface StreamOwner {
  /** Lets the server send so many bytes more. */
  grant(stream: Http2Stream, bytes: number): void;
  /** Tells the server that nothing more is wanted of the stream. */
  reset(stream: Http2Stream, code: number): void;
  /** No data came in time. */
  onStalled(): void;
}

/** Called once, with the answer's status and headers or with why there is none. */
export interface AnswerListener {
  readonly onHeaders: (status: number, fields: readonly HeaderField[]) => void;
  readonly onFailure: (error: unknown) => void;
  /** The answer is over, however that came. */
  readonly onClosed: () => void;
}

/** One request's answer as its frames come in. The body is complete only once the server has said so. */
export class Http2Stream implements BodyOwner {
  readonly body: StreamBody;
  readonly #owner: StreamOwner;
  readonly #isHead: boolean;
  #listener: AnswerListener;
  #hasHeaders = false;
  #expectedBytes: number | null = null;
  #receivedBytes = 0;
  /** Received and not read, and read and not granted anew. */
  #unread = 0;
  #ungranted = 0;
  #isOver = false;

  constructor(
    readonly id: number,
    isHead: boolean,
    /** How much of the request's body may be sent. */
    public sendWindow: number,
    bodyIdleMs: number,
    owner: StreamOwner,
    listener: AnswerListener,
  ) {
    this.body = new StreamBody(this, bodyIdleMs);
    this.#owner = owner;
    this.#isHead = isHead;
    this.#listener = listener;
  }

  /** A whole block of headers. */
  receiveHeaders(fields: readonly HeaderField[], isEnd: boolean): void {
    // A second block after the answer's own are its trailers.
    if (!this.#hasHeaders) {
      const status = Number(fields.find(([name]) => name === ':status')?.[1]);
      if (!Number.isInteger(status)) {
        this.#refuse('an answer has no status');
        return;
      }
      // Not the answer yet (RFC 9110, section 15.2).
      if (status < 200 && !isEnd) return;
      this.#hasHeaders = true;
      const length = fields.find(([name]) => name === 'content-length')?.[1];
      const hasBody = !this.#isHead && status !== 304;
      if (length !== undefined && /^\d+$/.test(length) && hasBody) this.#expectedBytes = Number(length);
      this.#listener.onHeaders(status, fields);
    }
    if (isEnd) this.#end();
  }

  /** `bytes`: what it counts in the window, padding included. */
  receiveData(data: Buffer, bytes: number, isEnd: boolean): void {
    if (!this.#hasHeaders) {
      this.#refuse('data comes before the headers');
      return;
    }
    this.#unread += data.length;
    this.#ungranted += bytes - data.length;
    if (this.#unread + this.#ungranted > STREAM_WINDOW_BYTES) {
      this.#refuse('more data comes than its window has room for', ErrorCode.flowControlError);
      return;
    }
    const expected = this.#expectedBytes === null ? USUAL_BODY_BYTES : this.#expectedBytes - this.#receivedBytes;
    this.#receivedBytes += data.length;
    this.body.push(data, expected);
    if (isEnd) this.#end();
  }

  /** Ends it as broken off. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#hasHeaders) this.body.fail(error instanceof NotHttp ? brokenBy(error) : error);
    else {
      this.body.destroy();
      this.#listener.onFailure(error);
    }
  }

  /** Nothing more of it is wanted, for this reason. */
  abort(reason: unknown): void {
    if (!this.#isOver) this.#owner.reset(this, ErrorCode.cancel);
    this.fail(reason);
  }

  /** See `BodyOwner`. */
  onTaken(bytes: number): void {
    this.#unread -= bytes;
    this.#ungranted += bytes;
    if (this.#isOver || this.#ungranted < STREAM_WINDOW_BYTES / 2) return;
    this.#owner.grant(this, this.#ungranted);
    this.#ungranted = 0;
  }

  /** See `BodyOwner`. */
  onClosed(): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#owner.reset(this, ErrorCode.cancel);
    }
    this.#listener.onClosed();
  }

  /** See `BodyOwner`. */
  onStalled(): void {
    this.#owner.onStalled();
  }

  #end(): void {
    if (this.#isOver) return;
    const isShort = this.#expectedBytes !== null && this.#receivedBytes < this.#expectedBytes;
    const isLong = this.#expectedBytes !== null && this.#receivedBytes > this.#expectedBytes;
    if (isShort || isLong) this.fail(new BrokenBody(`it is ${isShort ? 'shorter' : 'longer'} than its Content-Length`));
    else {
      this.#isOver = true;
      this.body.end();
    }
  }

  /** The server broke the rules, on this stream alone. */
  #refuse(what: string, code: number = ErrorCode.protocolError): void {
    this.#owner.reset(this, code);
    this.fail(new NotHttp(what));
  }
}

function brokenBy(error: NotHttp): BrokenBody {
  return new BrokenBody(`it is not HTTP/2: ${error.message}`, error);
}
