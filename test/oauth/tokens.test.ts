import { afterEach, describe, expect, it } from 'vitest';
import type { AuthModel } from '../../src/config/model.js';
import { Secret } from '../../src/core/secret.js';
import { readLifetimeMs, renewalTime } from '../../src/oauth/token-cache.js';
import {
  failureOf,
  type Handler,
  httpSource,
  ids,
  newHarness,
  numbered,
  oauth,
  readText,
  records,
  scanAll,
  sendJson,
  specOf,
  startApi,
  type TestApi,
  table,
  until,
} from '../scan/fixtures.js';

const SECRET = 'canary-secret/with+odd chars';
const apis: TestApi[] = [];

afterEach(async () => {
  await Promise.all(apis.splice(0).map((item) => item.close()));
});

interface Shop {
  readonly server: TestApi;
  readonly auth: Extract<AuthModel, { type: 'oauth2' }>;
  readonly tokens: string[];
  /** Tokens that the API takes; all when empty. */
  readonly valid: Set<string>;
  readonly tokenRequests: { headers: Record<string, unknown>; body: string }[];
}

/** An API with an authorization server beside it; each token is given out once. */
async function shop(answer: (n: number) => unknown = () => ({}), pageRows = 10, pages = 1): Promise<Shop> {
  const tokens: string[] = [];
  const valid = new Set<string>();
  const tokenRequests: Shop['tokenRequests'] = [];
  const handler: Handler = async (request, response, url) => {
    if (url.pathname === '/token') {
      tokenRequests.push({ headers: request.headers, body: await readText(request) });
      await new Promise((resolve) => setTimeout(resolve, 10));
      const token = `canary-token-${tokens.length + 1}`;
      tokens.push(token);
      valid.add(token);
      sendJson(response, {
        access_token: token,
        token_type: 'Bearer',
        expires_in: 3600,
        ...(answer(tokens.length) as object),
      });
      return;
    }
    const token = String(request.headers.authorization).replace('Bearer ', '');
    if (!valid.has(token)) {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: `bad token ${token}` }));
      return;
    }
    const page = Number(url.searchParams.get('page') ?? '1');
    sendJson(response, { data: page > pages ? [] : records(pageRows, (page - 1) * pageRows + 1) });
  };
  const server = await startApi(handler);
  apis.push(server);
  return { server, auth: oauth(`${server.origin}/token`, new Secret(SECRET)), tokens, valid, tokenRequests };
}

