import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { renderOrder } from '../demo/orders.js';
import { serveParent } from './child.js';

const PAGE_ROWS = 1_000;

/** Asks for the API (`start`), then for its distinct pages, to parse them elsewhere. */
export type PageRequest = { readonly type: 'start'; readonly rows: number } | { readonly type: 'pages' };

export type PageResponse =
  | { readonly type: 'started'; readonly port: number; readonly rowBytes: number }
  | { readonly type: 'pages'; readonly pages: readonly Uint8Array[] };

/** So many pages are distinct; then they come again. Enough that no cache of the processor holds them. */
const DISTINCT_PAGES = 50;

function renderPages(): readonly Buffer[] {
  return Array.from({ length: DISTINCT_PAGES }, (_, page) => {
    const rows = Array.from({ length: PAGE_ROWS }, (__, row) => renderOrder(page * PAGE_ROWS + row + 1));
    return Buffer.from(`{"data":[${rows.join(',')}]}`);
  });
}

const pages = renderPages();
const EMPTY_PAGE = Buffer.from('{"data":[]}');

async function start(rows: number): Promise<PageResponse> {
  const pageCount = Math.ceil(rows / PAGE_ROWS);
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url ?? '/', 'http://bench.invalid').searchParams.get('page') ?? '1');
    const body = page >= 1 && page <= pageCount ? pages[(page - 1) % pages.length]! : EMPTY_PAGE;
    // The number in front tells pages apart that come again: a scan that sees its first page once more ends with an error.
    const head = `{"page":${page},`;
    const length = head.length + body.length - 1;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
    response.write(head);
    response.end(body.subarray(1));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const rowBytes = pages.reduce((sum, { length }) => sum + length, 0) / (pages.length * PAGE_ROWS);
  return { type: 'started', port: (server.address() as AddressInfo).port, rowBytes };
}

serveParent<PageRequest, PageResponse>(async (request) =>
  request.type === 'start' ? start(request.rows) : { type: 'pages', pages },
);
