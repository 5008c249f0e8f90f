import type { Writable } from 'node:stream';

/** Parts together shorter than this are copied into one: a second system call costs more. */
const MOST_COPIED_BYTES = 16 * 1024;
/** So much is written at once: waiting for more would only hold it up. */
const MOST_GATHERED_BYTES = 64 * 1024;

/**
 * Writes to a socket, those of a moment at once: each write is a system call, and wakes the other side up. What is written in one
 * run of code goes out when that ends, or is held for longer. Frames that have come together still lie side by side in what was read,
 * and go on as the one piece that they were.
 */
export class GatheringWriter {
  readonly #socket: Writable;
  #isHeld = false;
  #isScheduled = false;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(socket: Writable) {
    this.#socket = socket;
  }

  /** Keeps what is written until `release` or `flush`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.flush();
  }

  /** The bytes must not change any more. */
  write(bytes: Buffer): void {
    const last = this.#parts.at(-1);
    if (last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
      this.#parts[this.#parts.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    } else this.#parts.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= MOST_GATHERED_BYTES) this.flush();
    else if (!this.#isHeld && !this.#isScheduled) this.#schedule();
  }

  flush(): void {
    const parts = this.#parts;
    const length = this.#bytes;
    if (parts.length === 0) return;
    this.#parts = [];
    this.#bytes = 0;
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    if (parts.length === 1) {
      this.#socket.write(parts[0]!);
      return;
    }
    if (length <= MOST_COPIED_BYTES) {
      this.#socket.write(Buffer.concat(parts, length));
      return;
    }
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }

  #schedule(): void {
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (!this.#isHeld) this.flush();
    });
  }
}
