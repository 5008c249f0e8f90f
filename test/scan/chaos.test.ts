import { getEventListeners, setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { PaginationModel, TableModel } from '../../src/config/model.js';
import { GatewayError } from '../../src/core/errors.js';
import { cellText } from '../../src/core/row-batch.js';
import { Secret } from '../../src/core/secret.js';
import { newScanStatistics } from '../../src/scan/scan.js';
import {
  type Harness,
  httpSource,
  newHarness,
  numbered,
  oauth,
  records,
  startApi,
  type TestApi,
  table,
  until,
} from './fixtures.js';

const SCANS = Number(process.env.TIDEGATE_CHAOS_SCANS ?? 400);
const SEED = Number(process.env.TIDEGATE_CHAOS_SEED ?? 1);
const AT_ONCE = 48;
const PAGE = 20;
const FAULTS = ['429', '503', '500', 'reset', 'cut', 'drip', 'html', 'type', 'expired'] as const;

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

let api: TestApi;
let harness: Harness;
let tokens = 0;
const tries = new Map<string, number>();
const seenFaults = new Map<string, number>();

/** How many rows a scan has in truth. */
const rowsOf = (scan: number): number => Math.floor(randomFrom(SEED * 7919 + scan)() * 6 * PAGE);

/** What becomes of this try of a page: mostly an answer, else one of the faults. */
function faultOf(scan: number, page: number): (typeof FAULTS)[number] | null {
  const key = `${scan}/${page}`;
  const attempt = (tries.get(key) ?? 0) + 1;
  tries.set(key, attempt);
  const random = randomFrom(SEED + scan * 1009 + page * 31 + attempt * 7);
  random();
  if (random() > 0.2) return null;
  // What no retry can mend is rare, or hardly any scan would come through.
  const fault = FAULTS[Math.floor(random() * FAULTS.length)]!;
  return (fault === '500' || fault === 'html') && random() > 0.15 ? 'cut' : fault;
}

function answer(response: ServerResponse, fault: (typeof FAULTS)[number] | null, body: string): void {
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  switch (fault) {
    case '429':
    case '503':
      response.writeHead(Number(fault), { 'retry-after': '0.005' }).end('slow down');
      return;
    case '500':
      response.writeHead(500).end('broken for good');
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', ...length });
      response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy());
      return;
    case 'drip': {
      response.writeHead(200, { 'content-type': 'application/json', ...length });
      const third = Math.ceil(body.length / 3);
      const drip = (at: number): void => {
        if (response.destroyed) return;
        response.write(body.slice(at, at + third));
        if (at + third >= body.length) response.end();
        else setTimeout(() => drip(at + third), 3);
      };
      drip(0);
      return;
    }
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><title>Maintenance</title></html>');
      return;
    case 'expired':
      tokens++;
      response.writeHead(401).end('token expired');
      return;
    default:
      response
        .writeHead(200, { 'content-type': fault === 'type' ? 'text/plain' : 'application/json', ...length })
        .end(body);
  }
}

beforeAll(async () => {
  api = await startApi((request, response, url) => {
    if (url.pathname === '/token') {
      answer(
        response,
        null,
        JSON.stringify({ access_token: `token-${tokens}`, token_type: 'Bearer', expires_in: 3600 }),
      );
      return;
    }
    if (request.headers.authorization === undefined) throw new Error('a request without a token');
    const scan = Number(url.pathname.split('/')[1]);
    const page = Number(url.searchParams.get('page') ?? url.searchParams.get('cursor') ?? 1);
    const fault = faultOf(scan, page);
    if (fault !== null) seenFaults.set(fault, (seenFaults.get(fault) ?? 0) + 1);
    const total = rowsOf(scan);
    const data = records(Math.max(0, Math.min(PAGE, total - (page - 1) * PAGE)), (page - 1) * PAGE + 1);
    const next = page * PAGE < total ? String(page + 1) : null;
    if (next !== null) response.setHeader('link', `<${url.pathname}?page=${next}>; rel="next"`);
    // In front of the rows the next page is asked for while this one is read; after them it is not.
    answer(response, fault, JSON.stringify(scan % 2 === 0 ? { next, total, data } : { data, total, next }));
  });
  harness = newHarness({}, createReader);
});

