import { connect, type Socket } from 'node:net';
import { readErrorFields } from '../../src/wire/messages.js';
import { startupMessage } from '../../src/wire/startup.js';
import { frontend } from '../../src/wire/write.js';

export interface BackendFrame {
  readonly type: string;
  readonly bytes: Buffer;
}

/** A PostgreSQL client of bare frames, for what drivers do not let one do. */
export class RawClient {
  readonly socket: Socket;
  /** The BackendKeyData frame of the login. */
  backendKey: Buffer | null = null;
  #pending = Buffer.alloc(0);
  #frames: BackendFrame[] = [];
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#pending = Buffer.concat([this.#pending, chunk]);
      while (this.#pending.length >= 5 && this.#pending.length > this.#pending.readInt32BE(1)) {
        const end = 1 + this.#pending.readInt32BE(1);
        this.#frames.push({ type: String.fromCharCode(this.#pending[0]!), bytes: this.#pending.subarray(0, end) });
        this.#pending = this.#pending.subarray(end);
      }
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** Only a TCP connection: nothing is sent. */
  static async open(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawClient(socket);
  }

  /** Connects and logs in as a trusted user. */
  static async login(port: number, parameters: Record<string, string> = {}): Promise<RawClient> {
    const client = await RawClient.open(port);
    const all = { user: 'tidegate', database: 'tidegate', ...parameters };
    client.socket.write(startupMessage(196608, Object.entries(all)));
    const frames = await client.until('Z');
    if (frames.some((frame) => frame.type === 'E')) throw new Error(errorOf(frames)?.message);
    client.backendKey = frames.find((frame) => frame.type === 'K')?.bytes ?? null;
    return client;
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Takes frames up to and including the first of a type; fails after `timeoutMs` or at the connection's end. */
  async until(type: string, timeoutMs = 15_000): Promise<BackendFrame[]> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const index = this.#frames.findIndex((frame) => frame.type === type);
      if (index >= 0) return this.#frames.splice(0, index + 1);
      if (this.#isClosed) throw new Error(`connection closed before "${type}"; got ${this.#types()}`);
      if (Date.now() > deadline) throw new Error(`no "${type}" within ${timeoutMs} ms; got ${this.#types()}`);
      await this.#change(deadline - Date.now());
    }
  }

  /** Everything until the server ends the connection. */
  async untilClosed(timeoutMs = 15_000): Promise<BackendFrame[]> {
    const deadline = Date.now() + timeoutMs;
    while (!this.#isClosed) {
      if (Date.now() > deadline) throw new Error(`the connection stayed open; got ${this.#types()}`);
      await this.#change(deadline - Date.now());
    }
    return this.#frames.splice(0);
  }

  /** What has arrived so far. */
  get received(): readonly BackendFrame[] {
    return this.#frames;
  }

  query(sql: string, timeoutMs?: number): Promise<BackendFrame[]> {
    this.send(frontend.query(sql));
    return this.until('Z', timeoutMs);
  }

  close(): void {
    this.socket.destroy();
  }

  #types(): string {
    return this.#frames.map((frame) => frame.type).join('');
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

export function typesOf(frames: readonly BackendFrame[]): string {
  return frames.map((frame) => frame.type).join('');
}

/** The first ErrorResponse as an object; null: none. */
export function errorOf(frames: readonly BackendFrame[]) {
  const frame = frames.find((candidate) => candidate.type === 'E');
  if (frame === undefined) return null;
  const fields = readErrorFields(frame.bytes);
  return {
    severity: fields.get('V'),
    sqlstate: fields.get('C'),
    message: fields.get('M'),
    detail: fields.get('D'),
    hint: fields.get('H'),
    position: fields.get('P'),
  };
}

/** Rows of the DataRow frames as text. */
export function rowsOf(frames: readonly BackendFrame[]): (string | null)[][] {
  return frames
    .filter((frame) => frame.type === 'D')
    .map(({ bytes }) => {
      let at = 7;
      return Array.from({ length: bytes.readInt16BE(5) }, () => {
        const length = bytes.readInt32BE(at);
        at += 4;
        if (length < 0) return null;
        at += length;
        return bytes.toString('utf8', at - length, at);
      });
    });
}
