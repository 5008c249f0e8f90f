import { randomBytes } from 'node:crypto';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClientTlsModel, PaginationModel, TransportModel } from '../../src/config/model.js';
import { Secret } from '../../src/core/secret.js';
import { chooseProxy, readProxyEnvironment } from '../../src/http/proxy.js';
import { DEFAULT_TRANSPORT } from '../../src/http/routes.js';
import { type Certificates, createCertificates } from '../support/certificates.js';
import { describeClient } from '../support/programs.js';
import {
  failureOf,
  httpSource,
  ids,
  newHarness,
  records,
  scanAll,
  sendJson,
  specOf,
  startApi,
  table,
  until,
} from './fixtures.js';
import { startProxy } from './proxy-server.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

function closedLater<T extends { readonly close: () => Promise<void> }>(server: T): T {
  closing.push(server.close);
  return server;
}

function harness() {
  const created = newHarness();
  closing.push(() => created.scanner.close());
  return created;
}

const LARGE_ROWS = 20_000;
const largeBody = gzipSync(
  JSON.stringify({ data: records(LARGE_ROWS).map(({ id }) => ({ id, pad: randomBytes(60).toString('hex') })) }),
);

const viaProxy = (url: string): TransportModel => ({ ...DEFAULT_TRANSPORT, proxy: new Secret(url) });
const linked: PaginationModel = {
  type: 'link_header',
  field: null,
  pattern: null,
  sizeParameter: null,
  place: 'query',
  size: null,
  stop: [],
  maxPages: null,
};

describe('the proxy of a URL', () => {
  const env = readProxyEnvironment({
    HTTPS_PROXY: 'http://secure.proxy:3128',
    http_proxy: 'plain.proxy',
    NO_PROXY: 'intern.example, .dotted.example,10.1.0.0/16 ,192.0.2.7,only.example:8443,[2001:db8::1]',
  });
  it.each([
    ['https://api.example/x', 'secure.proxy:3128'],
    ['http://api.example/x', 'plain.proxy:80'],
    ['https://intern.example', null],
    ['https://a.b.intern.example', null],
    ['https://notintern.example', 'secure.proxy:3128'],
    ['https://x.dotted.example', null],
    ['http://10.1.255.3', null],
    ['http://10.2.0.1', 'plain.proxy:80'],
    ['https://192.0.2.7:99', null],
    ['https://only.example:8443', null],
    ['https://only.example', 'secure.proxy:3128'],
    ['https://[2001:db8::1]/', null],
    ['http://localhost:8080', null],
    ['http://127.0.0.5', null],
    ['http://[::1]:80', null],
  ])('%s: %s', (url, name) => {
    expect(chooseProxy(new URL(url), null, env)?.name ?? null).toBe(name);
  });

  it("is the source's own, or none, before the environment's", () => {
    const url = new URL('https://localhost');
    expect(chooseProxy(url, new Secret('https://u%40x:p%3Aq@own.proxy'), env)).toEqual({
      origin: 'https://own.proxy',
      name: 'own.proxy:443',
      authorization: `Basic ${Buffer.from('u@x:p:q').toString('base64')}`,
    });
    expect(chooseProxy(new URL('https://api.example'), 'none', env)).toBeNull();
    expect(
      chooseProxy(new URL('https://a.example'), null, readProxyEnvironment({ ALL_PROXY: 'p:1', NO_PROXY: '*' })),
    ).toBeNull();
  });
});

