import { describe, expect, it } from 'vitest';
import type { PaginationModel, StopCondition, ValuePlace } from '../../src/config/model.js';
import {
  api,
  failureOf,
  type Handler,
  httpSource,
  ids,
  newHarness,
  numbered,
  readText,
  records,
  scanAll,
  sendJson,
  specOf,
  type TestApi,
  table,
} from './fixtures.js';

const TOTAL = 25;
const harness = newHarness();

/** Reads a value wherever the request carries it. */
async function placed(
  request: Parameters<Handler>[0],
  url: URL,
  place: ValuePlace,
  name: string,
): Promise<string | null> {
  if (place === 'query') return url.searchParams.get(name);
  if (place === 'header') return (request.headers[name] as string | undefined) ?? null;
  if (place === 'path') return url.pathname.split('/').at(-1) ?? null;
  const body = JSON.parse(await readText(request)) as { paging: Record<string, number> };
  return String(body.paging[name.replace('$.paging.', '')]);
}

describe('page and offset', () => {
  const stops: { stop: StopCondition[]; requests: number; total: number }[] = [
    { stop: [], requests: 3, total: 25 },
    { stop: [], requests: 3, total: 20 },
    { stop: [{ type: 'empty_page' }], requests: 4, total: 25 },
    { stop: [{ type: 'short_page' }], requests: 3, total: 25 },
    { stop: [{ type: 'has_more', field: '$.more' }], requests: 2, total: 20 },
    { stop: [{ type: 'total', field: '$.total' }], requests: 2, total: 20 },
    { stop: [{ type: 'total_pages', field: '$.pages' }], requests: 2, total: 20 },
    { stop: [{ type: 'status', status: 404 }], requests: 3, total: 20 },
    { stop: [{ type: 'match', pattern: '"more": ?false' }], requests: 2, total: 20 },
  ];
  for (const type of ['page', 'offset'] as const) {
    for (const place of ['query', 'header', 'path', 'body'] as const) {
      for (const { stop, requests, total } of stops) {
        const name = stop[0]?.type ?? 'default';
        it(`${type} in the ${place} ends at ${name} of ${total} rows`, async () => {
          const prefix = place === 'body' ? '$.paging.' : '';
          const server = await api(async (request, response, url) => {
            const position = Number(await placed(request, url, place, `${prefix}${type}`));
            const start = type === 'page' ? (position - 1) * 10 : position;
            const rows = records(Math.max(0, Math.min(10, total - start)), start + 1);
            if (rows.length === 0 && stop[0]?.type === 'status') {
              response.writeHead(404).end('no such page');
              return;
            }
            sendJson(response, { data: rows, more: start + 10 < total, total, pages: Math.ceil(total / 10) });
          });
          const pagination = numbered(type, {
            place,
            stop,
            parameter: `${prefix}${type}`,
            sizeParameter: place === 'path' ? null : `${prefix}size`,
          });
          const url =
            place === 'path' ? `${server.origin}/orders/{${type}}` : `${server.origin}/orders?expand=customer`;
          const method = place === 'body' ? 'POST' : 'GET';
          const { rows, statistics } = await scanAll(
            harness.scanner,
            specOf(table(httpSource(url, { pagination, method }))),
          );
          expect(rows).toEqual(ids(total));
          expect(server.requests).toHaveLength(requests);
          expect(statistics.requests).toBe(requests);
          if (place === 'query')
            expect(server.requests[1]).toBe(`GET /orders?expand=customer&${type}=${type === 'page' ? 2 : 10}&size=10`);
        });
      }
    }
  }

  it('ends an API that ignores the page parameter instead of paging for ever', async () => {
    const server = await api((_request, response) => sendJson(response, { data: records(10) }));
    const model = table(httpSource(server.origin, { pagination: numbered('page') }));
    const error = await failureOf(scanAll(harness.scanner, specOf(model)));
    expect(error.sqlstate).toBe('HV000');
    expect(error.message).toBe('page 2 of table "shop.orders" is identical to page 1');
    expect(server.requests).toHaveLength(2);
  });

  it('goes on after an empty page while has_more says so', async () => {
    const server = await api((_request, response, url) => {
      const page = Number(url.searchParams.get('page'));
      sendJson(response, { data: page === 2 ? [] : records(10, page * 100), more: page < 3 });
    });
    const pagination = numbered('page', { stop: [{ type: 'has_more', field: '$.more' }] });
    const { rows } = await scanAll(harness.scanner, specOf(table(httpSource(server.origin, { pagination }))));
    expect(rows).toHaveLength(20);
    expect(server.requests).toHaveLength(3);
  });

  it('ends with a notice at max_pages, and without one when there are no more pages', async () => {
    const server = await api((_request, response, url) => {
      sendJson(response, {
        data: records(10, Number(url.searchParams.get('page')) * 100),
        more: url.searchParams.get('page') !== '3',
      });
    });
    const run = (maxPages: number) => {
      const pagination = numbered('page', { maxPages, stop: [{ type: 'has_more', field: '$.more' }] });
      return scanAll(harness.scanner, specOf(table(httpSource(server.origin, { pagination }))));
    };
    const cut = await run(2);
    expect(cut.rows).toHaveLength(20);
    expect(cut.notices).toEqual([
      'scan of table "shop.orders" ended after 2 pages (pagination.max_pages); there are more rows',
    ]);
    expect((await run(3)).notices).toEqual([]);
  });
});

