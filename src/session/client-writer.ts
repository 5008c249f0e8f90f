import type { Duplex } from 'node:stream';
import { GatheringWriter } from './gathering-writer.js';

/** The client's side of a session: bytes out, with the socket's backpressure to wait for. */
export class ClientWriter {
  readonly #socket: Duplex;
  readonly #writer: GatheringWriter;
  #waiters: (() => void)[] = [];

  constructor(socket: Duplex) {
    this.#socket = socket;
    this.#writer = new GatheringWriter(socket);
    const release = (): void => {
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const waiter of waiters) waiter();
    };
    socket.on('drain', release);
    socket.on('close', release);
  }

  /** Queues bytes, which must not change any more; false: wait for `drained` before more. */
  write(bytes: Buffer): boolean {
    if (bytes.length === 0 || this.#socket.destroyed || this.#socket.writableEnded) return true;
    this.#writer.write(bytes);
    return !this.#socket.writableNeedDrain;
  }

  /** Resolves when the client has taken what was written, or is gone. */
  drained(): Promise<void> {
    this.#writer.flush();
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Sends what is queued and ends the connection. */
  end(): void {
    this.#writer.flush();
    this.#socket.end();
  }
}
