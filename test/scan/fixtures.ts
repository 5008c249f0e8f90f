import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Page, PageOutcome, ReaderFactory } from '../../drivers/driver.js';
import type {
  AuthModel,
  ColumnModel,
  FilterModel,
  HttpSource,
  PaginationModel,
  TableModel,
} from '../../src/config/model.js';
import { plainColumn, plainFilter, plainTable } from '../../src/config/plain-model.js';
import { errors } from '../../src/core/errors.js';
import { cellText, type RowBatch, RowBatchBuilder } from '../../src/core/row-batch.js';
import type { Secret } from '../../src/core/secret.js';
import { RequestLog } from '../../src/http/request-log.js';
import { DEFAULT_TRANSPORT } from '../../src/http/routes.js';
import { newScanStatistics, type Scanner, type ScanSpec, type ScanStatistics } from '../../src/scan/scan.js';
import { createScanner } from '../../src/scan/scanner.js';

/** A local API that counts what reaches it. */
export interface TestApi {
  readonly origin: string;
  /** `GET /path?query` of each request, in order. */
  readonly requests: string[];
  readonly openSockets: () => number;
  readonly close: () => Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown;

export async function startApi(handler: Handler): Promise<TestApi> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    void Promise.resolve(handler(request, response, new URL(request.url ?? '/', 'http://api'))).catch(() => {
      response.destroy();
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    openSockets: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An API that is closed when the test that started it is over. */
export async function api(handler: Handler): Promise<TestApi> {
  const started = await startApi(handler);
  onTestFinished(() => started.close());
  return started;
}

export function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

export async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

export function column(name: string, type = 'integer', extra: Partial<ColumnModel> = {}): ColumnModel {
  return plainColumn(name, type, extra);
}

export function filter(column: string, extra: Partial<FilterModel> = {}): FilterModel {
  return plainFilter(column, extra);
}

export function httpSource(url: string, extra: Partial<HttpSource> = {}): HttpSource {
  return {
    type: 'http',
    method: 'GET',
    url,
    headers: new Map(),
    query: new Map(),
    body: null,
    pagination: { type: 'none' },
    auth: { type: 'none' },
    retry: {
      attempts: 3,
      backoff: 'exponential',
      statuses: [429, 502, 503, 504],
      waitHeader: null,
      resetHeader: null,
      remainingHeader: null,
    },
    compression: { type: 'auto', entry: null },
    errors: [],
    limits: { requestsPerSecond: null, burst: null, concurrency: null },
    tableLimits: null,
    timeoutMs: 5_000,
    totalTimeoutMs: null,
    maxBodyBytes: null,
    isIdempotent: false,
    transport: DEFAULT_TRANSPORT,
    allowOrigins: [],
    allowLinkLocal: false,
    ...extra,
  };
}

export function table(source: TableModel['source'], extra: Partial<TableModel> = {}): TableModel {
  return plainTable('shop', 'orders', { source, records: '$.data[*]', columns: [column('id')], ...extra });
}

type Numbered = Extract<PaginationModel, { type: 'page' | 'offset' }>;

export function numbered(type: 'page' | 'offset', extra: Partial<Numbered> = {}): Numbered {
  return {
    type,
    parameter: type,
    sizeParameter: 'size',
    place: 'query',
    size: 10,
    start: type === 'page' ? 1 : 0,
    step: 1,
    concurrency: 1,
    stop: [],
    maxPages: null,
    ...extra,
  };
}

export function oauth(tokenUrl: string, secret: Secret | null): Extract<AuthModel, { type: 'oauth2' }> {
  return {
    type: 'oauth2',
    grant: 'client_credentials',
    issuer: null,
    tokenUrl,
    authorizationUrl: null,
    deviceAuthorizationUrl: null,
    revocationUrl: null,
    userInfoUrl: null,
    metadata: null,
    redirectUrl: null,
    clientId: 'shop-client',
    clientSecret: secret,
    clientAuth: 'basic',
    privateKey: null,
    keyId: null,
    assertion: { issuer: null, subject: null, audience: null, lifetimeMs: 300_000, claims: new Map() },
    username: null,
    password: null,
    refreshToken: null,
    pkce: true,
    scopes: ['orders.read'],
    scopeSeparator: ' ',
    audience: null,
    resource: null,
    extraAuthorizationParameters: new Map(),
    extraTokenParameters: new Map(),
    extraTokenHeaders: new Map(),
    tokenContentType: 'form',
    tokenField: '$.access_token',
    expiresInField: '$.expires_in',
    renewBeforeMs: 60_000,
    header: 'Authorization',
    prefix: 'Bearer',
    tokenQuery: null,
  };
}

/** Reads JSON documents at their end, and NDJSON line by line in batches of ten rows. */
export const fakeReader: ReaderFactory = ({ table: model, columns, captures }) => ({
  async *read(page: Page): AsyncGenerator<RowBatch, PageOutcome, void> {
    const builder = new RowBatchBuilder(columns.length, 10);
    const write = (record: Record<string, unknown>): void => {
      builder.beginRow();
      for (const item of columns) {
        const value = item.from === 'record' ? record[item.field] : page.constants.get(item.name);
        if (value === undefined || value === null) builder.writeNull();
        else builder.writeText(String(value));
      }
      builder.endRow();
    };
    const decoder = new TextDecoder();
    let text = '';
    let count = 0;
    for await (const chunk of page.body) {
      text += decoder.decode(chunk, { stream: true });
      if (page.contentType !== 'application/x-ndjson' && !page.name.includes('.ndjson')) continue;
      const lines = text.split('\n');
      text = lines.pop()!;
      for (const line of lines) {
        write(JSON.parse(line));
        count++;
        if (builder.isFull) yield builder.finish();
      }
    }
    const captured = new Map<string, string | null>();
    if (page.contentType !== 'application/x-ndjson' && !page.name.includes('.ndjson')) {
      const document = parse(text, page);
      const records = (at(document, (model.records ?? '$').replace('[*]', '')) ?? []) as Record<string, unknown>[];
      for (const record of records) {
        write(record);
        count++;
        if (builder.isFull) yield builder.finish();
      }
      for (const path of captures) {
        const value = at(document, path);
        if (value !== undefined) captured.set(path, value === null ? null : String(value));
      }
    }
    if (builder.rowCount > 0) yield builder.finish();
    return { recordCount: count, captured };
  },
});

function parse(text: string, page: Page): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw errors.apiError(`page ${page.number} is not well-formed JSON`, { detail: page.name, cause });
  }
}

function at(document: unknown, path: string): unknown {
  const names = path.split('.').slice(1);
  return names.reduce<unknown>((node, name) => (node as Record<string, unknown> | null)?.[name], document);
}

export interface Harness {
  readonly scanner: Scanner;
  /** Everything that was logged, as text. */
  readonly logged: string[];
  readonly requestLog: RequestLog;
}

export const NO_LIMITS = {
  connections: 1,
  rowsPerScan: null,
  bytesPerScan: null,
  pagesPerScan: null,
  secondsPerScan: null,
  statementTimeoutMs: null,
  cacheBytes: 2 ** 30,
};

export function newHarness(
  limits: Partial<typeof NO_LIMITS> | Record<string, number> = {},
  createReader = fakeReader,
): Harness {
  const logged: string[] = [];
  const log = (level: string, event: object, message: string): void => {
    logged.push(`${level} ${JSON.stringify(event)} ${message}`);
  };
  const requestLog = new RequestLog();
  const scanner = createScanner({ limits: { ...NO_LIMITS, ...limits } }, { createReader, log, requestLog });
  return { scanner, logged, requestLog };
}

export interface ScanResult {
  readonly rows: (string | null)[][];
  readonly statistics: ScanStatistics;
  readonly notices: string[];
}

export function specOf(model: TableModel, extra: Partial<ScanSpec> = {}): ScanSpec {
  return { table: model, columns: model.columns.map((item) => item.name), filters: [], limit: null, ...extra };
}

/** Reads the whole scan. */
export async function scanAll(
  scanner: Scanner,
  spec: ScanSpec,
  signal: AbortSignal = new AbortController().signal,
  onBatch: (rows: number) => void | Promise<void> = () => {},
): Promise<ScanResult> {
  const rows: (string | null)[][] = [];
  const statistics = newScanStatistics();
  const notices: string[] = [];
  for await (const batch of scanner.open(spec, { signal, statistics, notice: (message) => notices.push(message) })) {
    for (let row = 0; row < batch.rowCount; row++) {
      rows.push(spec.columns.map((_name, index) => cellText(batch, row, index)));
    }
    await onBatch(rows.length);
  }
  return { rows, statistics, notices };
}

/** Ids from 1 to `count`, as one-column rows. */
export function ids(count: number, from = 1): string[][] {
  return Array.from({ length: count }, (_item, index) => [String(from + index)]);
}

export function records(count: number, from = 1): { id: number }[] {
  return Array.from({ length: count }, (_item, index) => ({ id: from + index }));
}

/** What the promise is rejected with. */
export async function failureOf(
  promise: Promise<unknown>,
): Promise<Error & { sqlstate?: string; detail?: string; hint?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a failure');
}

/** Waits until the condition holds, for at most ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
