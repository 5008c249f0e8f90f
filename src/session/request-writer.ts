import type { Socket } from 'node:net';

/** Parts together shorter than this are copied into one: a second system call costs more. */
const MOST_COPIED_BYTES = 16 * 1024;

/**
 * Writes to the engine, those of a moment at once. Frames that the client has sent together still lie side by side in
 * what was read, and go on as the one piece that they were.
 */
export class RequestWriter {
  readonly #socket: Socket;
  #isHeld = false;
  #parts: Buffer[] = [];

  constructor(socket: Socket) {
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

  write(bytes: Buffer): void {
    if (!this.#isHeld) {
      this.#socket.write(bytes);
      return;
    }
    const last = this.#parts.at(-1);
    if (last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
      this.#parts[this.#parts.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    } else this.#parts.push(bytes);
  }

  flush(): void {
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#parts = [];
    if (parts.length === 1) {
      this.#socket.write(parts[0]!);
      return;
    }
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length <= MOST_COPIED_BYTES) {
      this.#socket.write(Buffer.concat(parts, length));
      return;
    }
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }
}
