import type { ServerResponse } from 'node:http';
import { records, startApi, type TestApi } from './fixtures.js';

export const CHAOS_SEED = Number(process.env.TIDEGATE_CHAOS_SEED ?? 1);
const SEED = CHAOS_SEED;
export const PAGE = 20;
export const FAULTS = ['429', '503', '500', 'reset', 'cut', 'drip', 'html', 'type', 'expired'] as const;

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

/** An API that fails at random, the same way for the same seed: rows 1, 2, 3, … of each scan `/{scan}`, by page, cursor or link. */
export interface ChaosApi {
  readonly api: TestApi;
  /** Faults so far, by kind. */
  readonly seenFaults: ReadonlyMap<string, number>;
  /** Drops what it remembers of a scan that is over. */
  readonly forget: (scan: number) => void;
}

let tokens = 0;
const tries = new Map<string, number>();
const seenFaults = new Map<string, number>();

/** How many rows a scan has in truth. */
export const rowsOf = (scan: number): number => Math.floor(randomFrom(SEED * 7919 + scan)() * 6 * PAGE);

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

export async function startChaosApi(): Promise<ChaosApi> {
  const api = await startApi((request, response, url) => {
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
  const forget = (scan: number): void => {
    for (const key of tries.keys()) if (key.startsWith(`${scan}/`)) tries.delete(key);
    api.requests.length = 0;
  };
  return { api, seenFaults, forget };
}
