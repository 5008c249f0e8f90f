import type { Socket } from 'node:net';
import type pg from 'pg';

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
 */
export class CopyIn {
  /** Resolves when the engine asks for rows; rejects when it refused an earlier statement. */
  readonly started: Promise<void>;
  /** Resolves when the engine is ready for the next query; rejects with its error. */
  readonly finished: Promise<void>;
  readonly #text: string;
  #connection: CopyConnection | null = null;
  #start: () => void = () => undefined;
  #finish: () => void = () => undefined;
  #fail: ((error: unknown) => void)[] = [];
  #failure: unknown = null;

  constructor(text: string) {
    this.#text = text;
    this.started = new Promise((resolve, reject) => {
      this.#start = resolve;
      this.#fail.push(reject);
    });
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail.push(reject);
    });
    // Whoever waits sees the error; nobody need wait for both.
    this.started.catch(() => undefined);
    this.finished.catch(() => undefined);
  }

  /** Hands the query to a client and waits until rows are wanted. */
  static async begin(client: pg.Client, text: string): Promise<CopyIn> {
    const copy = new CopyIn(text);
    client.query(copy as unknown as pg.Submittable);
    await copy.started;
    return copy;
  }

  /** Writes one CopyData frame; resolves when the socket takes more. */
  async write(frame: Buffer): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const { stream } = this.#connection!;
    if (stream.write(frame)) return;
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
    this.#fail.length = 2;
  }

  /** Says that all rows were sent, and waits for the engine to have them. */
  async end(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    this.#connection!.stream.write(COPY_DONE);
    await this.finished;
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

  handleCopyInResponse(): void {
    this.#start();
  }

  handleError(error: unknown): void {
    this.#failure = error;
    for (const fail of [...this.#fail]) fail(error);
  }

  handleReadyForQuery(): void {
    this.#finish();
  }

  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
}
