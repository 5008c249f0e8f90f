import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type SecureServerOptions,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Certificates } from '../support/certificates.js';
import type { TestApi } from './fixtures.js';

export type Http2Handler = (request: Http2ServerRequest, response: Http2ServerResponse, url: URL) => unknown;

/** A local API that speaks HTTP/2 over TLS, or HTTP/1.1 if `allowHTTP1` says so and a client wants it. */
export interface Http2Api extends TestApi {
  readonly port: number;
  /** Connections so far. */
  readonly connections: () => number;
  readonly openStreams: () => number;
  /** Ends the connection that a request came over. */
  readonly lose: (request: Http2ServerRequest) => void;
}

export async function startHttp2Api(
  certificates: Certificates,
  handler: Http2Handler,
  options: SecureServerOptions = {},
): Promise<Http2Api> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let connections = 0;
  let openStreams = 0;
  const server = createSecureServer(
    { key: certificates.pem('server.key'), cert: certificates.pem('server.pem'), ...options },
    (request, response) => {
      requests.push(`${request.method} ${request.url}`);
      openStreams++;
      response.once('close', () => openStreams--);
      response.on('error', () => {});
      void Promise.resolve(handler(request, response, new URL(request.url, 'https://api'))).catch(() => {
        response.stream.destroy();
      });
    },
  );
  server.on('secureConnection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.on('sessionError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `https://localhost:${port}`,
    port,
    requests,
    connections: () => connections,
    openSockets: () => sockets.size,
    openStreams: () => openStreams,
    lose: ({ stream: { session } }) => {
      const port = session?.socket.remotePort;
      for (const socket of sockets) if (socket.remotePort === port) socket.destroy();
    },
    close: async () => {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with half of the body and then resets the stream, without having said that it is complete. */
export function sendCut(response: Http2ServerResponse, code: number, body: string, headers: object = {}): void {
  const { stream } = response;
  stream.on('error', () => {});
  // Without the promise of trailers Node would end the stream before it resets it.
  stream.respond({ ':status': 200, 'content-type': 'application/json', ...headers }, { waitForTrailers: true });
  stream.write(body.slice(0, Math.floor(body.length / 2)), () => setTimeout(() => stream.close(code), 2));
}
