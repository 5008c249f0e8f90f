import type { Duplex } from 'node:stream';
import type { Frame } from '../wire/frames.js';
import { ClientFrameReader } from '../wire/frames.js';

/** The socket is not read further while more than this is waiting to be handled. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/**
 * A client's frames in order. The socket is read ahead of their handling, a bounded piece, so that a client that goes
 * away is noticed while its statement runs.
 */
export class FrameQueue {
  readonly #socket: Duplex;
  readonly #reader = new ClientFrameReader();
  readonly #frames: Frame[] = [];
  #queuedBytes = 0;
  #isEnded = false;
  #error: unknown = null;
  #waiter: (() => void) | null = null;

  /** @param first bytes that came behind the startup packet */
  constructor(socket: Duplex, first: Buffer) {
    this.#socket = socket;
    if (first.length > 0) this.#push(first);
    socket.on('data', (chunk: Buffer) => this.#push(chunk));
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
    socket.resume();
  }

  /** The next frame if it is there already. */
  take(): Frame | undefined {
    const frame = this.#frames.shift();
    if (frame !== undefined) {
      this.#queuedBytes -= frame.bytes.length;
      if (this.#queuedBytes < MAX_QUEUED_BYTES / 2 && this.#socket.isPaused()) this.#socket.resume();
    }
    return frame;
  }

  /**
   * The next frame, waiting for it; null when the client is gone.
   * @throws 08P01 when what came is not the protocol, after the frames before it were taken
   */
  async next(): Promise<Frame | null> {
    for (;;) {
      const frame = this.take();
      if (frame !== undefined) return frame;
      if (this.#error !== null) throw this.#error;
      if (this.#isEnded) return null;
      await new Promise<void>((resolve) => {
        this.#waiter = resolve;
      });
    }
  }

  /** Puts a frame back that was taken by mistake. */
  putBack(frame: Frame): void {
    this.#frames.unshift(frame);
    this.#queuedBytes += frame.bytes.length;
  }

  #push(chunk: Buffer): void {
    if (this.#error !== null) return;
    try {
      for (const frame of this.#reader.push(chunk)) {
        this.#frames.push(frame);
        this.#queuedBytes += frame.bytes.length;
      }
    } catch (error) {
      this.#error = error;
    }
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.#socket.pause();
    this.#wake();
  }

  #end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  #wake(): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.();
  }
}
