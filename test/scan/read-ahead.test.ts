import { describe, expect, it } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { PaginationModel } from '../../src/config/model.js';
import { newScanStatistics, type ScanContext } from '../../src/scan/scan.js';
import {
  api,
  failureOf,
  type Handler,
  httpSource,
  ids,
  newHarness,
  numbered,
  records,
  scanAll,
  sendJson,
  specOf,
  table,
  until,
} from './fixtures.js';

const harness = newHarness({}, createReader);
const common = { sizeParameter: null, place: 'query', size: null, stop: [], maxPages: null } as const;
const cursor: PaginationModel = {
  type: 'cursor',
  parameter: 'page',
  field: '$.next',
  header: null,
  pattern: null,
  start: null,
  ...common,
};

const PAGES = 4;

/** Ends each page from `from` on only when the one after it has been asked for: a scan that waits for the end never ends. */
function interlocked(
  from: number,
  page: (number: number) => { body: string; headers?: Record<string, string> },
): Handler {
  const arrivals = new Map<number, () => void>();
  const asked = new Set<number>();
  return async (_request, response, url) => {
    const number = Number(url.searchParams.get('page') ?? 1);
    asked.add(number);
    arrivals.get(number)?.();
    const { body, headers } = page(number);
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    response.writeHead(200, { 'content-type': 'application/json', ...length, ...headers });
    if (number < from || number >= PAGES) {
      response.end(body);
      return;
    }
    const cut = body.indexOf('"id":4');
    response.write(body.slice(0, cut));
    if (!asked.has(number + 1)) await new Promise<void>((resolve) => arrivals.set(number + 1, resolve));
    response.end(body.slice(cut));
  };
}

function rowsOf(number: number, last = 10): { id: number }[] {
  return records(number === PAGES ? last : 10, (number - 1) * 10 + 1);
}

describe('the next page is asked for while a page is still read', () => {
  const add = (
    name: string,
    from: number,
    pagination: PaginationModel,
    extra: (number: number) => { before?: object; headers?: Record<string, string> },
    last = 10,
  ): void => {
    it(name, async () => {
      const server = await api(
        interlocked(from, (number) => {
          const { before = {}, headers = {} } = extra(number);
          return { body: JSON.stringify({ ...before, data: rowsOf(number, last) }), headers };
        }),
      );
      const model = table(httpSource(`${server.origin}/orders`, { pagination }));
      const { rows } = await scanAll(harness.scanner, specOf(model));
      expect(rows).toEqual(ids((PAGES - 1) * 10 + last));
      expect(server.requests).toHaveLength(PAGES);
    });
  };
  const next = (number: number): string | null => (number < PAGES ? String(number + 1) : null);

  add('by a Link header', 1, { type: 'link_header', field: null, pattern: null, ...common }, (number) =>
    number < PAGES ? { headers: { link: `</orders?page=${number + 1}>; rel="next"` } } : {},
  );
  add(
    'by a token in a header',
    1,
    { type: 'header_cursor', parameter: 'page', field: null, header: 'X-Next', pattern: null, start: null, ...common },
    (number) => (number < PAGES ? { headers: { 'x-next': String(number + 1) } } : {}),
  );
  add('by a token in front of the rows', 1, cursor, (number) => ({ before: { next: next(number) } }));
  add(
    'by a link in front of the rows',
    1,
    { type: 'next_url', field: '$.next', pattern: null, ...common },
    (number) => ({
      before: { next: number < PAGES ? `?page=${number + 1}` : null },
    }),
  );
  add(
    'by a number of pages in front of the rows',
    1,
    numbered('page', { stop: [{ type: 'total_pages', field: '$.pages' }] }),
    () => ({
      before: { pages: PAGES },
    }),
  );
  add(
    'by a total, once the first page told it',
    2,
    numbered('page', { stop: [{ type: 'total', field: '$.total' }] }),
    () => ({
      before: { total: PAGES * 10 },
    }),
  );
  add(
    'by a flag in front of the rows',
    1,
    numbered('page', { stop: [{ type: 'has_more', field: '$.more' }] }),
    (number) => ({
      before: { more: number < PAGES },
    }),
  );
  add('by being as long as the full page before it', 2, numbered('page'), () => ({}), 4);
});

