import { errors, GatewayError } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import { filterText } from '../plan/push-down.js';
import type { ScanContext, ScanSpec, ScanStatistics } from '../scan/scan.js';
import { newScanStatistics } from '../scan/scan.js';
import type { ScanEntry, ScanLog, ScanOwner } from '../scan/scan-log.js';

export interface StatementScansOptions {
  readonly scanLog: ScanLog;
  readonly owner: ScanOwner;
  /** See `ScanContext`. */
  readonly session: object;
  readonly signal: AbortSignal;
  readonly notice: ScanContext['notice'];
  /** `SET tidegate.max_requests`; null: any number. */
  readonly maxRequests: number | null;
}

/** What a scan is made for. */
export interface ScanPurpose extends Pick<ScanContext, 'readsAhead'> {
  readonly way: ScanEntry['way'];
  /** Index of the plan's scan that it is made for; a dependent one may be made of several. */
  readonly planned: number;
  /** In the statement's place, where a part of it can end earlier. */
  readonly signal?: AbortSignal;
}

/** The scans that one statement makes: counts what they cost, and stops the statement that costs too much. */
export class StatementScans {
  readonly #options: StatementScansOptions;
  readonly #entries: { readonly planned: number; readonly entry: ScanEntry }[] = [];
  #requests = 0;

  constructor(options: StatementScansOptions) {
    this.#options = options;
  }

  /** Reads a scan that `open` opens. */
  async *read(
    spec: ScanSpec,
    purpose: ScanPurpose,
    open: (context: ScanContext) => AsyncGenerator<RowBatch, void, void>,
  ): AsyncGenerator<RowBatch, void, void> {
    const { entry, context } = this.#begin(spec, purpose);
    try {
      yield* open(context);
    } catch (error) {
      entry.error = errorText(error);
      throw error;
    } finally {
      this.#end(entry);
    }
  }

  /** Runs a scan that is read elsewhere. */
  async run<T>(spec: ScanSpec, purpose: ScanPurpose, work: (context: ScanContext) => Promise<T>): Promise<T> {
    const { entry, context } = this.#begin(spec, purpose);
    try {
      return await work(context);
    } catch (error) {
      entry.error = errorText(error);
      throw error;
    } finally {
      this.#end(entry);
    }
  }

  /** The scans that were made for one of the plan's. */
  madeFor(planned: number): readonly ScanEntry[] {
    return this.#entries.filter((made) => made.planned === planned).map(({ entry }) => entry);
  }

  /** What all scans together have cost so far. */
  get totals(): ScanStatistics {
    return sumOf(this.#entries.map(({ entry }) => entry.statistics));
  }

  #begin(spec: ScanSpec, purpose: ScanPurpose): { readonly entry: ScanEntry; readonly context: ScanContext } {
    const { scanLog, owner, session, notice } = this.#options;
    const { way, planned, signal = this.#options.signal, ...reading } = purpose;
    const entry = scanLog.begin({
      ...owner,
      dsn: spec.table.dsn,
      table: spec.table.name,
      columns: spec.columns,
      filters: spec.filters.map(filterText).join(' AND '),
      limit: spec.limit,
      way,
    });
    this.#entries.push({ planned, entry });
    const beforeRequest = (): void => this.#countRequest();
    return { entry, context: { ...reading, signal, session, statistics: entry.statistics, notice, beforeRequest } };
  }

  #end(entry: ScanEntry): void {
    entry.durationMs = Date.now() - entry.time;
    this.#options.scanLog.end(entry);
  }

  #countRequest(): void {
    const { maxRequests } = this.#options;
    this.#requests++;
    if (maxRequests === null || this.#requests <= maxRequests) return;
    throw errors.limitExceeded(`the statement needs more than ${maxRequests} API requests`, {
      hint: 'Narrow it with filters that the API takes (EXPLAIN shows them) or LIMIT, or raise tidegate.max_requests.',
    });
  }
}

function errorText(error: unknown): string {
  return error instanceof GatewayError ? `${error.sqlstate} ${error.message}` : 'ended';
}

/** The sum of what several scans have counted. */
export function sumOf(parts: readonly ScanStatistics[]): ScanStatistics {
  const sum = newScanStatistics();
  for (const part of parts) {
    for (const name of Object.keys(sum) as (keyof ScanStatistics)[]) sum[name] += part[name];
  }
  return sum;
}
