import type { ServerResponse } from 'node:http';
import { type RecordedRequest, type ScriptedResponse, startApi, type TestApi } from '../support/api-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** What the API of the tests can be made to do. */
export interface StockControl {
  /** Rows that `/items` has. */
  rows: number;
  pageSize: number;
  /** Added to each price, so that later answers can be told from earlier ones. */
  version: number;
  /** Called before a page of `/items` is answered. */
  before: ((request: RecordedRequest, page: number, response: ServerResponse) => Promise<unknown> | unknown) | null;
  /** Answers in the place of the API, when it returns something. */
  instead: ((request: RecordedRequest, page: number) => ScriptedResponse | null) | null;
}

export interface Stock {
  readonly api: TestApi;
  readonly gateway: TestGateway;
  readonly control: StockControl;
  /** Requests to a path since the last call of `forget`. */
  requests(path?: string): number;
  forget(): void;
  close(): Promise<void>;
}

const COLUMNS = '{ id: bigint, name: text, price: "numeric(10,2)", kind: text, made: date }';

const TABLES = 20;

/** Tables over one API: `fresh` keeps nothing, `items` and `items1` and so on are the same but for their names. */
export function stockDsn(cache: string): string {
  const names = ['items', ...Array.from({ length: TABLES }, (_, index) => `items${index + 1}`)];
  return `
dsn: stock
base_url: \${env:STOCK_API_URL}
retry: { attempts: 1 }
tables:
${names.map((name) => itemsTable(name, cache)).join('')}  fresh:
    path: /items
    records: $.rows[*]
    pagination: { type: page, parameter: page, size_parameter: size, size: 10, stop: [short_page] }
    columns: ${COLUMNS}
`;
}

function itemsTable(name: string, cache: string): string {
  return `  ${name}:
    path: /items
    records: $.rows[*]
    primary_key: [id]
    pagination: { type: page, parameter: page, size_parameter: size, size: 10, stop: [short_page] }
    columns: ${COLUMNS}
    filters:
      kind: { operators: ["=", in], query: kind, separator: "," }
      id: { operators: ["=", ">=", "<=", in], query: "id", separator: ",", template: "{operator}{value}" }
    cache: ${cache}
`;
}

const KINDS = ['a', 'b', 'c', "d'"];

export function item(id: number, version: number): Record<string, unknown> {
  return {
    id,
    name: id % 11 === 0 ? null : `item ${(id * 7919) % 1000}`,
    price: id + version * 1000 + 0.5,
    kind: KINDS[id % KINDS.length],
    made: `2026-01-${String((id % 28) + 1).padStart(2, '0')}`,
  };
}

export async function startStock(
  cache: string,
  settings = '',
  dsn = stockDsn(cache),
  more: Readonly<Record<string, string>> = {},
): Promise<Stock> {
  const control: StockControl = { rows: 35, pageSize: 10, version: 0, before: null, instead: null };
  const api = await startApi(async (request, response) => {
    if (request.path !== '/items') return { status: 404, body: {} };
    const page = Number(request.query.get('page') ?? 1);
    await control.before?.(request, page, response);
    if (response.destroyed) return undefined;
    const other = control.instead?.(request, page) ?? null;
    if (other !== null) return other;
    const size = Number(request.query.get('size') ?? control.pageSize);
    const kinds = request.query.get('kind')?.split(',');
    const rows = Array.from({ length: control.rows }, (_, index) => item(index + 1, control.version)).filter(
      (row) => (kinds === undefined || kinds.includes(row.kind as string)) && hasId(row, request.query.getAll('id')),
    );
    return { body: { rows: rows.slice((page - 1) * size, page * size) } };
  });
  const gateway = await startTestGateway({
    dsns: { 'stock.yaml': dsn, ...more },
    settings,
    env: { STOCK_API_URL: api.url },
  });
  let from = 0;
  return {
    api,
    gateway,
    control,
    requests: (path = '/items') => api.requests.slice(from).filter((request) => request.path === path).length,
    forget: () => {
      from = api.requests.length;
    },
    close: async () => {
      await gateway.close();
      await api.close();
    },
  };
}

function hasId(row: Record<string, unknown>, conditions: readonly string[]): boolean {
  const id = row.id as number;
  return conditions
    .flatMap((text) => text.split(' and '))
    .every((condition) => {
      const [, operator, value] = /^(=|>=|<=|in)(.*)$/.exec(condition)!;
      if (operator === '>=') return id >= Number(value);
      if (operator === '<=') return id <= Number(value);
      return value!.split(',').map(Number).includes(id);
    });
}

/** Scan tables that the engine has. */
export async function scanTableCount({ gateway }: Stock): Promise<number> {
  const [row] = await gateway.serving.gateway.engine.query(
    "SELECT count(*)::text FROM pg_class WHERE relkind = 'r' AND starts_with(relname, 'tidegate_scan_')",
  );
  return Number(row![0]);
}

/** Waits until a condition holds, a few seconds at most. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 8_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never came to pass: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