describe('client credentials', () => {
  it('asks for one token for 64 parallel scans of two tables', async () => {
    const { server, auth, tokens } = await shop();
    const { scanner } = newHarness();
    const models = [
      table(httpSource(server.origin, { auth })),
      table(httpSource(server.origin, { auth: { ...auth } }), { name: 'items' }),
    ];
    const results = await Promise.all(
      Array.from({ length: 64 }, (_item, n) => scanAll(scanner, specOf(models[n % 2]!))),
    );
    for (const { rows } of results) expect(rows).toEqual(ids(10));
    expect(tokens).toHaveLength(1);
    await scanner.close();
  });

  it('authenticates the client as told and sends scope, audience and extras', async () => {
    const { server, auth, tokenRequests } = await shop();
    const extra = {
      audience: 'https://aud',
      resource: 'urn:r',
      scopes: ['a', 'b'],
      extraTokenParameters: new Map([['tenant', new Secret('canary-tenant')]]),
      extraTokenHeaders: new Map([['X-Tenant', 'seven']]),
    };
    for (const clientAuth of ['basic', 'body', 'none'] as const) {
      const { scanner } = newHarness();
      await scanAll(scanner, specOf(table(httpSource(server.origin, { auth: { ...auth, ...extra, clientAuth } }))));
      await scanner.close();
    }
    const [basic, body, none] = tokenRequests.map((request) => ({
      ...request,
      form: new URLSearchParams(request.body),
    }));
    // RFC 6749, section 2.3.1: both halves are form-encoded first.
    const credentials = Buffer.from(String(basic!.headers.authorization).slice(6), 'base64').toString();
    expect(credentials).toBe('shop%2Dclient:canary%2Dsecret%2Fwith%2Bodd+chars');
    expect(basic!.headers['x-tenant']).toBe('seven');
    expect(Object.fromEntries(basic!.form)).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      audience: 'https://aud',
      resource: 'urn:r',
      tenant: 'canary-tenant',
    });
    expect(body!.headers.authorization).toBeUndefined();
    expect(body!.form.get('client_secret')).toBe(SECRET);
    expect(none!.form.get('client_id')).toBe('shop-client');
    expect(none!.body).not.toContain('secret');
  });

  it('renews once after a 401 in the middle of a scan, for all scans that had the old token', async () => {
    const { server, auth, tokens, valid } = await shop(() => ({}), 10, 6);
    const { scanner } = newHarness();
    const model = table(httpSource(server.origin, { auth, pagination: numbered('page') }));
    let hasExpired = false;
    const onBatch = (rows: number): void => {
      if (rows < 30 || hasExpired) return;
      hasExpired = true;
      valid.clear();
    };
    const results = await Promise.all(
      Array.from({ length: 4 }, () => scanAll(scanner, specOf(model), undefined, onBatch)),
    );
    for (const { rows, statistics } of results) {
      expect(rows).toEqual(ids(60));
      expect(statistics.retries).toBe(0);
    }
    expect(tokens).toHaveLength(2);
    await scanner.close();
  });

  it('does not renew again when the second 401 for the old token comes after the renewal', async () => {
    const tokens: string[] = [];
    let refusals = 0;
    const server = await startApi(async (request, response, url) => {
      if (url.pathname === '/token') {
        tokens.push(`t${tokens.length + 1}`);
        sendJson(response, { access_token: tokens.at(-1), token_type: 'bearer' });
      } else if (request.headers.authorization === 'Bearer t1') {
        await new Promise((resolve) => setTimeout(resolve, refusals++ * 100));
        response.writeHead(401).end();
      } else sendJson(response, { data: records(1) });
    });
    apis.push(server);
    const { scanner } = newHarness();
    const model = table(httpSource(server.origin, { auth: oauth(`${server.origin}/token`, new Secret(SECRET)) }));
    await Promise.all([scanAll(scanner, specOf(model)), scanAll(scanner, specOf(model))]);
    expect(refusals).toBe(2);
    expect(tokens).toEqual(['t1', 't2']);
    await scanner.close();
  });

  it('gives up when the new token is refused as well, with the echoed tokens masked', async () => {
    const { server, auth, tokens, valid } = await shop();
    valid.add = () => valid;
    const { scanner, logged } = newHarness();
    const error = await failureOf(scanAll(scanner, specOf(table(httpSource(server.origin, { auth })))));
    expect(error.message).toBe('API answered 401 Unauthorized');
    expect(error.detail).toContain('bad token [secret]');
    expect(tokens).toHaveLength(2);
    expect(server.requests.filter((request) => request === 'GET /')).toHaveLength(2);
    expect(JSON.stringify([error.message, error.detail, error.hint, logged])).not.toContain('canary');
    await scanner.close();
  });

  it('takes expires_in as number, text, zero or missing, and a token type of its own', async () => {
    for (const extra of [
      { expires_in: '3600' },
      { expires_in: 0 },
      { expires_in: undefined },
      { expires_in: 'never' },
      { token_type: undefined },
      { token_type: 'MAC' },
    ]) {
      const { server, auth, tokens } = await shop(() => extra);
      const { scanner } = newHarness();
      const model = table(httpSource(server.origin, { auth }));
      for (let n = 0; n < 3; n++) await scanAll(scanner, specOf(model));
      expect(tokens, JSON.stringify(extra)).toHaveLength(1);
      await scanner.close();
    }
  });

  it('renews before expiry, yet uses a token that lives shorter than that margin', async () => {
    const { server, auth, tokens } = await shop(() => ({ expires_in: 1 }));
    const { scanner } = newHarness();
    const model = table(httpSource(server.origin, { auth }));
    for (let n = 0; n < 3; n++) await scanAll(scanner, specOf(model));
    expect(tokens).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 600));
    await scanAll(scanner, specOf(model));
    expect(tokens).toHaveLength(2);
    expect(renewalTime({ text: 't', lifetimeMs: 3_600_000 }, 1000, 60_000)).toBe(3_541_000);
    expect(readLifetimeMs(-5)).toBeNull();
    await scanner.close();
  });
});

