import { createServer, type IncomingMessage, request as send } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A proxy that tunnels (CONNECT) and forwards, for one user. */
export interface TestProxy {
  readonly origin: string;
  /** `CONNECT host:port` and `GET http://…` of each request let through. */
  readonly passed: string[];
  readonly refused: () => number;
  readonly openSockets: () => number;
  readonly close: () => Promise<void>;
}

/** `hosts`: where names lead that no name server knows. */
export async function startProxy(
  credentials: string | null,
  hosts: Readonly<Record<string, number>> = {},
): Promise<TestProxy> {
  const passed: string[] = [];
  const sockets = new Set<Socket>();
  let refused = 0;
  const isWelcome = ({ headers }: IncomingMessage): boolean => {
    const wanted = credentials === null ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
    if (headers['proxy-authorization'] === wanted) return true;
    refused++;
    return false;
  };
  const server = createServer((request, response) => {
    if (!isWelcome(request)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="test"' }).end('who are you?');
      return;
    }
    passed.push(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? '');
    const { 'proxy-authorization': _own, ...headers } = request.headers;
    const port = hosts[url.hostname] ?? Number(url.port);
    const onward = send({
      host: '127.0.0.1',
      port,
      path: `${url.pathname}${url.search}`,
      method: request.method,
      headers,
    });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    socket.on('error', () => {});
    if (!isWelcome(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    passed.push(`CONNECT ${request.url}`);
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const onward = connect({ host: '127.0.0.1', port: hosts[host] ?? Number(port) });
    sockets.add(onward);
    onward.on('close', () => sockets.delete(onward)).on('error', () => socket.destroy());
    onward.on('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    socket.on('close', () => onward.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    refused: () => refused,
    openSockets: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
