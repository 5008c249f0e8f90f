import type { Socket } from 'node:net';
import type pg from 'pg';
import { frontend } from '../wire/write.js';
import { SentQuery } from './sent-query.js';

/** So much may wait to be sent: the engine should not wait for rows while the next page is read. */
const QUEUED_BYTES = 512 * 1024;

const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);

/** The parts of node-postgres' connection that a COPY uses. */
interface CopyConnection {
  readonly stream: Socket;
  query(text: string): void;
  sendCopyFail(message: string): void;
}

/**
 * A query for node-postgres whose last statement is `COPY … FROM STDIN`. It takes finished CopyData frames and writes
 * them to the socket as they are, waiting for the socket to drain. Statements before the COPY run in the same message.
 *
 * Rows are sent without waiting to be asked for: where the engine has refused a statement before them it ignores them.
 */
export class CopyIn {
  /** Resolves when the engine is ready for the next query; rejects with its error. */
  readonly finished: Promise<void>;
  readonly #text: string;
  readonly #client: pg.Client;
  #connection: CopyConnection | null = null;
  #finish: () => void = () => undefined;
  #fail: ((error: unknown) => void)[] = [];
  #failure: unknown = null;
  #next: SentQuery | null = null;

  private constructor(client: pg.Client, text: string) {
    this.#client = client;
    this.#text = text;
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail.push(reject);
    });
    // Whoever waits sees the error; nobody need.
    this.finished.catch(() => undefined);
  }

  /** Hands the query to a client that has no other under way. */
  static begin(client: pg.Client, text: string): CopyIn {
    const copy = new CopyIn(client, text);
    client.query(copy as unknown as pg.Submittable);
    return copy;
  }

  /** Writes one CopyData frame; resolves when more can be written. */
  async write(frame: Buffer): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const { stream } = this.#connection!;
    if (stream.write(frame) || stream.writableLength < QUEUED_BYTES) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (act: () => void) => {
        stream.off('drain', onDrain).off('close', onClose);
        act();
      };
      const onDrain = () => settle(resolve);
      const onClose = () => settle(() => reject(this.#failure ?? new Error('the engine closed the connection')));
      stream.on('drain', onDrain).on('close', onClose);
      // The engine refuses a row without reading the rest, so a drain may never come.
      this.#fail.push((error) => settle(() => reject(error)));
    });
    this.#fail.length = 1;
  }

  /**
   * Says that all rows were sent, and sends what is to be run after them, in the same round trip; waits for the engine to have
   * done both. Where that fails the connection is of no more use: the answers that follow are nobody's.
   */
  async end(last: string): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const next = new SentQuery();
    this.#next = next;
    this.#connection!.stream.write(Buffer.concat([COPY_DONE, frontend.query(last)]));
    await this.finished;
    await next.finished;
  }

  /** The connection cannot be used any more. */
  get isSpent(): boolean {
    return this.#next !== null;
  }

  /** Makes the engine forget the rows; resolves when it has. */
  async abandon(): Promise<void> {
    if (this.#failure === null) this.#connection?.sendCopyFail('the scan was abandoned');
    await this.finished.catch(() => undefined);
  }

  // What node-postgres calls.

  submit(connection: CopyConnection): void {
    this.#connection = connection;
    connection.query(this.#text);
  }

  handleError(error: unknown): void {
    this.#failure = error;
    for (const fail of [...this.#fail]) fail(error);
  }

  handleReadyForQuery(): void {
    // Its answer is the next to come.
    if (this.#next !== null) this.#client.query(this.#next as unknown as pg.Submittable);
    this.#finish();
  }

  handleCopyInResponse(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
}