afterAll(async () => {
  await harness.scanner.close();
  await api.close();
});

function tableOf(scan: number): TableModel {
  const cursor: PaginationModel = {
    type: 'cursor',
    parameter: 'cursor',
    field: '$.next',
    header: null,
    pattern: null,
    start: null,
    sizeParameter: null,
    place: 'query',
    size: null,
    stop: [],
    maxPages: null,
  };
  const link = { sizeParameter: null, place: 'query', size: null, stop: [], maxPages: null } as const;
  const kinds: readonly PaginationModel[] = [
    cursor,
    { type: 'link_header', field: null, pattern: null, ...link },
    numbered('page', { size: PAGE }),
    numbered('page', { size: PAGE, concurrency: 4 }),
    numbered('page', { size: PAGE, concurrency: 3, stop: [{ type: 'total', field: '$.total' }] }),
  ];
  const auth = oauth(`${api.origin}/token`, new Secret('chaos-client-secret'));
  const retry = {
    attempts: 5,
    backoff: 'exponential',
    statuses: [429, 503],
    waitHeader: null,
    resetHeader: null,
    remainingHeader: null,
  } as const;
  const pagination = kinds[scan % kinds.length]!;
  return table(httpSource(`${api.origin}/${scan}`, { pagination, auth, retry, timeoutMs: 10_000 }));
}

/** Reads the scan; its rows must be 1, 2, 3, … without a gap. Null: all rows came; else the error. */
async function run(scan: number, signal: AbortSignal): Promise<GatewayError | null> {
  const limit = scan % 5 === 0 ? 25 : null;
  const spec = { table: tableOf(scan), columns: ['id'], filters: [], limit };
  let count = 0;
  try {
    for await (const batch of harness.scanner.open(spec, {
      signal,
      statistics: newScanStatistics(),
      notice: () => {},
    })) {
      for (let row = 0; row < batch.rowCount; row++) {
        const id = cellText(batch, row, 0);
        if (id !== String(++count)) throw new Error(`scan ${scan}: row ${count} is ${id}`);
      }
    }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error;
  }
  const total = rowsOf(scan);
  if (limit === null ? count !== total : count < Math.min(limit, total)) {
    throw new Error(`scan ${scan}: ${count} rows instead of ${total}`);
  }
  return null;
}

/** Bytes in use after a collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('chaos', () => {
  it(`ends each of ${SCANS} scans in exactly its rows or one clear error, and leaks nothing`, {
    timeout: 100_000 + SCANS * 60,
  }, async () => {
    const before = timers();
    const heapBefore = heapUsed();
    const controller = new AbortController();
    setMaxListeners(AT_ONCE, controller.signal);
    const errors: GatewayError[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < SCANS) {
        const error = await run(next++, controller.signal);
        if (error !== null) errors.push(error);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    console.log(`seed ${SEED}: ${SCANS} scans, ${errors.length} errors; faults ${JSON.stringify([...seenFaults])}`);
    for (const error of errors) {
      expect(`${error.sqlstate} ${error.message}`).toMatch(/^HV000 |^HV00N /);
      expect(error.detail ?? '').not.toContain('chaos-client-secret');
    }
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThan(SCANS / 4);
    expect([...seenFaults.keys()].sort()).toEqual([...FAULTS].sort());
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await harness.scanner.close();
    await until(() => api.openSockets() === 0);
    await until(() => timers() <= before + 1);
    const grownMb = (heapUsed() - heapBefore) / 2 ** 20;
    console.log(`heap grew by ${grownMb.toFixed(1)} MB`);
    // What the test itself keeps: an entry for each try, and the latest requests.
    expect(grownMb).toBeLessThan(8 + SCANS / 250);
  });
});
