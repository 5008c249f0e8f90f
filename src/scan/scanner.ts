import { setMaxListeners } from 'node:events';
import type { ReaderFactory } from '../../drivers/driver.js';
import type { GatewayModel, TokensModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import { HttpClient } from '../http/client.js';
import { RateLimiters } from '../http/rate-limiter.js';
import { RequestLog } from '../http/request-log.js';
import type { LogRequest } from '../http/send.js';
import { Authorizers } from '../oauth/authorizers.js';
import { describeFilesScan, describeHttpScan } from './describe-scan.js';
import { chooseEndpoint } from './endpoint.js';
import { readFilePages } from './file-pages.js';
import { type FilterPlan, planFilters } from './filter-plan.js';
import { readHttpPages } from './http-pages.js';
import { HttpTables } from './http-table.js';
import { linkSignals } from './link-signals.js';
import { type OwnRows, readOwnRows } from './own-rows.js';
import type { ScanContext, Scanner, ScanSpec } from './scan.js';
import { ScanRun } from './scan-run.js';

export interface ScannerOptions {
  readonly createReader: ReaderFactory;
  readonly log: LogRequest;
  /** Keeps the latest requests; give the same one to several scanners to read them together. */
  readonly requestLog?: RequestLog;
  /** The rows of tables whose source is the gateway itself; without it they have none. */
  readonly ownRows?: OwnRows;
}

/** What of the gateway's settings scans depend on; without `tokens` they are kept in memory. */
export type ScanSettings = Pick<GatewayModel, 'limits'> & { readonly tokens?: TokensModel };

/** The gateway's scanner: one HTTP client, one rate limiter and one token per data source, shared by all scans. */
export function createScanner(model: ScanSettings, options: ScannerOptions): Scanner {
  return new ApiScanner(model, options);
}

class ApiScanner implements Scanner {
  readonly #limits: GatewayModel['limits'];
  readonly #options: ScannerOptions;
  readonly #client = new HttpClient();
  readonly #requestLog: RequestLog;
  readonly #authorizers: Authorizers;
  readonly #tables: HttpTables;
  readonly #closing = new AbortController();

  constructor(model: ScanSettings, options: ScannerOptions) {
    // Every scan under way listens.
    setMaxListeners(0, this.#closing.signal);
    this.#limits = model.limits;
    this.#options = options;
    this.#requestLog = options.requestLog ?? new RequestLog();
    this.#authorizers = new Authorizers(this.#client, options.log, model.tokens ?? null);
    this.#tables = new HttpTables(new RateLimiters(), this.#authorizers);
  }

  async *open(wanted: ScanSpec, context: ScanContext): AsyncGenerator<RowBatch, void, void> {
    const spec = chooseEndpoint(wanted);
    context.signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    if (spec.table.source.type === 'gateway') {
      yield* readOwnRows(spec, this.#options.ownRows?.(spec.table.name) ?? [], context.statistics);
      return;
    }
    const plan = planFilters(spec.table, spec.filters);
    if (plan.requestCount === 0 || spec.limit === 0) return;
    const link = linkSignals([context.signal, this.#closing.signal]);
    const run = this.#newRun(spec, context, link.controller, plan);
    const onAbort = (): void => run.queue.fail(run.signal.reason, true);
    run.signal.addEventListener('abort', onAbort, { once: true });
    const producer = this.#produce(run, plan);
    try {
      do {
        for (let batch = run.queue.take(); batch !== null; batch = run.queue.take()) yield batch;
      } while (await run.queue.arrival());
    } finally {
      run.signal.removeEventListener('abort', onAbort);
      link.controller.abort(new Error('the scan was ended by its consumer'));
      run.queue.fail(run.signal.reason, true);
      await producer;
      link.unlink();
    }
  }

  describe(wanted: ScanSpec): readonly string[] {
    const spec = chooseEndpoint(wanted);
    const { source } = spec.table;
    const plan = planFilters(spec.table, spec.filters, true);
    const rowLimit = plan.isComplete ? spec.limit : null;
    if (source.type === 'gateway') return ["The gateway's own statistics, no request"];
    if (source.type === 'files') return describeFilesScan(source, rowLimit);
    return describeHttpScan(this.#tables.for(spec.table, source), plan, rowLimit);
  }

  async close(): Promise<void> {
    this.#closing.abort(errors.shuttingDown('the gateway is shutting down'));
    await this.#authorizers.close();
    await this.#client.close();
  }

  #newRun(spec: ScanSpec, context: ScanContext, controller: AbortController, plan: FilterPlan): ScanRun {
    return new ScanRun({
      spec,
      context,
      signal: controller.signal,
      abort: (reason) => controller.abort(reason),
      limits: this.#limits,
      createReader: this.#options.createReader,
      log: this.#options.log,
      requestLog: this.#requestLog,
      // Rows that a filter left out of the request would have excluded may not be counted.
      rowLimit: plan.isComplete ? spec.limit : null,
      requestCount: plan.requestCount,
    });
  }

  /** Never rejects: what goes wrong reaches the consumer through the queue. */
  async #produce(run: ScanRun, plan: FilterPlan): Promise<void> {
    const { table } = run;
    const { source } = table;
    try {
      if (source.type === 'files') await readFilePages(run, source);
      if (source.type === 'http') {
        const http = await this.#tables.open(table, source, run.signal);
        await readHttpPages(run, this.#client, http, plan);
      }
      run.memory?.finish();
      run.queue.end();
    } catch (error) {
      run.queue.fail(error, run.signal.aborted);
    } finally {
      run.stopClock();
    }
  }
}