describe('a proxy without TLS', () => {
  it('is asked for whole addresses, and the API does not see its password', async () => {
    const seen: unknown[] = [];
    const api = closedLater(
      await startApi((request, response, url) => {
        seen.push(request.headers['proxy-authorization'], request.headers.host);
        const isFirst = url.searchParams.get('page') === null;
        const link: Record<string, string> = isFirst ? { link: '</orders?page=2>; rel="next"' } : {};
        sendJson(response, { data: records(10, isFirst ? 1 : 11) }, link);
      }),
    );
    const proxy = closedLater(await startProxy('me:canary-proxy'));
    const source = httpSource(`${api.origin}/orders`, {
      pagination: linked,
      transport: viaProxy(`http://me:canary-proxy@${proxy.origin}`),
    });
    const { rows } = await scanAll(harness().scanner, specOf(table(source)));
    expect(rows).toEqual(ids(20));
    expect(proxy.passed).toEqual([`GET ${api.origin}/orders`, `GET ${api.origin}/orders?page=2`]);
    expect(seen).toEqual([undefined, api.origin.slice(7), undefined, api.origin.slice(7)]);
  });

  it('of the environment is used for other machines', async () => {
    const api = closedLater(await startApi((_request, response) => sendJson(response, { data: records(3) })));
    const proxy = closedLater(await startProxy(null, { 'shop.example': Number(new URL(api.origin).port) }));
    const before = process.env.http_proxy;
    process.env.http_proxy = `http://${proxy.origin}`;
    const { scanner } = harness();
    if (before === undefined) delete process.env.http_proxy;
    else process.env.http_proxy = before;
    const { rows } = await scanAll(scanner, specOf(table(httpSource('http://shop.example/orders'))));
    expect(rows).toEqual(ids(3));
    expect(proxy.passed).toEqual(['GET http://shop.example/orders']);
    await scanAll(scanner, specOf(table(httpSource(`${api.origin}/orders`))));
    expect(proxy.passed).toHaveLength(1);
  });

  it('that wants another password or is not there is named, without the password', async () => {
    const api = closedLater(await startApi((_request, response) => sendJson(response, { data: [] })));
    const proxy = closedLater(await startProxy('me:right'));
    const created = harness();
    const ask = (url: string, target = api.origin) =>
      failureOf(scanAll(created.scanner, specOf(table(httpSource(target, { transport: viaProxy(url) })))));
    const errors = [
      await ask(`http://me:canary-proxy@${proxy.origin}`),
      await ask(`http://me:canary-proxy@${proxy.origin}`, 'https://shop.example'),
      await ask('http://me:canary-proxy@127.0.0.1:1'),
    ];
    expect(errors.map((error) => error.sqlstate)).toEqual(['HV00N', 'HV00N', 'HV00N']);
    expect(errors[0]!.message).toMatch(
      /through proxy 127\.0\.0\.1:\d+: the proxy wants another user and password \(407\)/,
    );
    expect(errors[1]!.message).toMatch(/shop\.example:443 through proxy .*\(407\)/);
    expect(errors[2]!.message).toMatch(/through proxy 127\.0\.0\.1:1: connection refused/);
    expect(proxy.refused()).toBe(2);
    const shown = JSON.stringify([...errors.map((error) => [error.message, error.detail, error.hint]), created.logged]);
    expect(shown).not.toContain('canary-proxy');
    expect(shown).not.toContain(Buffer.from('me:canary-proxy').toString('base64'));
  });
});