describe('token endpoint problems', () => {
  async function failWith(handler: Handler, timeoutMs = 1_000): Promise<Awaited<ReturnType<typeof failureOf>>> {
    const server = await startApi(handler);
    apis.push(server);
    const auth = { ...oauth(`${server.origin}/token`, new Secret(SECRET)), clientAuth: 'body' as const };
    const { scanner, logged } = newHarness();
    const error = await failureOf(scanAll(scanner, specOf(table(httpSource(server.origin, { auth, timeoutMs })))));
    await scanner.close();
    expect(JSON.stringify([error.message, error.detail, error.hint, logged])).not.toContain('canary');
    expect(error.hint).toMatch(/\.$/);
    return error;
  }

  it('says that the client credentials were refused, in the server’s words, without the secret it echoes', async () => {
    const error = await failWith((_request, response) => {
      response.writeHead(401).end(JSON.stringify({ error: 'invalid_client', error_description: `no ${SECRET} here` }));
    });
    expect(error.sqlstate).toBe('HV000');
    expect(error.message).toBe('authorization server refused the client credentials of DSN "shop"');
    expect(error.detail).toContain('invalid_client: no [secret] here');
  });

  it('tells HTML and other text from a token', async () => {
    const html: Handler = (_request, response) =>
      response.writeHead(200).end('<html><head><title>Sign in</title></head></html>');
    const page = await failWith(html);
    expect(page.message).toContain('answered with an HTML page instead of a token');
    expect(page.detail).toContain('200 OK: Sign in');
    const text = await failWith((_request, response) => response.end('access_token=x'));
    expect(text.message).toContain('text that is not JSON');
    const empty = await failWith((_request, response) => sendJson(response, { token: 'x' }));
    expect(empty.detail).toContain('"access_token" is missing');
    const list = await failWith((_request, response) => sendJson(response, []));
    expect(list.detail).toContain('not a JSON object');
  });

  it('tells a scope problem, an error with status 200, a failure and a timeout apart', async () => {
    const scope = await failWith((_request, response) => response.writeHead(400).end('{"error":"invalid_scope"}'));
    expect(scope.hint).toContain('Check scopes');
    const polite = await failWith((_request, response) => sendJson(response, { error: 'invalid_client' }));
    expect(polite.message).toContain('refused the client credentials');
    let tries = 0;
    const failed = await failWith((_request, response) => {
      tries++;
      response.writeHead(503).end();
    });
    expect(failed.detail).toContain('503 Service Unavailable');
    expect(tries).toBe(3);
    expect((await failWith(() => {}, 100)).message).toContain('did not answer in time');
  });

  it('says HV00N when the authorization server cannot be reached, and F0000 for plain http to another machine', async () => {
    const gone = await startApi(() => {});
    await gone.close();
    const { scanner } = newHarness();
    const unreachable = table(
      httpSource('http://127.0.0.1:1', { auth: oauth(`${gone.origin}/token`, new Secret(SECRET)) }),
    );
    const error = await failureOf(scanAll(scanner, specOf(unreachable)));
    expect(error.sqlstate).toBe('HV00N');
    expect(error.message).toContain('authorization server of DSN "shop"');
    const open = table(
      httpSource('http://127.0.0.1:1', { auth: oauth('http://auth.example.com/token', new Secret(SECRET)) }),
    );
    expect((await failureOf(scanAll(scanner, specOf(open)))).sqlstate).toBe('F0000');
    await scanner.close();
  });

  it('leaves the token request at once when aborted, and ends it when nobody waits any longer', async () => {
    const server = await startApi(() => {});
    apis.push(server);
    const { scanner } = newHarness();
    const model = table(httpSource(server.origin, { auth: oauth(`${server.origin}/token`, new Secret(SECRET)) }));
    const [one, two] = [new AbortController(), new AbortController()];
    const scans = [scanAll(scanner, specOf(model), one.signal), scanAll(scanner, specOf(model), two.signal)];
    await until(() => server.openSockets() === 1);
    one.abort(new Error('first gone'));
    await expect(scans[0]).rejects.toThrow('first gone');
    expect(server.openSockets()).toBe(1);
    two.abort(new Error('second gone'));
    await expect(scans[1]).rejects.toThrow('second gone');
    await until(() => server.openSockets() === 0);
    await scanner.close();
  });
});

describe('fixed credentials', () => {
  it('places them where the DSN says and never shows them', async () => {
    const seen: string[] = [];
    const server = await startApi((request, response, url) => {
      seen.push(`${url.search} ${request.headers.authorization ?? ''} ${request.headers['x-api-key'] ?? ''}`.trim());
      response.writeHead(403, { 'content-type': 'text/plain' }).end(`no: ${seen.at(-1)}`);
    });
    apis.push(server);
    const secret = new Secret('canary-value');
    const auths: AuthModel[] = [
      { type: 'basic', username: 'ann', password: secret },
      { type: 'bearer', token: secret, header: 'X-Api-Key', prefix: '' },
      { type: 'api_key', key: secret, place: 'query', parameter: 'k' },
      { type: 'api_key', key: secret, place: 'header', parameter: 'X-Api-Key' },
    ];
    for (const auth of auths) {
      const { scanner, logged } = newHarness();
      const source = httpSource(`${server.origin}/?k=old`, {
        auth,
        query: new Map([['q', new Secret('canary-query')]]),
      });
      const spec = specOf(table(source));
      const error = await failureOf(scanAll(scanner, spec));
      expect(JSON.stringify([error.message, error.detail, logged, scanner.describe(spec)])).not.toMatch(
        /canary|Y2FuYXJ5|YW5uOmNhbmFye/,
      );
      await scanner.close();
    }
    const query = '?k=old&q=canary-query';
    expect(seen).toEqual([
      `${query} Basic ${Buffer.from('ann:canary-value').toString('base64')}`,
      `${query}  canary-value`,
      '?k=canary-value&q=canary-query',
      `${query}  canary-value`,
    ]);
  });
});
