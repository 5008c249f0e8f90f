import { cpus } from 'node:os';
import { BenchChild } from './child.js';
import { GatewayProcess } from './gateway-process.js';
import type { PageRequest, PageResponse } from './page-server.js';
import { formatTable, median } from './report.js';
import type { ClientRequest, ClientResult } from './row-client.js';

const ROUNDS = 3;

/** One way to get the rows, and how its rounds went. */
interface Contender {
  readonly name: string;
  readonly run: () => Promise<Round>;
  readonly rounds: Round[];
}

interface Round {
  readonly totalMs: number;
  readonly firstRowMs: number | null;
  readonly peakRssBytes: number | null;
}

const dsnYaml = (port: number): string => `
dsn: bench
base_url: http://127.0.0.1:${port}
tables:
  orders:
    driver: json
    path: /orders
    records: $.data[*]
    pagination: { type: page, parameter: page }
    columns:
      id: bigint
      customer_id: { type: bigint, field: $.customer.id }
      customer_name: { type: text, field: $.customer.name }
      status: text
      amount: numeric(12,2)
      currency: text
      created_at: timestamptz
      paid: boolean
      items_count: integer
      note: text
      tags: json
`;

/**
 * The same rows to the same client in four ways, interleaved: the stream path, the engine path, PostgreSQL from a table of its
 * own (a temporary one, through the relay), and, for scale, JSON.parse alone over the same pages.
 * The signal ends everything that was started.
 * @throws when two ways do not give the same number of rows and bytes
 */
export async function benchStream(rows: number, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  const closers: (() => Promise<void>)[] = [];
  try {
    const api = new BenchChild<PageRequest, PageResponse>('./page-server.js');
    closers.push(() => api.close());
    const started = await api.ask({ type: 'start', rows });
    const sent = await api.ask({ type: 'pages' });
    if (started.type !== 'started' || sent.type !== 'pages') throw new Error('the page server answered out of turn');
    const gateway = await GatewayProcess.start(dsnYaml(started.port));
    closers.push(() => gateway.close());
    signal.throwIfAborted();
    const client = new BenchChild<ClientRequest, ClientResult>('./row-client.js');
    closers.push(() => client.close());
    // Its pending query is rejected, and the way out closes the rest.
    signal.addEventListener('abort', () => void client.close());
    const query = (connection: string, sql: string): Promise<ClientResult> =>
      client.ask({ connection, port: gateway.port, sql });

    await query('engine', "SET tidegate.execution = 'engine'");
    await query('table', 'CREATE TEMP TABLE own AS SELECT * FROM bench.orders');
    await query('stream', 'SELECT * FROM bench.orders LIMIT 20000');

    let expectedBytes: number | null = null;
    const measured = (connection: string, sql: string) => async (): Promise<Round> => {
      const { result, peakRssBytes } = await gateway.measureMemory(() => query(connection, sql));
      expectedBytes ??= result.bytes;
      if (result.rows !== rows || result.bytes !== expectedBytes) {
        throw new Error(`${connection}: ${result.rows} rows, ${result.bytes} bytes, not ${rows} and ${expectedBytes}`);
      }
      return { ...result, peakRssBytes };
    };
    const pages = sent.pages.map((page) => Buffer.from(page.buffer, page.byteOffset, page.byteLength));
    const contenders: readonly Contender[] = [
      { name: 'stream path', run: measured('stream', 'SELECT * FROM bench.orders'), rounds: [] },
      { name: 'engine path', run: measured('engine', 'SELECT * FROM bench.orders'), rounds: [] },
      { name: 'PostgreSQL, its own table', run: measured('table', 'SELECT * FROM own'), rounds: [] },
      { name: 'JSON.parse alone', run: () => parsePages(pages, rows), rounds: [] },
    ];
    for (let round = 1; round <= ROUNDS; round++) {
      for (const { name, run, rounds } of contenders) {
        const result = await run();
        rounds.push(result);
        print(`round ${round}: ${name}, ${Math.round(result.totalMs)} ms`);
      }
    }
    printReport(contenders, rows, started.rowBytes, print);
  } finally {
    await Promise.allSettled(closers.reverse().map((close) => close()));
  }
}

async function parsePages(pages: readonly Buffer[], rows: number): Promise<Round> {
  const startedAt = performance.now();
  let seen = 0;
  for (let page = 0; seen < rows; page++) {
    const document = JSON.parse(pages[page % pages.length]!.toString('utf8')) as { data: unknown[] };
    seen += document.data.length;
  }
  return { totalMs: performance.now() - startedAt, firstRowMs: null, peakRssBytes: null };
}

function printReport(
  contenders: readonly Contender[],
  rows: number,
  rowBytes: number,
  print: (line: string) => void,
): void {
  const rate = ({ totalMs }: Round): number => (rows / totalMs) * 1_000;
  const rates = contenders.map(({ rounds }) => median(rounds.map(rate)));
  const yardstick = rates[2]!;
  const lines = contenders.map(({ name, rounds }, index) => {
    const firstRows = rounds.map(({ firstRowMs }) => firstRowMs).filter((ms) => ms !== null);
    const peaks = rounds.map(({ peakRssBytes }) => peakRssBytes).filter((bytes) => bytes !== null);
    const all = rounds.map(rate);
    return [
      name,
      million(rates[index]!),
      `${million(Math.min(...all))} to ${million(Math.max(...all))}`,
      (rates[index]! / yardstick).toFixed(2),
      (rates[index]! / rates[3]!).toFixed(2),
      firstRows.length === 0 ? '-' : `${median(firstRows).toFixed(1)} ms`,
      peaks.length === 0 ? '-' : `${Math.round(Math.max(...peaks) / 1_048_576)} MB`,
    ];
  });
  const { length: cores, 0: cpu } = cpus();
  print('');
  print(`stream: ${rows} rows of ${Math.round(rowBytes)} bytes of JSON, medians of ${ROUNDS} rounds`);
  print(`Node ${process.versions.node}, ${cores} cores, ${cpu?.model.trim() ?? 'unknown processor'}`);
  print('');
  const header = ['way', 'M rows/s', 'range', 'of PostgreSQL', 'of JSON.parse', 'first row', 'gateway RSS, peak'];
  print(formatTable(header, lines));
}

function million(value: number): string {
  return (value / 1e6).toFixed(2);
}