describeClient('openssl', () => {
  let certificates: Certificates;
  const pem = (name: string): string => certificates.pem(name);
  beforeAll(() => {
    certificates = createCertificates();
    certificates.lock('client.key', 'locked.key', 'canary-phrase');
  });
  afterAll(() => certificates.remove());

  const tls = (extra: Partial<ClientTlsModel> = {}): TransportModel => ({
    ...DEFAULT_TRANSPORT,
    tls: { ...DEFAULT_TRANSPORT.tls, ...extra },
  });

  async function startHttps(options: ServerOptions = {}) {
    const clients: (string | null)[] = [];
    let connections = 0;
    const secrets = { key: pem('server.key'), cert: pem('server.pem') };
    const server = createServer({ ...secrets, ...options }, (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      clients.push(subject === undefined ? null : String(subject.CN));
      if (request.url === '/large') return void response.setHeader('content-encoding', 'gzip').end(largeBody);
      const page = Number(new URL(request.url ?? '', 'https://x').searchParams.get('page') ?? 1);
      const link: Record<string, string> = page < 3 ? { link: `</?page=${page + 1}>; rel="next"` } : {};
      sendJson(response, { data: records(10, page * 10 - 9) }, link);
    });
    server.on('secureConnection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return closedLater({
      origin: `https://localhost:${port}`,
      port,
      clients,
      connections: () => connections,
      close: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    });
  }

  const read = (transport: TransportModel, origin: string, scanner = harness().scanner) =>
    scanAll(
      scanner,
      specOf(
        table(httpSource(origin, { transport, pagination: linked, retry: { ...httpSource('').retry, attempts: 1 } })),
      ),
    );

  // TLS hands over all records that it has, whatever it is told, and all bodies go through memory that is used again.
  it('hands over large bodies unharmed, directly and through a tunnel', async () => {
    const api = await startHttps();
    const proxy = closedLater(await startProxy(null, { 'shop.example': api.port }));
    const { scanner } = harness();
    const own = { ...tls({ ca: pem('ca.pem') }), httpVersion: '1.1' } as const;
    const through = { ...own, proxy: new Secret(`http://${proxy.origin}`) };
    for (const [transport, origin] of [
      [own, api.origin],
      [through, 'https://shop.example'],
    ] as const) {
      const { rows } = await scanAll(scanner, specOf(table(httpSource(`${origin}/large`, { transport }))));
      expect(rows).toEqual(ids(LARGE_ROWS));
    }
  });

  it('trusts an authority of its own, and only with it', async () => {
    const api = await startHttps();
    const error = await failureOf(read(DEFAULT_TRANSPORT, api.origin));
    expect(error.sqlstate).toBe('HV00N');
    expect(error.message).toContain('the certificate is not trusted');
    expect((await read(tls({ ca: pem('ca.pem') }), api.origin)).rows).toEqual(ids(30));
    expect((await read(tls({ isInsecure: true }), api.origin)).rows).toEqual(ids(30));
  });

  it('keeps connections for all tables that reach an origin the same way', async () => {
    const api = await startHttps();
    const { scanner } = harness();
    for (let scan = 0; scan < 4; scan++) await read(tls({ ca: pem('ca.pem') }), api.origin, scanner);
    // The next page may be asked for while one is read, so there may be two.
    expect(api.connections()).toBeLessThanOrEqual(2);
  });

  it('shows a client certificate, whose key may be encrypted, to its own origin alone', async () => {
    const strict = { ca: pem('ca.pem'), requestCert: true, rejectUnauthorized: true };
    const api = await startHttps(strict);
    expect((await failureOf(read(tls({ ca: pem('ca.pem') }), api.origin))).sqlstate).toMatch(/^HV00/);
    const own = { ca: pem('ca.pem'), cert: pem('client.pem') };
    await read(tls({ ...own, key: new Secret(pem('client.key')) }), api.origin);
    const locked = tls({ ...own, key: new Secret(pem('locked.key')), passphrase: new Secret('canary-phrase') });
    expect((await read(locked, api.origin)).rows).toEqual(ids(30));
    expect(new Set(api.clients)).toEqual(new Set(['client']));

    const other = await startHttps({ ca: pem('ca.pem'), requestCert: true, rejectUnauthorized: false });
    const server = closedLater(
      await startApi((_request, response) => response.writeHead(302, { location: `${other.origin}/?page=3` }).end()),
    );
    const source = httpSource(server.origin, { transport: locked, allowOrigins: [other.origin] });
    await scanAll(harness().scanner, specOf(table(source)));
    expect(other.clients).toEqual([null]);
  });

  it('refuses versions of TLS that are too old', async () => {
    const api = await startHttps({ maxVersion: 'TLSv1.2' });
    const ca = pem('ca.pem');
    expect((await read(tls({ ca, minVersion: 'TLSv1.2' }), api.origin)).rows).toEqual(ids(30));
    const error = await failureOf(read(tls({ ca, minVersion: 'TLSv1.3' }), api.origin));
    expect(error.sqlstate).toBe('HV00N');
    expect(error.message).toContain('TLS could not be set up');
  });

  it('tunnels through a proxy with a password, certificates checked at the other end', async () => {
    const api = await startHttps();
    const proxy = closedLater(await startProxy('me:canary-proxy', { 'shop.example': api.port }));
    const through: TransportModel = {
      ...tls({ ca: pem('ca.pem') }),
      proxy: new Secret(`http://me:canary-proxy@${proxy.origin}`),
    };
    const created = harness();
    expect((await read(through, 'https://shop.example', created.scanner)).rows).toEqual(ids(30));
    expect(new Set(proxy.passed)).toEqual(new Set(['CONNECT shop.example:443']));
    expect(proxy.passed.length).toBeLessThanOrEqual(2);
    const untrusted = await failureOf(read({ ...through, tls: DEFAULT_TRANSPORT.tls }, 'https://shop.example'));
    expect(untrusted.message).toMatch(/through proxy .*: the certificate is not trusted/);
    await created.scanner.close();
    await until(() => proxy.openSockets() === 0);
  });
});
