import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { CompressionModel, TransportModel } from '../config/model.js';
import { BodyBounds } from './body-bounds.js';
import { bodyProblem, type ConnectionProblem, classifyConnectionError, ProxyRefusal } from './connection-problem.js';
import { decodeProblem } from './decode-body.js';
import { DEFAULT_TRANSPORT, Dispatchers } from './dispatchers.js';
import { readProxyEnvironment } from './proxy.js';
import { isRefusedAddress, type Lookup, RefusedAddress } from './refused-addresses.js';
import type { HttpRequest } from './request-draft.js';
import { BodyFailure, type HttpResponse, ResponseHeaders } from './response.js';
import { AUTO_COMPRESSION, unpackBody } from './unpack-body.js';

const READ_AHEAD_BYTES = 256 * 1024;

/** No response came. */
export class ExchangeFailure extends Error {
  constructor(
    readonly problem: ConnectionProblem,
    readonly host: string,
    cause: unknown,
  ) {
    super(problem.reason, { cause });
    this.name = 'ExchangeFailure';
  }
}

export interface ExchangeOptions {
  readonly signal: AbortSignal;
  /** From the request's first byte to the response's headers, and between two chunks of the body. */
  readonly timeoutMs: number;
  /** Link-local and metadata addresses are refused unless this is true. */
  readonly allowLinkLocal?: boolean;
  /** For the whole response, the time not counted while its reader rests; null or left out: unlimited. */
  readonly totalTimeoutMs?: number | null;
  /** Decompressed bytes of the body; null or left out: unlimited. */
  readonly maxBodyBytes?: number | null;
  /** As the environment says by default. */
  readonly transport?: TransportModel;
  /** `auto` by default. */
  readonly compression?: CompressionModel;
  /** Called when the response has been read to its end or was discarded, perhaps more than once. */
  readonly onClose?: () => void;
}

/** The gateway's connections to APIs: keep-alive, one pool per origin, closed together. */
export class HttpClient {
  readonly #dispatchers: Dispatchers;

  /** `lookup` stands in for the system's name resolution, `env` for the environment that names proxies. */
  constructor(lookup?: Lookup, env: NodeJS.ProcessEnv = process.env) {
    this.#dispatchers = new Dispatchers(lookup, readProxyEnvironment(env));
  }

  /**
   * One request and its response, whatever its status: no redirect, no retry. Throws `ExchangeFailure` when no response
   * came and the signal's reason when it aborts; the abort also ends the body and closes its socket.
   */
  async exchange(request: HttpRequest, options: ExchangeOptions): Promise<HttpResponse> {
    const { signal, transport = DEFAULT_TRANSPORT } = options;
    const { totalTimeoutMs = null } = options;
    const timeoutMs = Math.min(options.timeoutMs, totalTimeoutMs ?? options.timeoutMs);
    const startedAt = performance.now();
    signal.throwIfAborted();
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const close = (): void => {
      signal.removeEventListener('abort', onAbort);
      options.onClose?.();
    };
    let hasTimedOut = false;
    const timer = setTimeout(() => {
      hasTimedOut = true;
      controller.abort();
    }, timeoutMs);
    const isOpen = options.allowLinkLocal === true;
    const route = this.#dispatchers.route(request.url, transport, isOpen);
    try {
      if (!isOpen && isRefusedAddress(request.url.hostname)) throw new RefusedAddress();
      const response = await route.dispatcher.request({
        origin: route.origin,
        path: route.path,
        method: request.method as Dispatcher.HttpMethod,
        headers: { ...request.headers, ...route.headers },
        body: request.body,
        signal: controller.signal,
        // The timer above covers looking up, connecting and waiting together.
        headersTimeout: 0,
        bodyTimeout: options.timeoutMs,
        highWaterMark: READ_AHEAD_BYTES,
      });
      if (route.proxy !== null && response.statusCode === 407) {
        response.body.on('error', () => {}).destroy();
        throw new ProxyRefusal(407);
      }
      const usedMs = performance.now() - startedAt;
      const bounds = new BodyBounds(totalTimeoutMs === null ? null : totalTimeoutMs - usedMs, options);
      return toResponse(request, response, options, bounds, close);
    } catch (error) {
      close();
      signal.throwIfAborted();
      const problem: ConnectionProblem = hasTimedOut
        ? { reason: `no answer within ${timeoutMs / 1000} s`, stage: 'timeout', isTransient: true }
        : classifyConnectionError(error);
      const through = route.proxy === null ? '' : ` through proxy ${route.proxy.name}`;
      throw new ExchangeFailure(problem, `${hostAndPort(request.url)}${through}`, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends all connections at once, those in use too. */
  async close(): Promise<void> {
    await this.#dispatchers.destroy();
  }
}

function toResponse(
  request: HttpRequest,
  response: Dispatcher.ResponseData,
  options: ExchangeOptions,
  bounds: BodyBounds,
  close: () => void,
): HttpResponse {
  const { signal, compression = AUTO_COMPRESSION } = options;
  const headers = new ResponseHeaders(response.headers);
  let source: Readable | null = response.body;
  let failure: BodyFailure | null = null;
  // An early end is no error of anyone who still listens.
  source.on('error', () => {});
  source.once('close', close);
  const discard = (): void => {
    source?.destroy();
    source = null;
  };
  const read = async function* (): AsyncGenerator<Uint8Array, void, void> {
    try {
      const facts = {
        contentEncoding: headers.get('content-encoding'),
        contentType: headers.get('content-type'),
        path: request.url.pathname,
      };
      yield* bounds.keep(unpackBody(response.body, compression, facts), () => response.body.destroy());
      source = null;
    } catch (error) {
      signal.throwIfAborted();
      failure = toBodyFailure(error);
      throw failure;
    } finally {
      discard();
    }
  };
  return {
    status: response.statusCode,
    headers,
    url: request.url,
    name: `${request.method} ${request.shownUrl}`,
    body: read(),
    failure: () => failure,
    discard,
    releaseSlot: () => options.onClose?.(),
  };
}

function toBodyFailure(error: unknown): BodyFailure {
  if (error instanceof BodyFailure) return error;
  const reason = bodyProblem(error);
  if (reason !== null) return new BodyFailure(reason, true, error);
  return (
    decodeProblem(error) ?? new BodyFailure(error instanceof Error ? error.message : 'unknown reason', false, error)
  );
}

/** `api.example.com:443`, the port always told. */
export function hostAndPort(url: URL): string {
  return `${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port}`;
}
