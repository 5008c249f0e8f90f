import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { BodyModel, PaginationModel, StopCondition, ValuePlace } from '../../src/config/model.js';
import {
  httpSource,
  ids,
  newHarness,
  readText,
  records,
  scanAll,
  specOf,
  startApi,
  type TestApi,
  table,
} from './fixtures.js';

const SIZE = 10;
const KINDS = ['page', 'offset', 'cursor', 'header_cursor', 'next_url', 'link_header'] as const;
type Kind = (typeof KINDS)[number];
const PLACES = ['query', 'path', 'header', 'json', 'form', 'xml'] as const;
type Place = (typeof PLACES)[number];

const STOPS: readonly (StopCondition | null)[] = [
  null,
  { type: 'empty_page' },
  { type: 'short_page' },
  { type: 'has_more', field: '$.meta.more' },
  { type: 'total', field: '$.meta.total' },
  { type: 'total_pages', field: '$.meta.pages' },
  { type: 'status', status: 404 },
  { type: 'match', pattern: '"more": ?false' },
];

/** One combination, told to the server in the request's path. */
interface Case {
  readonly kind: Kind;
  readonly place: Place;
  readonly stop: StopCondition | null;
  readonly total: number;
  /** Whether what a page says of itself stands in front of its rows or after them. */
  readonly isBefore: boolean;
}

let server: TestApi;
let current: Case;
const harness = newHarness({}, createReader);
/** Anything that a request had twice, or lacked. */
const faults: string[] = [];

/** What the request says of the page it wants, wherever it says so; checks that it says so once. */
async function asked(request: IncomingMessage, url: URL): Promise<{ position: string | null; size: string | null }> {
  for (const name of new Set(url.searchParams.keys())) {
    if (url.searchParams.getAll(name).length > 1) faults.push(`${name} twice in ${url}`);
  }
  const query = url.searchParams;
  if (current.kind === 'next_url' || current.kind === 'link_header') {
    return { position: query.get('pos'), size: query.get('size') };
  }
  switch (current.place) {
    case 'query':
      return { position: query.get('pos'), size: query.get('size') };
    case 'path': {
      const [, , position = '', size = ''] = url.pathname.split('/');
      return { position: position === 'first' ? null : decodeURIComponent(position), size };
    }
    case 'header': {
      const read = (name: string) => {
        const text = request.headers[name] as string | undefined;
        return text === undefined ? null : Buffer.from(text, 'latin1').toString('utf8');
      };
      return { position: read('x-pos'), size: read('x-size') };
    }
    case 'json': {
      const body = JSON.parse(await readText(request)) as { query: string; paging: Record<string, unknown> };
      if (body.query !== 'all "orders"') faults.push('the rest of the JSON body is gone');
      const read = (name: string) => (body.paging[name] == null ? null : String(body.paging[name]));
      return { position: read('pos'), size: read('size') };
    }
    case 'form': {
      const form = new URLSearchParams(await readText(request));
      if (form.getAll('pos').length > 1 || form.getAll('size').length > 1) faults.push('twice in the form');
      if (form.get('query') !== 'all orders') faults.push('the rest of the form is gone');
      return { position: form.get('pos'), size: form.get('size') };
    }
    case 'xml': {
      const match = /^<q><pos>([^<]*)<\/pos><size>(\d+)<\/size><\/q>$/.exec(await readText(request));
      if (match === null) faults.push('the XML body is broken');
      return { position: match?.[1] ? plainXml(match[1]) : null, size: match?.[2] ?? null };
    }
  }
}

function plainXml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

beforeAll(async () => {
  server = await startApi(async (request, response, url) => {
    const { kind, stop, total, isBefore } = current;
    const { position, size } = await asked(request, url);
    if (size !== String(SIZE) && !(kind === 'next_url' || kind === 'link_header')) faults.push(`size ${size}`);
    const isToken = kind !== 'page' && kind !== 'offset';
    // Tokens need care wherever they stand.
    const token = (at: number): string => `t&/${kind === 'header_cursor' ? 'e' : 'é'}"<${at}>=`;
    const start =
      position === null
        ? 0
        : kind === 'page'
          ? (Number(position) - 1) * SIZE
          : Number(isToken ? /<(\d+)>/.exec(position)?.[1] : position);
    if (isToken && position !== null && position !== token(start)) faults.push(`token ${position}`);
    const data = records(Math.max(0, Math.min(SIZE, total - start)), start + 1);
    if (stop?.type === 'status' && data.length === 0) {
      response.writeHead(404).end('{"error":"no such page"}');
      return;
    }
    const hasMore = start + SIZE < total;
    // Without a condition the missing token is the end; with one the API would give tokens for ever.
    const next = isToken && (hasMore || stop !== null) ? token(start + SIZE) : null;
    const link = next === null ? null : `${url.pathname}?expand=a%20b&pos=${encodeURIComponent(next)}`;
    const meta = {
      more: hasMore,
      total,
      pages: Math.ceil(total / SIZE),
      next: kind === 'next_url' ? link : kind === 'cursor' ? next : null,
    };
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (kind === 'header_cursor' && next !== null) headers['x-next'] = next;
    if (kind === 'link_header' && link !== null) headers.link = `<${link}>; rel="next"`;
    response.writeHead(200, headers).end(JSON.stringify(isBefore ? { meta, data } : { data, meta }));
  });
});

