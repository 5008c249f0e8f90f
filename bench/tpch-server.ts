import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from './child.js';
import { tpchPage } from './tpch/service.js';
import { makeTpch } from './tpch/tables.js';

/** Asks for the service (`start`), then for the number of requests that it has answered. */
export type TpchRequest = { readonly type: 'start'; readonly scale: number } | { readonly type: 'count' };

/** The port, or the number. */
export type TpchResponse = number;

let requests = 0;

async function start(scale: number): Promise<number> {
  const tables = makeTpch(scale);
  const pages = new Map<string, ReturnType<typeof tpchPage>>();
  const server = createServer((request, response) => {
    requests++;
    const url = new URL(request.url ?? '/', 'http://bench.invalid');
    // Each page is made once, so that the service costs the same in every way that is measured.
    const page = pages.get(url.href) ?? tpchPage(tables, url.pathname, url.searchParams);
    pages.set(url.href, page);
    response.writeHead(200, { 'content-type': page.contentType, 'content-length': Buffer.byteLength(page.body) });
    response.end(page.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

serveParent<TpchRequest, TpchResponse>(async (request) => (request.type === 'start' ? start(request.scale) : requests));
