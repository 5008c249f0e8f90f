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
  /** Over TLS. */
  readonly httpVersion?: 'auto' | '1.1';
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

const secure = (name: string, table: string): readonly Way[] => [
  { name: `${name}, HTTP/1.1`, table, httpVersion: '1.1' },
  { name: `${name}, HTTP/2`, table, httpVersion: 'auto' },
];
const SECURE_SMALL = [...secure('one page at a time', 'by_total'), ...secure('concurrency: 8', 'by_total_8')];
const SECURE_LARGE = secure('next page by a Link header', 'by_link');
/** Pages of a size that APIs send, as fast as they can: what the transport itself costs. */
const SECURE_FAST = [...secure('one page at a time', 'by_total'), ...secure('concurrency: 8', 'by_total_8')];
const FAST_ROWS = 1_000;

function dsnYaml(name: string, origin: string, size: number, extra: string): string {
  const tables = {
    by_link: '{ type: link_header }',
    by_size: `{ type: page, parameter: page, size: ${size} }`,
    by_size_8: `{ type: page, parameter: page, size: ${size}, concurrency: 8 }`,
    by_total: `{ type: page, parameter: page, size: ${size}, stop: [{ total: $.total }] }`,
    by_total_8: `{ type: page, parameter: page, size: ${size}, concurrency: 8, stop: [{ total: $.total }] }`,
  };
  const lines = Object.entries(tables).map(
    ([table, pagination]) =>
      `  ${table}: { path: /, records: "$.data[*]", pagination: ${pagination}, columns: { ${COLUMNS} } }`,
  );
  return `dsn: ${name}\nbase_url: ${origin}\n${extra}tables:\n${lines.join('\n')}\n`;
}

/** Reads the pages of a slow API in each way, by turns, and prints how that compares with the latencies alone. */
export async function benchPaging(isQuick: boolean, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  const pages = isQuick ? 10 : 50;
  const rounds = isQuick ? 1 : 3;
  const bound = pages * LATENCY_MS;
  print(`\n## Paging: ${pages} pages, ${LATENCY_MS} ms each, so ${bound} ms of latencies; medians of ${rounds}\n`);
  const slow = { pages, latencyMs: LATENCY_MS, isSecure: false };
  await compare({ ...slow, rows: SMALL_ROWS }, SMALL, rounds, print, signal);
  await compare({ ...slow, rows: LARGE_ROWS }, LARGE, rounds, print, signal);
}

/** The same over TLS, by HTTP/1.1 and HTTP/2 in turn; needs the openssl program. */
export async function benchHttp2(isQuick: boolean, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  const pages = isQuick ? 10 : 50;
  const rounds = isQuick ? 2 : 5;
  print(`\n## HTTP/2: ${pages} pages, ${LATENCY_MS} ms each, then ${pages * 4} at once; medians of ${rounds}\n`);
  const slow = { pages, latencyMs: LATENCY_MS, isSecure: true };
  await compare({ ...slow, rows: SMALL_ROWS }, SECURE_SMALL, rounds, print, signal);
  await compare({ ...slow, rows: LARGE_ROWS }, SECURE_LARGE, rounds, print, signal);
  const fast = { pages: pages * 4, latencyMs: 0, isSecure: true };
  await compare({ ...fast, rows: SMALL_ROWS }, SECURE_FAST, rounds, print, signal);
  await compare({ ...fast, rows: FAST_ROWS }, SECURE_FAST, rounds, print, signal);
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
    const origin = `http${api.isSecure ? 's' : ''}://127.0.0.1:${port}`;
    for (const [index, version] of (['auto', '1.1'] as const).entries()) {
      const extra = `http_version: "${version}"\n${api.isSecure ? 'tls: { insecure: true }\n' : ''}`;
      writeFileSync(join(folder, `bench${index}.yaml`), dsnYaml(`bench${index}`, origin, api.rows, extra));
    }
    const { model } = await loadGateway({ configFile: null, dsnPaths: [folder], env: {} });
    const times = ways.map((): Reading[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [index, way] of ways.entries()) {
        const reading = await read(model, way, api.pages * api.rows, signal);
        // The first round warms the code up.
        if (round > 0) times[index]!.push(reading);
      }
    }
    const first = median(times[0]!.map(({ ms }) => ms));
    const rows = ways.map(({ name }, index) => {
      const ms = median(times[index]!.map((reading) => reading.ms));
      const cpuMs = median(times[index]!.map((reading) => reading.cpuMs));
      const ofLatencies = api.latencyMs === 0 ? '-' : `${(ms / (api.pages * api.latencyMs)).toFixed(2)} x`;
      return [name, `${Math.round(ms)} ms`, ofLatencies, `${(first / ms).toFixed(2)} x`, `${Math.round(cpuMs)} ms`];
    });
    const size = pageBytes < 1e5 ? `${(pageBytes / 1e3).toFixed(1)} kB` : `${(pageBytes / 1e6).toFixed(1)} MB`;
    print(
      `${formatTable([`pages of ${size}`, 'time', 'of the latencies', 'as fast as the first', 'processor'], rows)}\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await child.close();
  }
}

/** How long it took, and for how long a processor was busy with it here. */
interface Reading {
  readonly ms: number;
  readonly cpuMs: number;
}

async function read(model: GatewayModel, way: Way, rows: number, signal: AbortSignal): Promise<Reading> {
  const { tables } = model.dsns.find(({ name }) => name === (way.httpVersion === '1.1' ? 'bench1' : 'bench0'))!;
  const table = tables.find(({ name }) => name === way.table)!;
  const columns = table.columns.map(({ name }) => name);
  const scanner = createScanner({ limits: model.limits }, { createReader, log: () => {} });
  const context = { signal, statistics: newScanStatistics(), notice: () => {}, readsAhead: () => way.isLazy !== true };
  try {
    const startedAt = performance.now();
    const cpuBefore = process.cpuUsage();
    let count = 0;
    for await (const batch of scanner.open({ table, columns, filters: [], limit: null }, context))
      count += batch.rowCount;
    if (count !== rows) throw new Error(`${way.name}: ${count} rows instead of ${rows}`);
    const { user, system } = process.cpuUsage(cpuBefore);
    return { ms: performance.now() - startedAt, cpuMs: (user + system) / 1000 };
  } finally {
    await scanner.close();
  }
}
