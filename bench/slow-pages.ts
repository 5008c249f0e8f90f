import { execFileSync } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { renderOrder } from '../demo/orders.js';
import { serveParent } from './child.js';

/** Starts an API of so many pages, each answered after the latency, or at once with none. */
export interface SlowPagesRequest {
  readonly pages: number;
  readonly rows: number;
  readonly latencyMs: number;
  /** Over TLS, by HTTP/2 or HTTP/1.1 as the client likes; needs the openssl program. */
  readonly isSecure: boolean;
}

export interface SlowPagesResponse {
  readonly port: number;
  readonly pageBytes: number;
}

/** A key and a certificate for it, which nobody trusts. */
function newCertificate(): { readonly key: string; readonly cert: string } {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const out = ['-keyout', '-', '-out', '-', '-days', '2', '-subj', '/CN=localhost'];
  const pem = execFileSync('openssl', ['req', '-x509', ...curve, ...out], { stdio: ['ignore', 'pipe', 'ignore'] });
  return { key: String(pem), cert: String(pem) };
}

async function start({ pages, rows, latencyMs, isSecure }: SlowPagesRequest): Promise<SlowPagesResponse> {
  const bodies = Array.from({ length: pages }, (_, page) => {
    const orders = Array.from({ length: rows }, (__, row) => renderOrder(page * rows + row + 1));
    return Buffer.from(`{"data":[${orders.join(',')}],"total":${pages * rows}}`);
  });
  const answer = (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): void => {
    const page = Number(new URL(request.url ?? '/', 'http://bench.invalid').searchParams.get('page') ?? '1');
    const body = bodies[page - 1] ?? Buffer.from(`{"data":[],"total":${pages * rows}}`);
    const link = page < pages ? { link: `</?page=${page + 1}>; rel="next"` } : {};
    const send = (): void => {
      for (const [name, value] of Object.entries(link)) response.setHeader(name, value);
      response.setHeader('content-type', 'application/json');
      response.setHeader('content-length', body.length);
      response.end(body);
    };
    if (latencyMs === 0) send();
    else setTimeout(send, latencyMs);
  };
  const server = isSecure
    ? createSecureServer({ ...newCertificate(), allowHTTP1: true }, answer)
    : createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, pageBytes: bodies[0]!.length };
}

serveParent<SlowPagesRequest, SlowPagesResponse>(start);
