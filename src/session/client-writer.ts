import type { Duplex } from 'node:stream';

/** The client's side of a session: bytes out, with the socket's backpressure to wait for. */
export class ClientWriter {
  readonly #socket: Duplex;
  #waiters: (() => void)[] = [];

  constructor(socket: Duplex) {
    this.#socket = socket;
    const release = (): void => {
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const waiter of waiters) waiter();
    };
    socket.on('drain', release);
    socket.on('close', release);
  }

  /** Queues bytes; false: wait for `drained` before more. */
  write(bytes: Buffer): boolean {
    if (bytes.length === 0 || this.#socket.destroyed || this.#socket.writableEnded) return true;
    return this.#socket.write(bytes);
  }

  /** Resolves when the client has taken what was written, or is gone. */
  drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}
