import { connect, type Socket } from 'node:net';
import { serveParent } from './child.js';
import { RowCounter } from './row-counter.js';

/** What the benchmark asks this process to do. Connections are kept under their names. */
export interface ClientRequest {
  readonly connection: string;
  readonly port: number;
  readonly sql: string;
}

/** How one query went; times from the moment it was written to the socket. */
export interface ClientResult {
  readonly rows: number;
  /** Of DataRow messages. */
  readonly bytes: number;
  /** Null where there was no row. */
  readonly firstRowMs: number | null;
  readonly totalMs: number;
}

/** The smallest PostgreSQL client: trusted login, simple queries, rows counted and dropped. */
class RawClient {
  readonly #socket: Socket;
  #counter = new RowCounter((type, body) => this.#handle(type, body));
  #failure: Error | null = null;
  #firstRowAt: number | null = null;
  #settle: ((error: Error | null) => void) | null = null;

  private constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        this.#counter.push(chunk);
        if (this.#firstRowAt === null && this.#counter.rows > 0) this.#firstRowAt = performance.now();
      } catch (error) {
        this.#socket.destroy(error as Error);
      }
    });
    this.#socket.on('error', (error) => this.#finish(error));
    this.#socket.on('close', () => this.#finish(new Error('the gateway closed the connection')));
  }

  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    const parameters = Buffer.from('user\0tidegate\0database\0tidegate\0client_encoding\0UTF8\0\0');
    const header = Buffer.alloc(8);
    header.writeInt32BE(8 + parameters.length, 0);
    header.writeInt32BE(196608, 4);
    await client.#exchange(Buffer.concat([header, parameters]));
    return client;
  }

  async query(sql: string): Promise<ClientResult> {
    this.#counter = new RowCounter((type, body) => this.#handle(type, body));
    this.#firstRowAt = null;
    const text = Buffer.from(`${sql}\0`);
    const header = Buffer.from('Q\0\0\0\0');
    header.writeInt32BE(4 + text.length, 1);
    const startedAt = performance.now();
    await this.#exchange(Buffer.concat([header, text]));
    const firstRowMs = this.#firstRowAt === null ? null : this.#firstRowAt - startedAt;
    return { rows: this.#counter.rows, bytes: this.#counter.bytes, firstRowMs, totalMs: performance.now() - startedAt };
  }

  #exchange(message: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#failure = null;
      this.#settle = (error) => (error === null ? resolve() : reject(error));
      this.#socket.write(message);
    });
  }

  #handle(type: string, body: Buffer): void {
    if (type === 'R' && body.readInt32BE(0) !== 0) this.#failure = new Error('the gateway asks for a password');
    if (type === 'E') this.#failure = new Error(body.toString('utf8').replaceAll('\0', ' ').trim());
    if (type === 'Z') this.#finish(this.#failure);
    else if (this.#failure !== null && type === 'R') this.#socket.destroy(this.#failure);
  }

  #finish(error: Error | null): void {
    const settle = this.#settle;
    this.#settle = null;
    settle?.(this.#failure ?? error);
  }
}

const clients = new Map<string, RawClient>();

serveParent<ClientRequest, ClientResult>(async ({ connection, port, sql }) => {
  const client = clients.get(connection) ?? (await RawClient.connect(port));
  clients.set(connection, client);
  return client.query(sql);
});