afterAll(async () => {
  await harness.scanner.close();
  await server.close();
});

function sourceOf({ kind, place, stop }: Case) {
  const inBody = place === 'json' || place === 'form' || place === 'xml';
  const name = (text: string) => (place === 'json' ? `$.paging.${text}` : place === 'header' ? `X-${text}` : text);
  const common = {
    place: (inBody ? 'body' : place) as ValuePlace,
    sizeParameter: name('size'),
    size: SIZE,
    stop: stop === null ? [] : [stop],
    maxPages: null,
  };
  const token = { parameter: name('pos'), pattern: null, start: place === 'path' ? 'first' : null };
  const paginations: Record<Kind, PaginationModel> = {
    page: { type: 'page', parameter: name('pos'), start: 1, step: 1, concurrency: 1, ...common },
    offset: { type: 'offset', parameter: name('pos'), start: 0, step: SIZE, concurrency: 1, ...common },
    cursor: { type: 'cursor', field: '$.meta.next', header: null, ...token, ...common },
    header_cursor: { type: 'header_cursor', field: null, header: 'X-Next', ...token, ...common },
    next_url: { type: 'next_url', field: '$.meta.next', pattern: null, ...common },
    link_header: { type: 'link_header', field: null, pattern: null, ...common },
  };
  const bodies: Partial<Record<Place, BodyModel>> = {
    json: { type: 'json', value: { query: 'all "orders"', paging: { size: 1, pos: null } } },
    form: {
      type: 'form',
      fields: new Map([
        ['query', 'all orders'],
        ['size', '1'],
      ]),
    },
    xml: { type: 'xml', text: '<q><pos>{pos}</pos><size>{size}</size></q>' },
  };
  // A parameter that is written already is replaced, not added.
  const query = new Map<string, string>([
    ['expand', 'a b'],
    ...(place === 'query' ? [['size', '1'] as [string, string]] : []),
  ]);
  return httpSource(`${server.origin}/orders${place === 'path' ? '/{pos}/{size}' : ''}`, {
    pagination: paginations[kind],
    method: inBody ? 'POST' : 'GET',
    body: bodies[place] ?? null,
    query,
  });
}

/** The least number of requests with which the rows and the end of a sequence of pages can be known. */
function requestsOf({ kind, stop, total }: Case): number {
  const pages = Math.max(1, Math.ceil(total / SIZE));
  const isToken = kind !== 'page' && kind !== 'offset';
  if (stop === null && isToken) return pages;
  switch (stop?.type) {
    case 'empty_page':
    case 'status':
      return total === 0 ? 1 : pages + 1;
    case undefined:
    case 'short_page':
      return total > 0 && total % SIZE === 0 ? pages + 1 : pages;
    default:
      return pages;
  }
}

describe('every kind of paging reads all rows once, in order, with no request too many', () => {
  for (const kind of KINDS) {
    const places = kind === 'next_url' || kind === 'link_header' ? (['query'] as const) : PLACES;
    for (const place of places) {
      it(`${kind} in the ${place}`, async () => {
        for (const stop of STOPS) {
          for (const total of place === 'query' ? [0, 7, 20, 25] : [20, 25]) {
            for (const isBefore of place === 'query' ? [true, false] : [total === 20]) {
              current = { kind, place, stop, total, isBefore };
              server.requests.length = 0;
              const label = `${stop?.type ?? 'default'}, ${total} rows, told ${isBefore ? 'before' : 'after'} them`;
              const { rows, statistics } = await scanAll(harness.scanner, specOf(table(sourceOf(current))));
              expect([label, rows]).toEqual([label, ids(total)]);
              expect([label, server.requests.length]).toEqual([label, requestsOf(current)]);
              expect(statistics.requests).toBe(server.requests.length);
              expect([label, faults.splice(0)]).toEqual([label, []]);
            }
          }
        }
      });
    }
  }
});
