import { constants } from 'node:http2';
import type { Certificates } from '../support/certificates.js';
import { records, startApi, type TestApi } from './fixtures.js';
import { startFrameServer } from './frame-server.js';

export const CHAOS_SEED = Number(process.env.TIDEGATE_CHAOS_SEED ?? 1);
const SEED = CHAOS_SEED;
export const PAGE = 20;
const FAULTS = ['429', '503', '500', 'reset', 'cut', 'drip', 'html', 'type', 'expired'] as const;
/** Of HTTP/2 besides: a stream refused or told to calm down, a server that goes away politely or at once, a lost connection. */
const HTTP2_FAULTS = ['refused', 'calm', 'leave', 'go', 'lost'] as const;
type Fault = (typeof FAULTS)[number] | (typeof HTTP2_FAULTS)[number];

/** What no retry mends, and what hits every request of a connection, is rare, or hardly any scan would come through. */
const RARE: ReadonlySet<Fault> = new Set(['500', 'html', 'go', 'lost']);

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
  /** The faults that it knows. */
  readonly faults: readonly string[];
  /** Faults so far, by kind. */
  readonly seenFaults: ReadonlyMap<string, number>;
  /** Drops what it remembers of a scan that is over. */
  readonly forget: (scan: number) => void;
}

/** How many rows a scan has in truth. */
export const rowsOf = (scan: number): number => Math.floor(randomFrom(SEED * 7919 + scan)() * 6 * PAGE);

/** What is used of a request and its answer, alike in both versions of HTTP. */
interface Exchange {
  readonly authorization: string | undefined;
  readonly url: URL;
  readonly send: (status: number, headers: Readonly<Record<string, string>>, body: string) => void;
  readonly fail: (fault: Fault, headers: Readonly<Record<string, string>>, body: string) => void;
}

/** `certificates`: over HTTP/2 with the faults that it has besides; null: HTTP/1.1 without TLS. */
export async function startChaosApi(certificates: Certificates | null): Promise<ChaosApi> {
  const faults: readonly Fault[] = certificates === null ? FAULTS : [...FAULTS, ...HTTP2_FAULTS];
  const tries = new Map<string, number>();
  const seenFaults = new Map<string, number>();
  let tokens = 0;

  /** What becomes of this try of a page: mostly an answer, else one of the faults. */
  const faultOf = (scan: number, page: number): Fault | null => {
    const key = `${scan}/${page}`;
    const attempt = (tries.get(key) ?? 0) + 1;
    tries.set(key, attempt);
    const random = randomFrom(SEED + scan * 1009 + page * 31 + attempt * 7);
    random();
    if (random() > 0.2) return null;
    const fault = faults[Math.floor(random() * faults.length)]!;
    return RARE.has(fault) && random() > 0.35 ? 'cut' : fault;
  };

  const answer = ({ authorization, url, send, fail }: Exchange): void => {
    const json = { 'content-type': 'application/json' };
    if (url.pathname === '/token') {
      send(200, json, JSON.stringify({ access_token: `token-${tokens}`, token_type: 'Bearer', expires_in: 3600 }));
      return;
    }
    if (authorization === undefined) throw new Error('a request without a token');
    const scan = Number(url.pathname.split('/')[1]);
    const page = Number(url.searchParams.get('page') ?? url.searchParams.get('cursor') ?? 1);
    const fault = faultOf(scan, page);
    if (fault !== null) seenFaults.set(fault, (seenFaults.get(fault) ?? 0) + 1);
    const total = rowsOf(scan);
    const data = records(Math.max(0, Math.min(PAGE, total - (page - 1) * PAGE)), (page - 1) * PAGE + 1);
    const next = page * PAGE < total ? String(page + 1) : null;
    const link: Record<string, string> = next === null ? {} : { link: `<${url.pathname}?page=${next}>; rel="next"` };
    // In front of the rows the next page is asked for while this one is read; after them it is not.
    const body = JSON.stringify(scan % 2 === 0 ? { next, total, data } : { data, total, next });
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    if (fault === '429' || fault === '503') send(Number(fault), { 'retry-after': '0.005' }, 'slow down');
    else if (fault === '500') send(500, {}, 'broken for good');
    else if (fault === 'html') send(200, { 'content-type': 'text/html' }, '<html><title>Maintenance</title></html>');
    else if (fault === 'type') send(200, { 'content-type': 'text/plain', ...length, ...link }, body);
    else if (fault === 'expired') {
      tokens++;
      send(401, {}, 'token expired');
    } else if (fault === null) send(200, { ...json, ...length, ...link }, body);
    // Half of the bodies that are cut do not tell how long they are.
    else fail(fault, { ...json, ...link, ...(fault === 'cut' && page % 2 === 0 ? {} : length) }, body);
  };

  const api = certificates === null ? await startPlain(answer) : await startMultiplexed(certificates, answer);
  const forget = (scan: number): void => {
    for (const key of tries.keys()) if (key.startsWith(`${scan}/`)) tries.delete(key);
    api.requests.length = 0;
  };
  return { api, faults, seenFaults, forget };
}

function startPlain(answer: (exchange: Exchange) => void): Promise<TestApi> {
  return startApi((request, response, url) => {
    const { authorization } = request.headers;
    answer({
      authorization,
      url,
      send: (status, headers, body) => response.writeHead(status, headers).end(body),
      fail: (fault, headers, body) => {
        if (fault === 'reset') {
          response.socket?.resetAndDestroy();
          return;
        }
        response.writeHead(200, headers);
        if (fault === 'cut') response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy());
        else {
          const isOpen = (): boolean => !response.destroyed;
          drip({ isOpen, write: (text) => response.write(text), end: () => response.end() }, body);
        }
      },
    });
  });
}

const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = constants;
const CUTS = [NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR];

function startMultiplexed(certificates: Certificates, answer: (exchange: Exchange) => void): Promise<TestApi> {
  let cuts = 0;
  return startFrameServer(certificates, (stream) => {
    const send: Exchange['send'] = (status, headers, body) => {
      stream.respond(status, headers);
      stream.data(body, true);
    };
    const fail: Exchange['fail'] = (fault, headers, body) => {
      if (fault === 'cut') {
        stream.respond(200, headers);
        stream.data(body.slice(0, Math.floor(body.length / 2)));
        setTimeout(() => stream.reset(CUTS[cuts++ % CUTS.length]!), 2);
      } else if (fault === 'reset') stream.reset(NGHTTP2_INTERNAL_ERROR);
      else if (fault === 'refused') stream.reset(NGHTTP2_REFUSED_STREAM);
      else if (fault === 'calm') stream.reset(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      else if (fault === 'go') stream.goAway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      else if (fault === 'lost') stream.lose();
      else {
        if (fault === 'leave') stream.goAway(NGHTTP2_NO_ERROR);
        stream.respond(200, headers);
        drip({ write: stream.data, end: () => stream.data('', true), isOpen: stream.isOpen }, body);
      }
    };
    answer({ authorization: stream.headers.get('authorization'), url: stream.url, send, fail });
  });
}

interface Dripped {
  readonly isOpen: () => boolean;
  readonly write: (text: string) => unknown;
  readonly end: () => unknown;
}

function drip({ isOpen, write, end }: Dripped, body: string): void {
  const third = Math.ceil(body.length / 3);
  const next = (at: number): void => {
    if (!isOpen()) return;
    write(body.slice(at, at + third));
    if (at + third >= body.length) end();
    else setTimeout(() => next(at + third), 3);
  };
  next(0);
}
