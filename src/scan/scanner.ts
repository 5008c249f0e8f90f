import { setMaxListeners } from 'node:events';
import type { ReaderFactory } from '../../drivers/driver.js';
import type { GatewayModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import { HttpClient } from '../http/client.js';
import { RateLimiters } from '../http/rate-limiter.js';
import { RequestLog } from '../http/request-log.js';
import type { LogRequest } from '../http/send.js';
import { Authorizers } from '../oauth/authorizers.js';
import type { TokenStore } from '../oauth/store/token-store.js';
import { CountRequest, countTable } from './count-request.js';
import { describeFilesScan, describeHttpScan } from './describe-scan.js';
import { chooseEndpoint } from './endpoint.js';
import { EnoughRows } from './enough-rows.js';
import { readFilePages } from './file-pages.js';
import { type FilterPlan, planFilters } from './filter-plan.js';
import { readHttpPages } from './http-pages.js';
import { HttpTables } from './http-table.js';
import { linkSignals } from './link-signals.js';
import { type OwnRows, readOwnRows } from './own-rows.js';
import { type RequestShape, shapeValues } from './requested-shape.js';
import type { Enough, ScanContext, Scanner, ScanSpec } from './scan.js';
import { ScanRun } from './scan-run.js';

export interface ScannerOptions {
  readonly createReader: ReaderFactory;
  readonly log: LogRequest;
  /** Keeps the latest requests; give the same one to several scanners to read them together. */
  readonly requestLog?: RequestLog;
  /** The rows of tables whose source is the gateway itself; without it they have none. */
  readonly ownRows?: OwnRows;
  /** Where tokens are kept, in memory by default; the scanner closes it. */
  readonly tokens?: TokenStore;
}

/** What of the gateway's settings scans depend on. */
export type ScanSettings = Pick<GatewayModel, 'limits'>;

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
    this.#authorizers = new Authorizers(this.#client, options.log, options.tokens);
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
    const plan = planFilters(spec);
    if (plan.requestCount === 0 || spec.limit === 0) return;
    const link = linkSignals([context.signal, this.#closing.signal]);
    const wish = usableEnough(spec, plan);
    const enough = wish === null ? null : new EnoughRows(wish, spec);
    // The rows of one page will probably do.
    const inTurn = wish?.sizesPages === true ? { ...context, readsAhead: () => false } : context;
    const run = this.#newRun(spec, inTurn, link.controller, plan);
    const onAbort = (): void => run.queue.fail(run.signal.reason, true);
    run.signal.addEventListener('abort', onAbort, { once: true });
    const producer = this.#produce(run, plan);
    try {
      do {
        for (let batch = run.queue.take(); batch !== null; batch = run.queue.take()) {
          yield batch;
          if (enough?.take(batch) === true) return;
        }
      } while (await run.queue.arrival());
    } finally {
      run.signal.removeEventListener('abort', onAbort);
      link.controller.abort(new Error('the scan was ended by its consumer'));
      run.queue.fail(run.signal.reason, true);
      await producer;
      link.unlink();
    }
  }

  async count(wanted: ScanSpec, context: ScanContext): Promise<number | null> {
    const spec = chooseEndpoint(wanted);
    const { source, count } = spec.table;
    if (source.type !== 'http' || count === null) return null;
    const plan = planFilters(spec);
    if (plan.requestCount === 0) return 0;
    if (plan.requestCount > 1 || !plan.isComplete) return null;
    const [variant] = plan.variants();
    const link = linkSignals([context.signal, this.#closing.signal]);
    try {
      const table = countTable(spec.table, count);
      const run = this.#newRun({ ...spec, table, columns: [], limit: null }, context, link.controller, plan);
      const http = await this.#tables.open(table, count.source ?? source, run.signal);
      return await new CountRequest(run, this.#client, http, variant!, count).read();
    } finally {
      link.controller.abort(new Error('the rows were counted'));
      link.unlink();
    }
  }

  describe(wanted: ScanSpec): readonly string[] {
    const spec = chooseEndpoint(wanted);
    const { source } = spec.table;
    const plan = planFilters(spec, true);
    const rowLimit = plan.isComplete ? spec.limit : null;
    if (source.type === 'gateway') return ["The gateway's own statistics, no request"];
    if (source.type === 'files') return describeFilesScan(source, rowLimit);
    return describeHttpScan(this.#tables.for(spec.table, source), plan, { rowLimit, ...requestShape(spec, plan) });
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
      ...requestShape(spec, plan),
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

/** What of the scan's wishes its requests can be relied on to fulfil: only one sequence of pages comes in an order. */
function usableEnough(spec: ScanSpec, plan: FilterPlan): Enough | null {
  const { enough, table } = spec;
  if (enough === undefined) return null;
  return enough.order.length === 0 || (table.orderBy !== null && plan.requestCount === 1) ? enough : null;
}

function requestShape(spec: ScanSpec, plan: FilterPlan): Pick<RequestShape, 'expectedRows' | 'values'> {
  const enough = usableEnough(spec, plan);
  return {
    expectedRows: enough?.sizesPages === true ? enough.rows + (enough.withTies ? 1 : 0) : null,
    values: shapeValues(spec, enough?.order ?? []),
  };
}
