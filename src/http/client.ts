import type { CompressionModel, TransportModel } from '../config/model.js';
import { BodyBounds } from './body-bounds.js';
import type { ConnectionResponse } from './connection/connection.js';
import { LATE, ProxyRefusal } from './connection/failures.js';
import { ConnectionPool } from './connection/pool.js';
import { bodyProblem, type ConnectionProblem, classifyConnectionError } from './connection-problem.js';
import { decodeProblem } from './decode-body.js';
import { readProxyEnvironment } from './proxy.js';
import { isRefusedAddress, type Lookup, RefusedAddress } from './refused-addresses.js';
import type { HttpRequest } from './request-draft.js';
import { BodyFailure, type HttpResponse } from './response.js';
import { isIdempotent } from './retry.js';
import { DEFAULT_TRANSPORT, Routes } from './routes.js';
import { AUTO_COMPRESSION, unpackBody } from './unpack-body.js';

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

/** The gateway's connections to APIs: kept alive, shared by all sources that reach a server the same way, closed together. */
export class HttpClient {
  readonly #routes: Routes;
  readonly #connections = new ConnectionPool();

  /** `lookup` stands in for the system's name resolution, `env` for the environment that names proxies. */
  constructor(lookup?: Lookup, env: NodeJS.ProcessEnv = process.env) {
    this.#routes = new Routes(lookup, readProxyEnvironment(env));
  }

  /**
   * One request and its response, whatever its status: no redirect, no retry. Throws `ExchangeFailure` when no response
   * came and the signal's reason when it aborts; the abort also ends the body and closes its socket.
   */
  async exchange(request: HttpRequest, options: ExchangeOptions): Promise<HttpResponse> {
    const { signal, transport = DEFAULT_TRANSPORT, totalTimeoutMs = null } = options;
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
    // Covers looking up, connecting and waiting together.
    const timer = setTimeout(() => controller.abort(LATE), timeoutMs);
    const isOpen = options.allowLinkLocal === true;
    const route = this.#routes.find(request.url, transport, isOpen);
    try {
      if (!isOpen && isRefusedAddress(request.url.hostname)) throw new RefusedAddress();
      const response = await this.#connections.request({
        key: route.key,
        target: route.target,
        request: {
          method: request.method,
          target: route.path,
          host: request.url.host,
          headers: { ...request.headers, ...route.headers },
          body: request.body,
        },
        mayUseHttp2: route.mayUseHttp2,
        isIdempotent: isIdempotent(request.method),
        bodyIdleMs: options.timeoutMs,
        signal: controller.signal,
      });
      if (route.proxy !== null && response.head.status === 407) {
        response.body.destroy();
        throw new ProxyRefusal(407);
      }
      const usedMs = performance.now() - startedAt;
      const bounds = new BodyBounds(totalTimeoutMs === null ? null : totalTimeoutMs - usedMs, options);
      return toResponse(request, response, options, bounds, close);
    } catch (error) {
      close();
      signal.throwIfAborted();
      const problem: ConnectionProblem =
        error === LATE
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
    this.#connections.destroy();
  }
}

function toResponse(
  request: HttpRequest,
  { head, body: source }: ConnectionResponse,
  options: ExchangeOptions,
  bounds: BodyBounds,
  close: () => void,
): HttpResponse {
  const { signal, compression = AUTO_COMPRESSION } = options;
  const { status, headers } = head;
  let failure: BodyFailure | null = null;
  let isClosed = false;
  const discard = (): void => {
    if (isClosed) return;
    isClosed = true;
    source.destroy();
    close();
  };
  const read = async function* (): AsyncGenerator<Uint8Array, void, void> {
    try {
      const facts = {
        contentEncoding: headers.get('content-encoding'),
        contentType: headers.get('content-type'),
        path: request.url.pathname,
      };
      yield* bounds.keep(unpackBody(source, compression, facts), () => source.destroy());
    } catch (error) {
      signal.throwIfAborted();
      failure = toBodyFailure(error);
      throw failure;
    } finally {
      discard();
    }
  };
  return {
    status,
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