describe('no page is asked for in vain', () => {
  const linked: Handler = (_request, response, url) => {
    const number = Number(url.searchParams.get('page') ?? 1);
    sendJson(response, { data: rowsOf(number) }, { link: `</?page=${number + 1}>; rel="next"` });
  };
  const byLink: PaginationModel = { type: 'link_header', field: null, pattern: null, ...common };

  it('beyond LIMIT', async () => {
    const server = await api(linked);
    const model = table(httpSource(server.origin, { pagination: byLink }));
    for (const [limit, requests] of [
      [10, 1],
      [11, 2],
      [20, 2],
      [30, 3],
    ] as const) {
      server.requests.length = 0;
      await scanAll(harness.scanner, specOf(model, { limit }));
      expect([limit, server.requests.length]).toEqual([limit, requests]);
    }
  });

  it('beyond max_pages and pages_per_scan', async () => {
    const server = await api(linked);
    await scanAll(
      harness.scanner,
      specOf(table(httpSource(server.origin, { pagination: { ...byLink, maxPages: 2 } }))),
    );
    expect(server.requests).toHaveLength(2);
    server.requests.length = 0;
    const { scanner } = newHarness({ pagesPerScan: 2 }, createReader);
    const error = await failureOf(scanAll(scanner, specOf(table(httpSource(server.origin, { pagination: byLink })))));
    expect(error.sqlstate).toBe('54000');
    expect(server.requests).toHaveLength(2);
    await scanner.close();
  });

  it('by a consumer that reads no further than it wants', async () => {
    const server = await api(linked);
    const context: ScanContext = {
      signal: new AbortController().signal,
      statistics: newScanStatistics(),
      notice: () => {},
      readsAhead: () => false,
    };
    const model = table(httpSource(server.origin, { pagination: byLink }));
    const rows = harness.scanner.open(specOf(model), context);
    await rows.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.requests).toHaveLength(1);
    await rows.return();
  });

  it('to an origin that links may not lead to', async () => {
    const other = await api((_request, response) => sendJson(response, { data: [] }));
    const server = await api((_request, response) =>
      sendJson(response, { data: rowsOf(1) }, { link: `<${other.origin}/>; rel="next"` }),
    );
    const model = table(httpSource(server.origin, { pagination: byLink }));
    expect((await failureOf(scanAll(harness.scanner, specOf(model)))).message).toContain('another origin');
    expect(other.requests).toHaveLength(0);
  });
});

describe('a page that was asked for in vain', () => {
  /** The last page is as long as the others, but has fewer records; what is asked for beyond it fails, late. */
  const misleading: Handler = async (_request, response, url) => {
    const number = Number(url.searchParams.get('page'));
    if (number > PAGES) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      response.writeHead(400).end('no such page');
      return;
    }
    const note = number === PAGES ? 'x'.repeat(200) : '';
    sendJson(response, { data: rowsOf(number, 9), note });
  };

  it('neither fails nor gives rows, and leaves no socket', async () => {
    const server = await api(misleading);
    const { scanner, requestLog } = newHarness({}, createReader);
    const model = table(httpSource(server.origin, { pagination: numbered('page') }));
    const { rows } = await scanAll(scanner, specOf(model));
    expect(rows).toEqual(ids(39));
    expect(server.requests.length).toBeLessThanOrEqual(PAGES + 1);
    expect(requestLog.recent().at(-1)?.durationMs).not.toBeNull();
    await scanner.close();
    await until(() => server.openSockets() === 0);
  });

  it('is given up when the consumer leaves', async () => {
    const server = await api((_request, response, url) => {
      const number = Number(url.searchParams.get('page') ?? 1);
      if (number > 1) return;
      sendJson(response, { data: rowsOf(1) }, { link: '</?page=2>; rel="next"' });
    });
    const { scanner } = newHarness({}, createReader);
    const model = table(
      httpSource(server.origin, { pagination: { type: 'link_header', field: null, pattern: null, ...common } }),
    );
    const context = { signal: new AbortController().signal, statistics: newScanStatistics(), notice: () => {} };
    const rows = scanner.open(specOf(model), context);
    await rows.next();
    await until(() => server.requests.length === 2);
    await rows.return();
    await until(() => server.openSockets() <= 1);
    await scanner.close();
    await until(() => server.openSockets() === 0);
  });
});
