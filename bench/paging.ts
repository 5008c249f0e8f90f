import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReader } from '../drivers/registry.js';
import { loadGateway } from '../src/config/load.js';
import type { GatewayModel } from '../src/config/model.js';
import { newScanStatistics } from '../src/scan/scan.js';
import { createScanner } from '../src/scan/scanner.js';
import { BenchChild } from './child.js';
import { formatTable, median } from './report.js';
import type { SlowPagesRequest, SlowPagesResponse } from './slow-pages.js';

const LATENCY_MS = 100;
const SMALL_ROWS = 10;
/** About 2 MB a page: parsing takes long enough to be seen beside the latency. */
const LARGE_ROWS = 8_000;

const COLUMNS = [
  'id: bigint',
  'customer_name: { type: text, field: $.customer.name }',
  'status: text',
  'amount: "numeric(12,2)"',
  'currency: text',
  'created_at: timestamptz',
  'paid: boolean',
  'items_count: integer',
  'note: text',
  'tags: json',
].join(', ');

/** A table by its paging; `isLazy`: read as by a cursor, which asks for nothing ahead. */
interface Way {
  readonly name: string;
  readonly table: string;
  readonly isLazy?: boolean;
}

const SMALL: readonly Way[] = [
  { name: 'one page at a time', table: 'by_total' },
  { name: 'concurrency: 8, total known', table: 'by_total_8' },
  { name: 'concurrency: 8, until a short page', table: 'by_size_8' },
];
const LARGE: readonly Way[] = [
  { name: 'nothing ahead, as a cursor', table: 'by_link', isLazy: true },
  { name: 'next page by a Link header', table: 'by_link' },
  { name: 'next page by the length of the last', table: 'by_size' },
];

function dsnYaml(port: number, size: number): string {
  const tables = {
    by_link: '{ type: link_header }',
    by_size: `{ type: page, parameter: page, size: ${size} }`,
    by_size_8: `{ type: page, parameter: page, size: ${size}, concurrency: 8 }`,
    by_total: `{ type: page, parameter: page, size: ${size}, stop: [{ total: $.total }] }`,
    by_total_8: `{ type: page, parameter: page, size: ${size}, concurrency: 8, stop: [{ total: $.total }] }`,
  };
  const lines = Object.entries(tables).map(
    ([name, pagination]) =>
      `  ${name}: { path: /, records: "$.data[*]", pagination: ${pagination}, columns: { ${COLUMNS} } }`,
  );
  return `dsn: bench\nbase_url: http://127.0.0.1:${port}\ntables:\n${lines.join('\n')}\n`;
}

/** Reads the pages of a slow API in each way, by turns, and prints how that compares with the latencies alone. */
export async function benchPaging(isQuick: boolean, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  const pages = isQuick ? 10 : 50;
  const rounds = isQuick ? 1 : 3;
  const bound = pages * LATENCY_MS;
  print(`\n## Paging: ${pages} pages, ${LATENCY_MS} ms each, so ${bound} ms of latencies; medians of ${rounds}\n`);
  await compare({ pages, rows: SMALL_ROWS, latencyMs: LATENCY_MS }, SMALL, rounds, print, signal);
  await compare({ pages, rows: LARGE_ROWS, latencyMs: LATENCY_MS }, LARGE, rounds, print, signal);
}

async function compare(
  api: SlowPagesRequest,
  ways: readonly Way[],
  rounds: number,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const child = new BenchChild<SlowPagesRequest, SlowPagesResponse>('./slow-pages.js');
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  try {
    const { port, pageBytes } = await child.ask(api);
    writeFileSync(join(folder, 'bench.yaml'), dsnYaml(port, api.rows));
    const { model } = await loadGateway({ configFile: null, dsnPaths: [folder], env: {} });
    const times = ways.map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, way] of ways.entries()) {
        const ms = await read(model, way, api.pages * api.rows, signal);
        // The first round warms the code up.
        if (round > 0) times[index]!.push(ms);
      }
    }
    const first = median(times[0]!);
    const rows = ways.map(({ name }, index) => {
      const ms = median(times[index]!);
      const ofLatencies = ms / (api.pages * api.latencyMs);
      return [name, `${Math.round(ms)} ms`, `${ofLatencies.toFixed(2)} x`, `${(first / ms).toFixed(2)} x`];
    });
    const size = pageBytes < 1e5 ? `${(pageBytes / 1e3).toFixed(1)} kB` : `${(pageBytes / 1e6).toFixed(1)} MB`;
    print(`${formatTable([`pages of ${size}`, 'time', 'of the latencies', 'as fast as the first'], rows)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await child.close();
  }
}

async function read(model: GatewayModel, way: Way, rows: number, signal: AbortSignal): Promise<number> {
  const table = model.dsns[0]!.tables.find(({ name }) => name === way.table)!;
  const columns = table.columns.map(({ name }) => name);
  const scanner = createScanner({ limits: model.limits }, { createReader, log: () => {} });
  const context = { signal, statistics: newScanStatistics(), notice: () => {}, readsAhead: () => way.isLazy !== true };
  try {
    const startedAt = performance.now();
    let count = 0;
    for await (const batch of scanner.open({ table, columns, filters: [], limit: null }, context))
      count += batch.rowCount;
    if (count !== rows) throw new Error(`${way.name}: ${count} rows instead of ${rows}`);
    return performance.now() - startedAt;
  } finally {
    await scanner.close();
  }
}
