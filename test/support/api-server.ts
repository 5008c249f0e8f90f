import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as the server received it. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** `performance.now()` when its headers arrived. */
  readonly timeMs: number;
}

/** What a handler may return instead of writing to the response itself. */
export interface ScriptedResponse {
  /** 200 by default. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Strings and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
}

type HandlerResult = ScriptedResponse | undefined;

/** Answers a request by returning a response, or by writing to `response` and returning nothing. */
export type ApiHandler = (
  request: RecordedRequest,
  response: ServerResponse,
) => HandlerResult | Promise<HandlerResult> | void | Promise<void>;

/**
 * Handlers by `METHOD /path` or `/path` (any method). A list is a script: one entry per request, the last one stays.
 * What has no route is answered 404, so that a wrong path shows in the test that sent it.
 */
export type ApiRoutes = Readonly<Record<string, Route | readonly Route[]>>;
type Route = ApiHandler | ScriptedResponse;

/** A running test API. */
export interface TestApi {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Every request in the order received; a request is added once its body was read. */
  readonly requests: readonly RecordedRequest[];
  /** Connections that are open right now: 0 is what a cancelled scan must come to. */
  openSockets(): number;
  /** Responses that have been started or are being waited for, and are not finished. */
  openResponses(): number;
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a scriptable HTTP API on a free loopback port. The caller closes it. A handler that throws answers 500 with
 * its message, which a test then sees as the API's own error.
 */
export async function startApi(script: ApiHandler | ApiRoutes): Promise<TestApi> {
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  let openResponses = 0;
  const handler = typeof script === 'function' ? script : routed(script);

  const server = createServer((incoming, response) => {
    openResponses++;
    response.once('close', () => openResponses--);
    void answer(incoming, response);
  });
  // Left to itself Node ends an idle connection after 5 s, which a test of pooling would take for the client's doing.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const request = await record(incoming);
      requests.push(request);
      const result = await handler(request, response);
      if (result !== undefined) send(response, result);
    } catch (error) {
      if (response.headersSent || response.destroyed) response.destroy();
      else send(response, { status: 500, body: { error: error instanceof Error ? error.message : String(error) } });
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    openSockets: () => sockets.size,
    openResponses: () => openResponses,
    close: async () => {
      const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all(closed);
    },
  };
}

async function record(incoming: IncomingMessage): Promise<RecordedRequest> {
  const timeMs = performance.now();
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    url,
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    timeMs,
  };
}

function routed(routes: ApiRoutes): ApiHandler {
  const used = new Map<string, number>();
  return (request, response) => {
    const key = [`${request.method} ${request.path}`, request.path].find((name) => Object.hasOwn(routes, name));
    if (key === undefined) return { status: 404, body: { error: `no route for ${request.method} ${request.path}` } };
    const route = routes[key]!;
    const list = Array.isArray(route) ? (route as readonly Route[]) : [route as Route];
    const turn = used.get(key) ?? 0;
    used.set(key, turn + 1);
    const step = list[Math.min(turn, list.length - 1)];
    if (step === undefined) throw new Error(`the route ${key} has no answers`);
    return typeof step === 'function' ? step(request, response) : step;
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: ScriptedResponse): void {
  const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) || body instanceof Uint8Array;
  const payload = isRaw ? ((body ?? '') as string | Uint8Array) : JSON.stringify(body);
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const type: Record<string, string> =
    isRaw || names.includes('content-type') ? {} : { 'content-type': 'application/json' };
  response.writeHead(status, { ...type, ...headers });
  response.end(payload);
}
