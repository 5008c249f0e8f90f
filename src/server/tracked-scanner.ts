import type { RowBatch } from '../core/row-batch.js';
import type { ScanContext, Scanner, ScanSpec } from '../scan/scan.js';

/** A scanner that can be retired: scans under way end in peace, then it closes. A table without known columns is an error. */
export class TrackedScanner implements Scanner {
  readonly #scanner: Scanner;
  #open = 0;
  #isRetired = false;

  readonly #onUnknownTable: () => void;

  constructor(scanner: Scanner, onUnknownTable: () => void) {
    this.#scanner = scanner;
    this.#onUnknownTable = onUnknownTable;
  }

  async *open(spec: ScanSpec, context: ScanContext): AsyncGenerator<RowBatch, void, void> {
    const problem = spec.table.inference?.problem ?? null;
    if (problem !== null) {
      this.#onUnknownTable();
      throw problem;
    }
    this.#open++;
    try {
      yield* this.#scanner.open(spec, context);
    } finally {
      this.#open--;
      this.#closeIfDone();
    }
  }

  async count(spec: ScanSpec, context: ScanContext): Promise<number | null> {
    return await this.#scanner.count(spec, context);
  }

  describe(spec: ScanSpec): readonly string[] {
    return this.#scanner.describe(spec);
  }

  /** No new scans will come: closes as soon as the last one has ended. */
  retire(): void {
    this.#isRetired = true;
    this.#closeIfDone();
  }

  close(): Promise<void> {
    return this.#scanner.close();
  }

  #closeIfDone(): void {
    if (this.#isRetired && this.#open === 0) void this.#scanner.close().catch(() => {});
  }
}