describe('cursors and links', () => {
  function pages(server: () => TestApi, how: 'cursor' | 'next_url' | 'link_header' | 'header_cursor'): Handler {
    return async (_request, response, url) => {
      const start = Number(url.searchParams.get('after') ?? '0');
      const next = start + 10 < TOTAL ? String(start + 10) : null;
      const headers: Record<string, string> = {};
      const link =
        next === null ? null : how === 'next_url' ? `?after=${next}` : `${server().origin}/orders?after=${next}`;
      if (how === 'link_header' && link !== null)
        headers.link = `<${server().origin}/x,y;z>; rel=prev; title="a, b; \\"c\\"", <${link}>; foo=bar; REL="last next"`;
      if (how === 'header_cursor' && next !== null) headers['x-next'] = next;
      sendJson(
        response,
        { data: records(Math.min(10, TOTAL - start), start + 1), next: how === 'next_url' ? link : next },
        headers,
      );
    };
  }
  const common = { sizeParameter: null, place: 'query', size: null, stop: [], maxPages: null } as const;
  const models: Record<string, PaginationModel> = {
    cursor: {
      type: 'cursor',
      parameter: 'after',
      field: '$.next',
      header: null,
      pattern: null,
      start: null,
      ...common,
    },
    header_cursor: {
      type: 'header_cursor',
      parameter: 'after',
      field: null,
      header: 'X-Next',
      pattern: null,
      start: null,
      ...common,
    },
    next_url: { type: 'next_url', field: '$.next', pattern: null, ...common },
    link_header: { type: 'link_header', field: null, pattern: null, ...common },
  };
  for (const how of ['cursor', 'header_cursor', 'next_url', 'link_header'] as const) {
    it(`${how} reads all pages in order and asks for none twice`, async () => {
      const server: TestApi = await api((...args) => pages(() => server, how)(...args));
      const source = httpSource(`${server.origin}/orders`, { pagination: models[how]! });
      const { rows } = await scanAll(harness.scanner, specOf(table(source)));
      expect(rows).toEqual(ids(TOTAL));
      expect(server.requests).toEqual(['GET /orders', 'GET /orders?after=10', 'GET /orders?after=20']);
    });
  }

  it('ends with an error when a cursor comes again', async () => {
    const server = await api((_request, response, url) => {
      const after = url.searchParams.get('after');
      sendJson(response, { data: records(10), next: after === 'b' ? 'a' : after === 'a' ? 'b' : 'a' });
    });
    const model = table(httpSource(server.origin, { pagination: models.cursor! }));
    const error = await failureOf(scanAll(harness.scanner, specOf(model)));
    expect(error.sqlstate).toBe('HV000');
    expect(error.message).toContain('the cursor "a" twice');
    expect(server.requests).toHaveLength(3);
  });

  it('ends with an error when a page links to itself', async () => {
    const server: TestApi = await api((_request, response) =>
      sendJson(response, { data: records(10), next: '/orders' }),
    );
    const model = table(httpSource(`${server.origin}/orders`, { pagination: models.next_url! }));
    expect((await failureOf(scanAll(harness.scanner, specOf(model)))).message).toContain('page link twice');
    expect(server.requests).toHaveLength(1);
  });

  it('refuses a page link to another origin, by name, unless it is allowed; and then sends no credentials', async () => {
    let seen: string | undefined = 'none';
    const other = await api((request, response) => {
      seen = request.headers.authorization;
      sendJson(response, { data: records(5, 11) });
    });
    const server = await api((_request, response) =>
      sendJson(response, { data: records(10), next: `${other.origin}/more` }),
    );
    const source = httpSource(server.origin, {
      pagination: models.next_url!,
      headers: new Map([['Authorization', 'Bearer plain']]),
    });
    const error = await failureOf(scanAll(harness.scanner, specOf(table(source))));
    expect(error.message).toContain(`"${other.origin}"`);
    expect(other.requests).toHaveLength(0);
    const { rows } = await scanAll(harness.scanner, specOf(table({ ...source, allowOrigins: [other.origin] })));
    expect(rows).toEqual(ids(15));
    expect(seen).toBeUndefined();
  });
});

