import { createReader } from '../../drivers/registry.js';
import type { GatewayModel, HttpSource, TableModel } from '../config/model.js';
import { GatewayError } from '../core/errors.js';
import { HttpClient } from '../http/client.js';
import { Redactor } from '../http/redactor.js';
import { RequestLog } from '../http/request-log.js';
import { Authorizers } from '../oauth/authorizers.js';
import { connectionIdentity } from '../oauth/connection-identity.js';
import type { TokenStore } from '../oauth/store/token-store.js';
import { describeTokenState } from '../oauth/stored-tokens.js';
import { newScanStatistics, type Scanner } from '../scan/scan.js';
import { createScanner } from '../scan/scanner.js';
import { openTokenStore } from '../server/token-store.js';
import { ColumnCensus } from './column-census.js';
import { inferredColumnTypes } from './column-types.js';
import type { Step, StepName } from './connection-step.js';
import { counted } from './print.js';

/** How long the steps of one table may take. */
const TIMEOUT_MS = 60_000;
/** Rows of the first page that are looked at. */
const MOST_ROWS = 100;

/** Test Connection: goes through what a query of a table needs, until a step fails. */
export class ConnectionSteps {
  readonly #client = new HttpClient();
  readonly #requests = new RequestLog();
  readonly #store: TokenStore;
  readonly #authorizers: Authorizers;
  readonly #scanner: Scanner;

  constructor(model: GatewayModel) {
    this.#store = openTokenStore(model);
    this.#authorizers = new Authorizers(this.#client, () => {}, this.#store);
    const options = { createReader, log: () => {}, requestLog: this.#requests, tokens: openTokenStore(model) };
    this.#scanner = createScanner(model, options);
  }

  /** The steps as they end; none comes after one that failed. `isNew`: whether the table's sample was taken just now. */
  async *run(table: TableModel, isNew: boolean): AsyncGenerator<Step, void, void> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const required = table.filters.filter((filter) => filter.required).map((filter) => filter.column);
    const [request = '', ...facts] = this.#scanner.describe({ table, columns: [], filters: [], limit: null });
    yield { name: 'settings', result: 'ok', text: request, lines: facts };
    if (table.source.type === 'http') {
      const step = await this.#token(table, table.source, signal);
      yield step;
      if (step.result === 'failed') return;
    }
    if (table.inference !== undefined) {
      const step = sampleStep(table, isNew);
      yield step;
      if (step.result === 'failed') return;
    }
    if (required.length > 0) {
      const where = required.map((column) => `${column} = …`).join(' AND ');
      const text = `it needs a value for ${required.join(', ')}`;
      const lines = [`try: SELECT * FROM ${table.dsn}.${table.name} WHERE ${where}`];
      yield { name: 'first page', result: 'skipped', text, lines };
      return;
    }
    yield* this.#page(table, signal);
  }

  async close(): Promise<void> {
    await this.#scanner.close();
    await this.#authorizers.close();
    await this.#client.close();
  }

  async #token({ dsn }: TableModel, source: HttpSource, signal: AbortSignal): Promise<Step> {
    const { auth, timeoutMs, transport } = source;
    if (auth.type === 'none') return { name: 'token', result: 'ok', text: 'none is needed', lines: [] };
    const authorizer = this.#authorizers.for(dsn, auth, { redactor: new Redactor(), timeoutMs, transport });
    try {
      await authorizer.authorize(signal);
      const values = await authorizer.authValues(signal);
      const lines = [...values].map(([name, value]) => `${name}: ${value}`);
      if (auth.type !== 'oauth2' && auth.type !== 'session') {
        return { name: 'token', result: 'ok', text: `${authorizer.description}; the API says if it is good`, lines };
      }
      const stored = await this.#store.read(connectionIdentity(dsn, auth).id);
      if (stored?.account != null) lines.unshift(`account: ${stored.account}`);
      if (stored?.scopes != null) lines.unshift(`scopes: ${stored.scopes}`);
      const state = stored === null ? 'token' : describeTokenState(stored);
      return { name: 'token', result: 'ok', text: `${authorizer.description}: ${state}`, lines };
    } catch (error) {
      return failed('token', error);
    }
  }

  async *#page(table: TableModel, signal: AbortSignal): AsyncGenerator<Step, void, void> {
    const columns = table.columns.map((column) => column.name);
    const statistics = newScanStatistics();
    const notices: string[] = [];
    const census = new ColumnCensus(columns);
    const context = {
      signal,
      statistics,
      notice: (message: string) => notices.push(`notice: ${message}`),
      readsAhead: () => false,
    };
    const rows = this.#scanner.open({ table, columns, filters: [], limit: MOST_ROWS }, context);
    const startedAt = performance.now();
    let problem: unknown = null;
    try {
      for await (const batch of rows) {
        census.add(batch);
        if (census.rowCount >= MOST_ROWS) break;
      }
    } catch (error) {
      problem = error;
    }
    const isValueProblem = problem instanceof GatewayError && /^2[23]/.test(problem.sqlstate);
    if (problem !== null && !isValueProblem) {
      yield failed('first page', problem);
      return;
    }
    const ms = Math.round(performance.now() - startedAt);
    const sent = this.#requests.recent().at(-1);
    yield { name: 'first page', result: 'ok', text: pageText(census.rowCount, ms, sent), lines: notices };
    yield problem === null ? census.step() : failed('columns', problem);
  }
}

/** What the sample of a table told, or why there is none. */
function sampleStep(table: TableModel, isNew: boolean): Step {
  const { problem, columns } = table.inference!;
  if (problem !== null) return failed('sample', problem);
  const text = `${counted(columns.size, 'column')} inferred ${isNew ? 'now' : 'earlier; tidegate discover --refresh does it again'}`;
  return { name: 'sample', result: 'ok', text, lines: inferredColumnTypes(table) };
}

function pageText(rowCount: number, ms: number, sent: { readonly status: number | null } | undefined): string {
  const rows =
    rowCount === 0 ? 'no rows' : rowCount >= MOST_ROWS ? `${MOST_ROWS} rows or more` : counted(rowCount, 'row');
  return `${sent?.status == null ? '' : `answered ${sent.status}, `}${rows} in ${ms} ms`;
}

function failed(name: StepName, error: unknown): Step {
  if (!(error instanceof GatewayError)) return { name, result: 'failed', text: String(error), lines: [] };
  const lines = [
    ...(error.detail === undefined ? [] : [error.detail]),
    ...(error.hint === undefined ? [] : [`what to do: ${error.hint}`]),
  ];
  return { name, result: 'failed', text: error.message, lines };
}
