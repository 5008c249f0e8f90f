import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type ExchangeOptions, HttpClient } from '../../src/http/client.js';
import type { HttpResponse } from '../../src/http/response.js';

/** Answers each request of a connection, whose text it is given, by writing bytes. */
type Script = (socket: Socket, request: string, turn: number) => void;

interface RawServer {
  readonly url: string;
  /** Connections that were made. */
  connections(): number;
  open(): number;
}

const servers: { server: Server; sockets: Set<Socket> }[] = [];
const clients: HttpClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that knows nothing of HTTP but where a request without a body ends. */
async function serve(script: Script): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let text = '';
    let turn = 0;
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const request = text.slice(0, end);
        text = text.slice(end + 4);
        script(socket, request, turn++);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({ server, sockets });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections: () => connections, open: () => sockets.size };
}

function newClient(): HttpClient {
  const client = new HttpClient(undefined, {});
  clients.push(client);
  return client;
}

function ask(
  client: HttpClient,
  url: string,
  options: Partial<ExchangeOptions> & { method?: string; headers?: Record<string, string> } = {},
): Promise<HttpResponse> {
  const { method = 'GET', headers = {}, ...others } = options;
  const signal = others.signal ?? new AbortController().signal;
  const request = { method, url: new URL(url), headers, body: null, shownUrl: url };
  return client.exchange(request, { timeoutMs: 2_000, ...others, signal });
}

async function readBody(response: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response.body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('latin1');
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no failure',
    (error: Error) => error.message,
  );
}

const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-One: a\r\n\r\n' +
  '5\r\nhello\r\n3;name="a;b"\r\n, w\r\n00004\r\norld\r\n0\r\nX-Trailer: no\r\n\r\n';

describe('responses', () => {
  it.each<[string, string, string]>([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello, world', 'hello, world'],
    ['chunks with extensions and trailers', CHUNKED, 'hello, world'],
    [
      'interim responses',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${CHUNKED}`,
      'hello, world',
    ],
    ['bare line feeds', 'HTTP/1.1 200 OK\ncontent-length: 2\n\nhi', 'hi'],
    ['a length said twice', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi', 'hi'],
    ['no reason', 'HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nhi', 'hi'],
    ['an empty body', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', ''],
    ['no content', 'HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n', ''],
  ])('reads %s, cut at every byte, and uses the connection again', async (_name, answer, body) => {
    const bytes = Buffer.from(answer, 'latin1');
    let cut = 0;
    const server = await serve((socket) => {
      const at = ++cut;
      socket.write(bytes.subarray(0, at));
      // Two turns of the loop: the pieces are read one by one.
      setImmediate(() => setImmediate(() => socket.write(bytes.subarray(at))));
    });
    const client = newClient();
    for (let turn = 1; turn < bytes.length; turn++) {
      expect(await readBody(await ask(client, server.url)), `cut at ${turn}`).toBe(body);
    }
    expect(server.connections()).toBe(1);
  });

  it('reads a body that ends with the connection', async () => {
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhello');
      setTimeout(() => socket.end(', world'), 20);
    });
    const client = newClient();
    expect(await readBody(await ask(client, server.url))).toBe('hello, world');
    expect(await readBody(await ask(client, server.url))).toBe('hello, world');
    expect(server.connections()).toBe(2);
  });

  it('joins headers of one name, unfolds lines, and takes no more than spaces away', async () => {
    const server = await serve((socket) => {
      socket.write(
        'HTTP/1.1 200 OK\r\nX-A:  one \t\r\nx-a: two\r\nX-B: first\r\n  second\r\nX-C: \u00a0é\r\nX-D:\r\ncontent-length: 0\r\n\r\n',
        'latin1',
      );
    });
    const { headers } = await ask(newClient(), server.url);
    expect(headers.get('X-A')).toBe('one, two');
    expect(headers.get('x-b')).toBe('first second');
    expect(headers.get('x-c')).toBe('\u00a0é');
    expect(headers.get('x-d')).toBe('');
    expect(headers.get('x-e')).toBeNull();
  });

  it('takes no body for the answer to HEAD', async () => {
    const server = await serve((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'));
    const client = newClient();
    for (let turn = 0; turn < 3; turn++) {
      expect(await readBody(await ask(client, server.url, { method: 'HEAD' }))).toBe('');
    }
    expect(server.connections()).toBe(1);
  });

  it('hands over large bodies in order, whatever pieces they come in', async () => {
    const body = Buffer.alloc(3_000_000);
    for (let at = 0; at < body.length; at++) body[at] = (at * 2_654_435_761) >>> 24;
    const server = await serve((socket, request) => {
      if (request.includes('chunked')) {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        for (let at = 0, size = 1; at < body.length; at += size, size = (size * 7) % 4_099) {
          const piece = body.subarray(at, at + size);
          socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]));
        }
        socket.write('0\r\n\r\n');
      } else
        socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`), body]));
    });
    const client = newClient();
    for (const kind of ['chunked', 'length', 'chunked']) {
      const text = await readBody(await ask(client, `${server.url}/${kind}`));
      expect(text.length).toBe(body.length);
      expect(text === body.toString('latin1')).toBe(true);
    }
    expect(server.connections()).toBe(1);
  });
});

