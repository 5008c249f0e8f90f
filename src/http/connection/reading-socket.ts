import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type ConnectionTarget, openSocket, type SessionStore } from './open-socket.js';

/** What the system is asked for at once: about a page, so that most come in one or two pieces. */
const READ_BYTES = 128 * 1024;

/** What the two sides may agree on to speak over TLS (ALPN, RFC 7301), the preferred one first. */
export type Protocols = readonly ('h2' | 'http/1.1')[];

/** Who takes what a socket brings. */
export interface Receiver {
  /** Takes bytes `[0, size)` of memory that is used again; false: no more until `resume`. */
  receive(bytes: Buffer, size: number): boolean;
  /** The other side has closed it, or the system has, for this reason; what came before has been taken. Perhaps called twice. */
  lose(failure: Error | null): void;
}

/** An open socket that is read into memory of its own, once there is somebody to take it. */
export class ReadingSocket {
  readonly #memory = Buffer.allocUnsafeSlow(READ_BYTES);
  /** For what comes while the receiver has the other. */
  #otherMemory: Buffer | null = null;
  #given: Uint8Array | null = null;
  #socket: Socket | null = null;
  #receiver: Receiver | null = null;
  /** Whether nothing may be given to the receiver now. */
  #isHeld = true;
  /** What came nevertheless: a server may speak first, and TLS passes on all records of a read, whatever it is told. */
  readonly #held: Buffer[] = [];
  #failure: Error | null = null;
  /** What the receiver has to be told after all that is held. */
  #isLost = false;

  private constructor() {}

  /** Throws what `openSocket` throws. */
  static async open(
    target: ConnectionTarget,
    sessions: SessionStore,
    protocols: Protocols,
    signal: AbortSignal,
  ): Promise<ReadingSocket> {
    const reading = new ReadingSocket();
    const onread = {
      buffer: () => reading.#nextMemory(),
      callback: (size: number, bytes: Uint8Array) => reading.#receive(bytes as Buffer, size),
    };
    const socket = await openSocket(target, sessions, protocols, onread, signal);
    reading.#socket = socket;
    socket.on('error', (error) => {
      reading.#failure = error;
    });
    socket.on('end', () => reading.#lose());
    socket.on('close', () => reading.#lose());
    // Through a tunnel: bytes come in memory of their own.
    socket.on('data', (chunk: Buffer) => {
      if (!reading.#receive(chunk, chunk.length)) socket.pause();
    });
    return reading;
  }

  get socket(): Socket {
    return this.#socket!;
  }

  get isHttp2(): boolean {
    return (this.#socket as Partial<TLSSocket>).alpnProtocol === 'h2';
  }

  /** Begins to read; called once. */
  attach(receiver: Receiver): void {
    this.#receiver = receiver;
    this.resume();
  }

  /** The receiver takes more. */
  resume(): void {
    this.#isHeld = false;
    while (this.#held.length > 0 && !this.#isHeld) {
      const bytes = this.#held.shift()!;
      this.#isHeld = !this.#receiver!.receive(bytes, bytes.length);
    }
    if (this.#isHeld) return;
    if (this.#isLost) this.#receiver!.lose(this.#failure);
    else this.#socket!.resume();
  }

  #receive(bytes: Buffer, size: number): boolean {
    if (this.#isHeld) this.#held.push(Buffer.from(bytes.subarray(0, size)));
    else {
      this.#given = bytes;
      this.#isHeld = !this.#receiver!.receive(bytes, size);
    }
    return !this.#isHeld;
  }

  /** Where the next bytes go: not where those are that the receiver still looks at. */
  #nextMemory(): Buffer {
    if (!this.#isHeld || this.#given !== this.#memory) return this.#memory;
    this.#otherMemory ??= Buffer.allocUnsafeSlow(READ_BYTES);
    return this.#otherMemory;
  }

  #lose(): void {
    this.#isLost = true;
    if (this.#receiver !== null && this.#held.length === 0) this.#receiver.lose(this.#failure);
  }
}
