import type { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import type { CompressionModel } from '../config/model.js';
import { bodyProblem, type ConnectionProblem, classifyConnectionError } from './connection-problem.js';
import { decodeProblem } from './decode-body.js';
import { isRefusedAddress, type Lookup, RefusedAddress, refusingLookup } from './refused-addresses.js';
import type { HttpRequest } from './request-draft.js';
import { BodyFailure, type HttpResponse, ResponseHeaders } from './response.js';
import { AUTO_COMPRESSION, unpackBody } from './unpack-body.js';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;
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
  /** `auto` by default. */
  readonly compression?: CompressionModel;
  /** Called when the response has been read to its end or was discarded, perhaps more than once. */
  readonly onClose?: () => void;
}

/** The gateway's connections to APIs: keep-alive, one pool per origin, closed together. */
export class HttpClient {
  readonly #agent: Agent;
  /** For sources that may ask link-local addresses: a connection of theirs is not shared with others. */
  readonly #openAgent = newAgent({ timeout: CONNECT_TIMEOUT_MS });

  /** `lookup` stands in for the system's name resolution. */
  constructor(lookup?: Lookup) {
    this.#agent = newAgent({ timeout: CONNECT_TIMEOUT_MS, lookup: refusingLookup(lookup) as never });
  }

  /**
   * One request and its response, whatever its status: no redirect, no retry. Throws `ExchangeFailure` when no response
   * came and the signal's reason when it aborts; the abort also ends the body and closes its socket.
   */
  async exchange(request: HttpRequest, options: ExchangeOptions): Promise<HttpResponse> {
    const { signal, timeoutMs } = options;
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
    try {
      const isOpen = options.allowLinkLocal === true;
      if (!isOpen && isRefusedAddress(request.url.hostname)) throw new RefusedAddress();
      const response = await (isOpen ? this.#openAgent : this.#agent).request({
        origin: request.url.origin,
        path: `${request.url.pathname}${request.url.search}`,
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers,
        body: request.body,
        signal: controller.signal,
        // The timer above covers looking up, connecting and waiting together.
        headersTimeout: 0,
        bodyTimeout: timeoutMs,
        highWaterMark: READ_AHEAD_BYTES,
      });
      return toResponse(request, response, options, close);
    } catch (error) {
      close();
      signal.throwIfAborted();
      const problem: ConnectionProblem = hasTimedOut
        ? { reason: `no answer within ${timeoutMs / 1000} s`, stage: 'timeout', isTransient: true }
        : classifyConnectionError(error);
      throw new ExchangeFailure(problem, hostAndPort(request.url), error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends all connections at once, those in use too. */
  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#openAgent.destroy()]);
  }
}

function newAgent(connect: Agent.Options['connect']): Agent {
  return new Agent({ ...(connect === undefined ? {} : { connect }), keepAliveTimeout: KEEP_ALIVE_MS, allowH2: false });
}

function toResponse(
  request: HttpRequest,
  response: Dispatcher.ResponseData,
  options: ExchangeOptions,
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
      yield* unpackBody(response.body, compression, {
        contentEncoding: headers.get('content-encoding'),
        contentType: headers.get('content-type'),
        path: request.url.pathname,
      });
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