describe('LIMIT', () => {
  it('stops the requests once enough rows came, and sizes the page', async () => {
    const server = await api((_request, response, url) => {
      const page = Number(url.searchParams.get('page'));
      const size = Number(url.searchParams.get('size'));
      sendJson(response, { data: records(size, (page - 1) * size + 1) });
    });
    const source = httpSource(server.origin, { pagination: numbered('page') });
    const plain = await scanAll(harness.scanner, specOf(table(source), { limit: 15 }));
    expect(plain.rows.slice(0, 15)).toEqual(ids(15));
    expect(server.requests).toEqual(['GET /?page=1&size=10', 'GET /?page=2&size=10']);
    server.requests.length = 0;
    const limit = { place: 'query', parameter: 'size', max: 4 } as const;
    const sized = await scanAll(harness.scanner, specOf(table(source, { limit }), { limit: 6 }));
    expect(sized.rows.slice(0, 6)).toEqual(ids(6));
    expect(server.requests).toEqual(['GET /?page=1&size=4', 'GET /?page=2&size=4']);
  });

  it('keeps paging by offset right when LIMIT makes pages smaller', async () => {
    const server = await api((_request, response, url) => {
      const size = Number(url.searchParams.get('limit') ?? 10);
      sendJson(response, { data: records(size, Number(url.searchParams.get('offset')) + 1) });
    });
    const source = httpSource(server.origin, { pagination: numbered('offset', { sizeParameter: null, step: 10 }) });
    const limit = { place: 'query', parameter: 'limit', max: 5 } as const;
    const { rows } = await scanAll(harness.scanner, specOf(table(source, { limit }), { limit: 12 }));
    expect(rows).toEqual(ids(15));
  });

  it('asks for nothing when no row is wanted', async () => {
    const server = await api((_request, response) => sendJson(response, { data: records(3) }));
    expect((await scanAll(harness.scanner, specOf(table(httpSource(server.origin)), { limit: 0 }))).rows).toEqual([]);
    expect(server.requests).toHaveLength(0);
  });
});
