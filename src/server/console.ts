import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listenError } from './listen-error.js';

/** Longest wait for the engine's answer to a health check. */
const HEALTH_TIMEOUT_MS = 2000;

/** What the console shows. */
export interface ConsoleSources {
  readonly metrics: { readonly contentType: string; print(): Promise<string> };
  /** Rejects when the gateway cannot work. */
  readonly checkHealth: () => Promise<void>;
}

/** The address that monitoring asks: `/metrics` for Prometheus, `/healthz` for an orchestrator. Shows nothing secret. */
export class Console {
  readonly #server: Server;
  readonly #sources: ConsoleSources;

  constructor(sources: ConsoleSources) {
    this.#sources = sources;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.headersTimeout = 10_000;
  }

  /** Resolves with the port. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(listenError(error, host, port, '"console.listen" in tidegate.yaml')),
      );
      this.#server.listen({ host, port }, resolve);
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (path === '/metrics') {
      const { contentType } = this.#sources.metrics;
      response.writeHead(200, { 'content-type': contentType }).end(await this.#sources.metrics.print());
    } else if (path === '/healthz') {
      const isHealthy = await this.#isHealthy();
      const status = isHealthy ? 'ok' : 'the engine does not answer';
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      response.writeHead(isHealthy ? 200 : 503, headers).end(`${JSON.stringify({ status })}\n`);
    } else {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('/metrics and /healthz are all there is\n');
    }
  }

  async #isHealthy(): Promise<boolean> {
    const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, HEALTH_TIMEOUT_MS, false).unref());
    const check = this.#sources.checkHealth().then(
      () => true,
      () => false,
    );
    return Promise.race([check, timeout]);
  }
}
