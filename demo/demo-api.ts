import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DemoAuthorization, type DemoCredentials } from './authorization.js';
import { type DemoFaults, FaultPlan } from './faults.js';
import { OrderSearch } from './order-search.js';
import { RequestProblem } from './query.js';
import { type DemoResponse, errorResponse } from './response.js';
import { answerData } from './routes.js';

/** How the demo API is started. */
export interface DemoApiOptions {
  /** 0, the default: a free one. */
  readonly port?: number;
  /** How many orders there are; 100,000 by default. */
  readonly orders?: number;
  /** Gets one line per request when it is over. */
  readonly log?: (line: string) => void;
  /** Generated at random where absent. */
  readonly credentials?: DemoCredentials;
  /** 300 by default. */
  readonly tokenLifetimeSeconds?: number;
  readonly faults?: DemoFaults;
}

/** A request that is over. Headers and bodies, where the secrets are, are not kept. */
export interface DemoRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly status: number;
  /** False where the connection ended before the response was sent whole. */
  readonly isComplete: boolean;
  readonly durationMs: number;
}

/** A running demo API. */
export interface DemoApi {
  readonly url: string;
  readonly port: number;
  readonly credentials: DemoCredentials;
  /** The latest requests, oldest first, no more than 1,000. */
  readonly requests: readonly DemoRequest[];
  close(): Promise<void>;
}

const KEPT_REQUESTS = 1_000;
const MAX_BODY_BYTES = 64 * 1_024;
// A client on this machine may call it by any of its names; links to further pages keep to the one it used.
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/**
 * Starts the demo API on 127.0.0.1: an OAuth authorization server and orders, customers, rates, products and events
 * behind it, all made from seeds. It rejects with Node's own error when the port cannot be had; the caller closes it.
 */
export async function startDemoApi(options: DemoApiOptions = {}): Promise<DemoApi> {
  const { port = 0, orders: orderCount = 100_000, log = () => {}, tokenLifetimeSeconds = 300, faults = {} } = options;
  const credentials = options.credentials ?? {
    clientId: `demo-${randomBytes(6).toString('hex')}`,
    clientSecret: randomBytes(24).toString('base64url'),
  };
  const requests: DemoRequest[] = [];
  const authorization = new DemoAuthorization(credentials, tokenLifetimeSeconds, faults.tokenUses ?? Infinity);
  const faultPlan = new FaultPlan(faults);
  const search = new OrderSearch(orderCount);
  const closing = new AbortController();

  const server = createServer((request, response) => {
    const startedMs = performance.now();
    response.once('close', () => {
      const { method = '', url = '' } = request;
      const durationMs = Math.round(performance.now() - startedMs);
      const isComplete = response.writableFinished;
      // An absolute target names the host first; whatever a client put into the query of a token request may be a secret.
      const path = /^(?:https?:\/\/[^/]*)?\/oauth\//i.test(url) ? url.replace(/\?.*/s, '') : url;
      requests.push({ method, url: path, status: response.statusCode, isComplete, durationMs });
      if (requests.length > KEPT_REQUESTS) requests.shift();
      log(`demo-api  ${method} ${path} ${response.statusCode} ${durationMs}ms${isComplete ? '' : ' cut off'}`);
    });
    serveRequest(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else send(response, problemResponse(error));
    });
  });

  async function serveRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = new URL(request.url ?? '/', 'http://demo.invalid');
    if (target.pathname === '/oauth/token') return send(response, await answerToken(request));
    const decision = faultPlan.next();
    if (decision.delayMs > 0) await delay(decision.delayMs, undefined, { signal: closing.signal });
    const refusal = decision.response ?? authorization.refuse(request.headers.authorization);
    if (refusal !== null) return send(response, refusal);
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, notAllowed('GET, HEAD'));
    const host = request.headers.host ?? '';
    const origin = LOOPBACK_HOST.test(host) ? `http://${host}` : api.url;
    const { pathname: path, searchParams: query } = target;
    const answer = answerData({ path, query, origin, orders: search, orderCount });
    if (decision.isCutOff) await cutOff(response, answer);
    else send(response, answer);
  }

  async function answerToken(request: IncomingMessage): Promise<DemoResponse> {
    if (request.method !== 'POST') return notAllowed('POST');
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES)
        return errorResponse(413, 'too_large', 'the request is too large', { connection: 'close' });
      chunks.push(chunk);
    }
    const { authorization: header, 'content-type': contentType } = request.headers;
    const body = Buffer.concat(chunks).toString('utf8');
    return authorization.answerTokenRequest({ authorization: header, contentType, body });
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const api: DemoApi = {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    credentials,
    requests,
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}

function notAllowed(allow: string): DemoResponse {
  return errorResponse(405, 'method_not_allowed', `the methods allowed here are ${allow}`, { allow });
}

function problemResponse(error: unknown): DemoResponse {
  if (error instanceof RequestProblem) return errorResponse(400, 'invalid_parameter', error.message);
  if (error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL') {
    return errorResponse(400, 'invalid_url', 'the request target is not a URL');
  }
  return errorResponse(500, 'internal', error instanceof Error ? error.message : String(error));
}

function send(response: ServerResponse, { status, headers, body }: DemoResponse): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Promises the whole body, sends half of it, and ends the connection. */
async function cutOff(response: ServerResponse, { status, headers, body }: DemoResponse): Promise<void> {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  await new Promise((resolve) => response.write(bytes.subarray(0, bytes.length >> 1), resolve));
  response.destroy();
}