describe('what is no answer', () => {
  it.each<[string, string, RegExp]>([
    ['another protocol', 'SSH-2.0-OpenSSH_9\r\n', /the answer is not HTTP: it does not begin with "HTTP\/1\."/],
    ['a status line without a status', 'HTTP/1.1 OK\r\n\r\n', /not HTTP: it does not begin with a status line/],
    ['a later version', 'HTTP/2.0 200 OK\r\n\r\n', /not HTTP/],
    ['another protocol by agreement', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n', /switches to another protocol/],
    [
      'two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      /Content-Length is not a length/,
    ],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n', /Content-Length is not a length/],
    [
      'another coding',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
      /Transfer-Encoding "gzip, chunked" is not/,
    ],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n', /no name that one may have/],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello', /no name that one may have/],
    ['a control character', 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n', /control character/],
    ['a lone carriage return', 'HTTP/1.1 200 OK\r\nX-A: a\rb\r\n\r\n', /control character/],
    ['headers without end', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(70_000)}`, /headers are longer than 64 KB/],
  ])('says so of %s', async (_name, answer, message) => {
    const server = await serve((socket) => socket.write(answer, 'latin1'));
    expect(await failureOf(ask(newClient(), server.url))).toMatch(message);
    await expect.poll(() => server.open()).toBe(0);
  });

  it('says when nothing came, and when nothing comes', async () => {
    const closing = await serve((socket) => socket.end());
    expect(await failureOf(ask(newClient(), closing.url))).toBe('the server closed the connection without an answer');
    const resetting = await serve((socket) => socket.resetAndDestroy());
    expect(await failureOf(ask(newClient(), resetting.url))).toBe('the connection was reset (ECONNRESET)');
    const silent = await serve(() => {});
    expect(await failureOf(ask(newClient(), silent.url, { timeoutMs: 100 }))).toBe('no answer within 0.1 s');
    await expect.poll(() => silent.open()).toBe(0);
  });

  it.each<[string, string, RegExp]>([
    ['shorter than its length', 'Content-Length: 9\r\n\r\nhello', /shorter than its Content-Length/],
    ['without its last chunk', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', /the server closed the connection/],
    ['without the end of its trailers', 'Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n', /the server closed/],
    ['with a chunk of no size', 'Transfer-Encoding: chunked\r\n\r\nxyz\r\n', /framing is broken: a chunk has no size/],
    [
      'with a negative chunk',
      'Transfer-Encoding: chunked\r\n\r\n-5\r\nhello',
      /framing is broken: a chunk has no size/,
    ],
    [
      'with a chunk beyond its size',
      'Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n',
      /a chunk is longer than its size/,
    ],
    ['with a chunk of 2^60', 'Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n', /a chunk is too large/],
    [
      'with endless extensions',
      `Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}`,
      /beside its chunks is too long/,
    ],
  ])('says so of a body %s', async (_name, answer, message) => {
    const server = await serve((socket) => socket.end(`HTTP/1.1 200 OK\r\n${answer}`));
    const response = await ask(newClient(), server.url);
    expect(await failureOf(readBody(response))).toMatch(message);
    expect(response.failure()?.reason).toMatch(message);
    await expect.poll(() => server.open()).toBe(0);
  });

  it('says so of a body that stops coming, the time not counted in which its reader rests', async () => {
    const server = await serve((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'));
    const response = await ask(newClient(), server.url, { timeoutMs: 200 });
    const iterator = response.body[Symbol.asyncIterator]();
    expect(Buffer.from((await iterator.next()).value as Uint8Array).toString()).toBe('hello');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await failureOf(iterator.next())).toBe('no further data came in time');
  });
});

describe('connections', () => {
  const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

  it.each<[string, string, number]>([
    ['that the server wants to close', 'HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok', 3],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 3],
    ['of HTTP/1.0 that stays', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok', 1],
    ['with more than the body', `${OK}HTTP/1.1 200 OK\r\n`, 3],
    [
      'with a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      3,
    ],
    ['that would close in a second', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok', 3],
    ['that stay', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60\r\nContent-Length: 2\r\n\r\nok', 1],
  ])('uses those %s as often as it may', async (_name, answer, connections) => {
    const server = await serve((socket) => socket.write(answer));
    const client = newClient();
    for (let turn = 0; turn < 3; turn++) expect(await readBody(await ask(client, server.url))).toBe('ok');
    expect(server.connections()).toBe(connections);
  });

  it('opens another where one is closed meanwhile, or says something unasked', async () => {
    const server = await serve((socket, _request, turn) => {
      socket.write(OK);
      if (turn === 0) setTimeout(() => socket.end(), 10);
      else setTimeout(() => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'), 10);
    });
    const client = newClient();
    for (let turn = 0; turn < 3; turn++) {
      expect(await readBody(await ask(client, server.url))).toBe('ok');
      await expect.poll(() => server.open()).toBe(0);
    }
  });

  it.each(['GET', 'POST'])('copes with a server that closes without a word: %s', async (method) => {
    const server = await serve((socket) => socket.end(OK));
    const client = newClient();
    for (let turn = 0; turn < 50; turn++) expect(await readBody(await ask(client, server.url, { method }))).toBe('ok');
    expect(server.connections()).toBe(50);
  });

  it('sends once more what a kept connection lost, but not what may not be sent twice', async () => {
    const methods: string[] = [];
    const server = await serve((socket, request, turn) => {
      methods.push(request.split(' ')[0]!);
      if (turn === 0) socket.write(OK);
      else socket.destroy();
    });
    const client = newClient();
    for (let turn = 0; turn < 2; turn++) expect(await readBody(await ask(client, server.url))).toBe('ok');
    expect(methods).toEqual(['GET', 'GET', 'GET']);
    expect(await failureOf(ask(client, server.url, { method: 'POST' }))).toMatch(/closed the connection|reset/);
    expect(methods).toEqual(['GET', 'GET', 'GET', 'POST']);
    // On a new connection it is the server's answer.
    const rude = await serve((socket) => socket.destroy());
    expect(await failureOf(ask(client, rude.url))).toMatch(/closed the connection|reset/);
    expect(rude.connections()).toBe(1);
  });

  it('opens as many as there are requests at once, and keeps them', async () => {
    const server = await serve((socket) => setTimeout(() => socket.write(OK), 20));
    const client = newClient();
    for (let round = 0; round < 3; round++) {
      const responses = await Promise.all(Array.from({ length: 8 }, () => ask(client, server.url)));
      for (const response of responses) expect(await readBody(response)).toBe('ok');
    }
    expect(server.connections()).toBe(8);
    await client.close();
    await expect.poll(() => server.open()).toBe(0);
  });

  it('reads no further than its reader: a server that sends without end is held up', async () => {
    let sent = 0;
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const piece = Buffer.alloc(1 << 20);
      const more = (): void => {
        while (sent < 500 && socket.writable) {
          sent++;
          if (!socket.write(piece)) return void socket.once('drain', more);
        }
      };
      more();
    });
    const response = await ask(newClient(), server.url);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sent).toBeLessThan(50);
    response.discard();
    await expect.poll(() => server.open()).toBe(0);
  });

  it('ends with its signal while it waits, while a body is read, and not after', async () => {
    const server = await serve((socket, request) => {
      if (request.includes('/body')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello');
      if (request.includes('/whole')) socket.write(OK);
    });
    const client = newClient();
    const reason = new Error('enough');
    const waiting = new AbortController();
    setTimeout(() => waiting.abort(reason), 20);
    expect(await failureOf(ask(client, `${server.url}/never`, { signal: waiting.signal }))).toBe('enough');
    const reading = new AbortController();
    const response = await ask(client, `${server.url}/body`, { signal: reading.signal });
    setTimeout(() => reading.abort(reason), 20);
    expect(await failureOf(readBody(response))).toBe('enough');
    await expect.poll(() => server.open()).toBe(0);
    const later = new AbortController();
    expect(await readBody(await ask(client, `${server.url}/whole`, { signal: later.signal }))).toBe('ok');
    later.abort(reason);
    expect(await readBody(await ask(client, `${server.url}/whole`))).toBe('ok');
    expect(server.open()).toBe(1);
  });

  it('keeps what callers say of framing out, and refuses what would split a header', async () => {
    const requests: string[] = [];
    const server = await serve((socket, request) => {
      requests.push(request);
      socket.write(OK);
    });
    const client = newClient();
    const headers = {
      'Content-Length': '5',
      'Transfer-Encoding': 'chunked',
      Connection: 'close',
      Host: 'other',
      'X-é': 'v',
    };
    expect(await failureOf(ask(client, server.url, { headers }))).toContain('not a name that a header can have');
    expect(await failureOf(ask(client, server.url, { headers: { 'x-a': 'secret\r\nx-b: c' } }))).toBe(
      'header "x-a" holds a character that cannot be sent',
    );
    // Nothing waits for an answer to what was not sent.
    expect(server.open()).toBe(0);
    const { 'X-é': _, ...fit } = headers;
    await readBody(await ask(client, `${server.url}/a?b=c`, { headers: fit }));
    expect(requests).toEqual(['GET /a?b=c HTTP/1.1\r\nHost: other\r\nconnection: keep-alive']);
  });
});
