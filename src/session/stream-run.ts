import type { RowBatch } from '../core/row-batch.js';
import type { StreamPlan } from '../plan/statement-plan.js';
import { backend } from '../wire/write.js';
import type { ClientWriter } from './client-writer.js';
import type { PortalRun } from './prepared.js';
import type { RowEncoder } from './row-encoder.js';

/**
 * Sends a scan's rows straight to the client. Rows are pulled batch by batch as the client takes them, and the scan is
 * closed as soon as no more are wanted.
 */
export class StreamRun implements PortalRun {
  readonly #plan: StreamPlan;
  readonly #encoder: RowEncoder;
  readonly #client: ClientWriter;
  readonly #signal: AbortSignal;
  readonly #open: (readsAhead: () => boolean) => AsyncGenerator<RowBatch, void, void>;
  #batches: AsyncGenerator<RowBatch, void, void> | null = null;
  #batch: RowBatch | null = null;
  #row = 0;
  #isAtEnd = false;
  #position = 0;
  #isOver = false;
  /** The client waits for all rows; one that asked for some may never want more. */
  #wantsAll = true;
  /** Rows that OFFSET still leaves out, and that LIMIT still lets through. */
  #toSkip: number;
  #toSend: number;

  constructor(
    plan: StreamPlan,
    encoder: RowEncoder,
    client: ClientWriter,
    signal: AbortSignal,
    open: (readsAhead: () => boolean) => AsyncGenerator<RowBatch, void, void>,
  ) {
    this.#plan = plan;
    this.#encoder = encoder;
    this.#client = client;
    this.#signal = signal;
    this.#open = open;
    this.#toSkip = plan.window.start;
    this.#toSend = plan.window.end - plan.window.start;
  }

  /** Rows that have been sent or passed over. */
  get position(): number {
    return this.#position;
  }

  /** The last of them is where a cursor is now: it is neither before the first nor behind the last. */
  get isOnRow(): boolean {
    return this.#position > 0 && !this.#isOver;
  }

  async execute(maxRows: number): Promise<void> {
    const wanted = maxRows <= 0 ? Number.POSITIVE_INFINITY : maxRows;
    const sent = await this.send(wanted, this.#encoder);
    if (sent >= wanted) {
      this.#client.write(backend.portalSuspended);
      return;
    }
    await this.close();
    this.#client.write(backend.commandComplete(`SELECT ${sent}`));
  }

  /** Sends up to `wanted` of the next rows, without the message that ends them; null: passes over them. */
  async send(wanted: number, encoder: RowEncoder | null): Promise<number> {
    this.#wantsAll = wanted === Number.POSITIVE_INFINITY;
    let sent = 0;
    while (sent < wanted && this.#toSend > 0) {
      const batch = await this.#currentBatch();
      if (batch === null) break;
      if (this.#toSkip > 0) {
        this.#skip(batch);
        continue;
      }
      const most = Math.min(wanted - sent, this.#toSend);
      const { predicate } = this.#plan;
      const rows = (encoder ?? this.#encoder).encode(batch, this.#row, batch.rowCount, predicate, most);
      this.#row = rows.nextRow;
      sent += rows.rowCount;
      this.#toSend -= rows.rowCount;
      if (encoder !== null && !this.#client.write(rows.bytes)) await this.#client.drained();
      this.#signal.throwIfAborted();
    }
    this.#position += sent;
    if (sent < wanted) this.#isOver = true;
    return sent;
  }

  async close(): Promise<void> {
    this.#isAtEnd = true;
    this.#batch = null;
    const batches = this.#batches;
    this.#batches = null;
    // What goes wrong while a scan is being given up concerns nobody.
    await batches?.return().catch(() => {});
  }

  async #currentBatch(): Promise<RowBatch | null> {
    while (this.#batch === null || this.#row >= this.#batch.rowCount) {
      if (this.#isAtEnd) return null;
      this.#batches ??= this.#open(() => this.#wantsAll);
      const next = await this.#batches.next();
      this.#signal.throwIfAborted();
      if (next.done === true) {
        this.#isAtEnd = true;
        return null;
      }
      this.#batch = next.value;
      this.#row = 0;
    }
    return this.#batch;
  }

  #skip(batch: RowBatch): void {
    const { predicate } = this.#plan;
    if (predicate === null) {
      const skipped = Math.min(this.#toSkip, batch.rowCount - this.#row);
      this.#row += skipped;
      this.#toSkip -= skipped;
      return;
    }
    for (; this.#row < batch.rowCount && this.#toSkip > 0; this.#row++) {
      if (predicate(batch, this.#row)) this.#toSkip--;
    }
  }
}
