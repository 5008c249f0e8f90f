import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { renderOrder } from '../demo/orders.js';
import { serveParent } from './child.js';

/** Starts an API of so many pages, each answered after the latency, or at once with none. */
export interface SlowPagesRequest {
  readonly pages: number;
  readonly rows: number;
  readonly latencyMs: number;
}

export interface SlowPagesResponse {
  readonly port: number;
  readonly pageBytes: number;
}

async function start({ pages, rows, latencyMs }: SlowPagesRequest): Promise<SlowPagesResponse> {
  const bodies = Array.from({ length: pages }, (_, page) => {
    const orders = Array.from({ length: rows }, (__, row) => renderOrder(page * rows + row + 1));
    return Buffer.from(`{"data":[${orders.join(',')}],"total":${pages * rows}}`);
  });
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url ?? '/', 'http://bench.invalid').searchParams.get('page') ?? '1');
    const body = bodies[page - 1] ?? Buffer.from(`{"data":[],"total":${pages * rows}}`);
    const link = page < pages ? { link: `</?page=${page + 1}>; rel="next"` } : {};
    const answer = (): void => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, ...link });
      response.end(body);
    };
    if (latencyMs === 0) answer();
    else setTimeout(answer, latencyMs);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, pageBytes: bodies[0]!.length };
}

serveParent<SlowPagesRequest, SlowPagesResponse>(start);
