import { generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AuthModel, OAuth2Model, SessionModel } from '../../src/config/model.js';
import { Secret } from '../../src/core/secret.js';
import { HttpClient } from '../../src/http/client.js';
import { Redactor } from '../../src/http/redactor.js';
import { Authorizers } from '../../src/oauth/authorizers.js';
import { connectionIdentity } from '../../src/oauth/connection-identity.js';
import { FileTokenStore } from '../../src/oauth/store/file-store.js';
import { oauth } from '../scan/fixtures.js';
import { type ApiRoutes, type ScriptedResponse, startApi, type TestApi } from '../support/api-server.js';

const signal = new AbortController().signal;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function api(routes: ApiRoutes): Promise<TestApi> {
  const server = await startApi(routes);
  cleanups.push(() => server.close());
  return server;
}

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-grants-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'tokens');
}

/** An authorizer as a gateway would have it; each call is another gateway. */
function authorizer(model: AuthModel, file: string | null = null) {
  const client = new HttpClient();
  cleanups.push(() => client.close());
  const logged: string[] = [];
  const log = (_level: string, event: object, message: string) => logged.push(`${JSON.stringify(event)} ${message}`);
  const authorizers = new Authorizers(client, log, file === null ? undefined : new FileTokenStore({ file, key: null }));
  return authorizers.for('shop', model, { redactor: new Redactor(), timeoutMs: 2_000 });
}

async function tokenOf(model: AuthModel, file: string | null = null): Promise<string> {
  return (await authorizer(model, file).authorize(signal)).values[0]!.value;
}

const seeded = (url: string, extra: Partial<OAuth2Model> = {}): OAuth2Model => ({
  ...oauth(`${url}/token`, new Secret('canary-secret')),
  grant: 'refresh_token',
  refreshToken: new Secret('canary-seed'),
  ...extra,
});
const form = (body: string) => Object.fromEntries(new URLSearchParams(body));

describe('a refresh token given by hand', () => {
  it('is rotated, and the new one is on disk when the API first sees the new access token', async () => {
    const file = newFile();
    let n = 0;
    const server = await api({
      '/token': () => ({ body: { access_token: `a${++n}`, refresh_token: `r${n}`, expires_in: 3600 } }),
    });
    const model = seeded(server.url);
    const one = authorizer(model, file);
    const first = await one.authorize(signal);
    const stored = await new FileTokenStore({ file, key: null }).read(connectionIdentity('shop', model).id);
    expect(stored).toMatchObject({ accessToken: 'a1', refreshToken: 'r1' });
    // Another gateway has the token without asking; after a 401 the next refresh token is used.
    expect(await tokenOf(model, file)).toBe('Bearer a1');
    expect(await one.renew(first, signal)).toBe(true);
    expect(server.requests.map(({ body }) => form(body).refresh_token)).toEqual(['canary-seed', 'r1']);
    // The other secret of the client changes nothing about the login; another refresh token does.
    expect(await tokenOf({ ...model, clientSecret: new Secret('another') }, file)).toBe('Bearer a2');
    expect(await tokenOf({ ...model, refreshToken: new Secret('canary-new') }, file)).toBe('Bearer a3');
    expect(form(server.requests[2]!.body).refresh_token).toBe('canary-new');
  });

  it('that is refused is one clear error, and is not sent again until the DSN has another', async () => {
    const file = newFile();
    const server = await api({
      '/token': [
        { body: { access_token: 'a1', refresh_token: 'r1', expires_in: 3600 } },
        { status: 400, body: { error: 'invalid_grant', error_description: 'r1 is revoked' } },
      ],
    });
    const model = seeded(server.url);
    const one = authorizer(model, file);
    const first = await one.authorize(signal);
    const expected = {
      sqlstate: 'HV000',
      message: 'the authorization server refused the refresh token of DSN "shop"',
      hint: 'Put a new refresh_token into the auth settings of DSN "shop".',
      detail: expect.stringContaining('invalid_grant'),
    };
    await expect(one.renew(first, signal)).rejects.toMatchObject(expected);
    for (let n = 0; n < 5; n++) await expect(one.authorize(signal)).rejects.toMatchObject(expected);
    expect(server.requests).toHaveLength(2);
  });

  it('that was never good, or was replaced by such a one, is sent once by all gateways together', async () => {
    const file = newFile();
    const server = await api({
      '/token': ({ body }) =>
        form(body).refresh_token === 'good'
          ? { body: { access_token: 'a1', refresh_token: 'r1', expires_in: 3600 } }
          : { status: 400, body: { error: 'invalid_grant' } },
    });
    for (const [seed, isGood] of [
      ['bad', false],
      ['good', true],
      ['bad again', false],
      ['good', true],
    ] as const) {
      const before = server.requests.length;
      const model = seeded(server.url, { refreshToken: new Secret(seed) });
      for (let n = 0; n < 3; n++) {
        if (isGood) expect(await tokenOf(model, file)).toBe('Bearer a1');
        else await expect(tokenOf(model, file)).rejects.toThrow('refused the refresh token');
      }
      expect(server.requests.length - before, seed).toBe(1);
    }
  });

  it('survives a server that fails for a while, with the token that is still good', async () => {
    const server = await api({
      '/token': [{ body: { access_token: 'a1', refresh_token: 'r1', expires_in: 2 } }, { status: 500, body: 'broken' }],
    });
    const one = authorizer(seeded(server.url, { renewBeforeMs: 60_000 }));
    expect((await one.authorize(signal)).values[0]!.value).toBe('Bearer a1');
    while (server.requests.length < 2) {
      expect((await one.authorize(signal)).values[0]!.value).toBe('Bearer a1');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await one.authorize(signal)).values[0]!.value).toBe('Bearer a1');
  });

  it('is not broken off by a statement that is cancelled', async () => {
    const file = newFile();
    let answer = (): void => {};
    const server = await api({
      '/token': () =>
        new Promise<ScriptedResponse>((resolve) => {
          answer = () => resolve({ body: { access_token: 'a1', refresh_token: 'r1', expires_in: 60 } });
        }),
    });
    const model = seeded(server.url);
    const controller = new AbortController();
    const cancelled = authorizer(model, file).authorize(controller.signal);
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort(new Error('cancelled'));
    await expect(cancelled).rejects.toThrow('cancelled');
    const next = tokenOf(model, file);
    answer();
    expect(await next).toBe('Bearer a1');
    expect(server.requests).toHaveLength(1);
  });
});

describe('logins', () => {
  it('says how to log in, and notices when somebody did, without a restart', async () => {
    const file = newFile();
    const model = seeded('http://127.0.0.1:1', { grant: 'authorization_code', refreshToken: null });
    const running = authorizer(model, file);
    const refusal = { sqlstate: 'HV000', message: 'DSN "shop" is not logged in', hint: 'run: tidegate login shop' };
    await expect(running.authorize(signal)).rejects.toMatchObject(refusal);
    const { id } = connectionIdentity('shop', model);
    const store = new FileTokenStore({ file, key: null });
    const login = (accessToken: string) => ({
      dsn: 'shop',
      description: '',
      accessToken,
      obtainedAt: Date.now(),
      lifetimeMs: 60_000,
      refreshToken: null,
      seed: null,
      scopes: null,
      account: null,
      failure: null,
    });
    await store.update(id, () => login('one'));
    expect((await running.authorize(signal)).values[0]!.value).toBe('Bearer one');
    await store.update(id, () => login('two'));
    const endAt = performance.now() + 5_000;
    while ((await running.authorize(signal)).values[0]!.value !== 'Bearer two') {
      expect(performance.now()).toBeLessThan(endAt);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await expect(running.renew(await running.authorize(signal), signal)).rejects.toMatchObject({
      message: 'the login of DSN "shop" has expired',
      hint: 'run: tidegate login shop',
    });
  });
});

describe('password', () => {
  it('is sent once, then the refresh token; when that is refused the password again', async () => {
    const server = await api({
      '/token': [
        { body: { access_token: 'a1', refresh_token: 'r1', expires_in: '60' } },
        { status: 400, body: { error: 'invalid_grant' } },
        { body: { access_token: 'a2', expires_in: 0 } },
      ],
    });
    const model = seeded(server.url, {
      grant: 'password',
      refreshToken: null,
      username: 'ann',
      password: new Secret('canary-password'),
    });
    const one = authorizer(model);
    await one.renew(await one.authorize(signal), signal);
    expect((await one.authorize(signal)).values[0]!.value).toBe('Bearer a2');
    expect(server.requests.map(({ body }) => form(body))).toEqual([
      { grant_type: 'password', scope: 'orders.read', username: 'ann', password: 'canary-password' },
      { grant_type: 'refresh_token', refresh_token: 'r1' },
      { grant_type: 'password', scope: 'orders.read', username: 'ann', password: 'canary-password' },
    ]);
  });
});

describe('what a client signs', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = (pair: typeof rsa, type: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8') =>
    pair.privateKey.export({ format: 'pem', type: type as 'pkcs8' }) as string;

  /** Verifies the signature; then header and claims. */
  function open(jwt: string, pair: typeof rsa) {
    const [head, body, signature] = jwt.split('.') as [string, string, string];
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, string>;
    const key = { key: pair.publicKey, dsaEncoding: 'ieee-p1363' as const };
    expect(verify('SHA256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
    return { header, claims: JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown> };
  }

  it.each([
    ['RS256', rsa, pem(rsa)],
    ['RS256', rsa, pem(rsa, 'pkcs1').replaceAll('\n', '\\n')],
    ['ES256', ec as unknown as typeof rsa, pem(ec as unknown as typeof rsa, 'sec1')],
    [
      'RS256',
      rsa,
      JSON.stringify({
        private_key: pem(rsa),
        private_key_id: 'k1',
        client_email: 'a@b.example',
        type: 'service_account',
      }),
    ],
  ])('is a JWT bearer assertion in %s', async (algorithm, pair, key) => {
    const server = await api({ '/token': { body: { access_token: 'a1' } } });
    const model = seeded(server.url, {
      grant: 'jwt_bearer',
      refreshToken: null,
      clientId: null,
      clientSecret: null,
      clientAuth: 'none',
      privateKey: new Secret(key),
    });
    expect(await tokenOf(model)).toBe('Bearer a1');
    const sent = form(server.requests[0]!.body);
    expect(sent).toMatchObject({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', scope: 'orders.read' });
    expect(sent.client_id).toBeUndefined();
    const { header, claims } = open(sent.assertion!, pair);
    expect(header.alg).toBe(algorithm);
    expect(claims).toMatchObject({ aud: `${server.url}/token`, scope: 'orders.read' });
    if (key.startsWith('{')) expect([header.kid, claims.iss]).toEqual(['k1', 'a@b.example']);
  });

  it.each([300, -300])('is dated by the server’s clock when this one is %i s off', async (offsetS) => {
    const server = await api({
      '/token': ({ body }) => {
        const now = Date.now() / 1000 + offsetS;
        const { claims } = open(form(body).client_assertion!, rsa);
        const isFresh = Number(claims.iat) <= now + 30 && Number(claims.exp) > now - 30;
        const headers = { date: new Date(now * 1000).toUTCString() };
        return isFresh
          ? { headers, body: { access_token: 'a1', expires_in: 60 } }
          : { status: 401, headers, body: { error: 'invalid_client' } };
      },
    });
    const model = seeded(server.url, {
      grant: 'client_credentials',
      refreshToken: null,
      clientSecret: null,
      clientAuth: 'private_key_jwt',
      privateKey: new Secret(pem(rsa)),
    });
    expect(await tokenOf(model)).toBe('Bearer a1');
    expect(server.requests.length).toBe(2);
  });

  it('needs a key that can sign; nothing of it is repeated', async () => {
    for (const text of [
      'canary-key',
      pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }) as unknown as typeof rsa),
    ]) {
      const model = seeded('http://127.0.0.1:1', {
        grant: 'jwt_bearer',
        refreshToken: null,
        privateKey: new Secret(text),
      });
      const error = await tokenOf(model).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ sqlstate: 'F0000', message: expect.stringContaining('private_key of DSN "shop"') });
      expect(JSON.stringify(error)).not.toContain('canary');
    }
  });
});

describe('odd token endpoints', () => {
  it('are asked in JSON and read at other paths; the token may go into the query', async () => {
    const server = await api({ '/token': { body: { data: { jwt: 'a1', ttl: '60' } } } });
    const model = seeded(server.url, {
      grant: 'client_credentials',
      refreshToken: null,
      clientAuth: 'body',
      tokenContentType: 'json',
      tokenField: '$.data.jwt',
      expiresInField: 'data.ttl',
      tokenQuery: 'access_token',
    });
    const { values } = await authorizer(model).authorize(signal);
    expect(values).toEqual([{ place: 'query', parameter: 'access_token', value: 'a1', isSecret: true }]);
    const [{ headers, body }] = server.requests as [TestApi['requests'][number]];
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body)).toMatchObject({ grant_type: 'client_credentials', client_secret: 'canary-secret' });
  });

  it('wait as Retry-After says, and answer a form', async () => {
    const server = await api({
      '/token': [
        { status: 429, headers: { 'retry-after': '0' }, body: {} },
        { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'access_token=a1&expires_in=60' },
      ],
    });
    expect(await tokenOf(seeded(server.url, { grant: 'client_credentials', refreshToken: null }))).toBe('Bearer a1');
  });

  it('are found through the issuer, whose name must match', async () => {
    const server: TestApi = await api({
      '/.well-known/openid-configuration': () => ({ body: { issuer: server.url, token_endpoint: `${server.url}/t` } }),
      '/t': { body: { access_token: 'a1' } },
    });
    const model = seeded(server.url, {
      grant: 'client_credentials',
      refreshToken: null,
      tokenUrl: null,
      issuer: server.url,
    });
    expect(await tokenOf(model)).toBe('Bearer a1');
    const other = { ...model, issuer: server.url.replace('127.0.0.1', 'localhost') };
    await expect(tokenOf(other)).rejects.toMatchObject({ detail: expect.stringContaining('another issuer') });
  });
});

describe('session', () => {
  const session = (url: string, extra: Partial<SessionModel> = {}): SessionModel => ({
    type: 'session',
    login: {
      method: 'POST',
      url: `${url}/login`,
      headers: new Map([['X-App', 'seven']]),
      body: { type: 'json', value: { user: 'ann', password: new Secret('canary-password') } },
    },
    tokenField: '$.data.token',
    tokenHeader: null,
    expiresInField: '$.data.ttl',
    metadata: null,
    renewBeforeMs: 60_000,
    header: 'X-Session',
    prefix: '',
    tokenQuery: null,
    ...extra,
  });

  it('logs in once, and again when the API refuses the token', async () => {
    let n = 0;
    const server = await api({ '/login': () => ({ body: { data: { token: `s${++n}`, ttl: 3600 } } }) });
    const one = authorizer(session(server.url));
    const [first, same] = await Promise.all([one.authorize(signal), one.authorize(signal)]);
    expect(same).toBe(first);
    expect(first.values).toEqual([{ place: 'header', parameter: 'X-Session', value: 's1', isSecret: true }]);
    await one.renew(first, signal);
    expect((await one.authorize(signal)).values[0]!.value).toBe('s2');
    const [request] = server.requests;
    expect([request!.headers['x-app'], JSON.parse(request!.body)]).toEqual([
      'seven',
      { user: 'ann', password: 'canary-password' },
    ]);
  });

  it('takes the token from a header or cookie, and masks the password in errors', async () => {
    const server = await api({
      '/login': [
        { headers: { 'set-cookie': 'sid=s1; Path=/; HttpOnly' }, body: 'welcome' },
        { status: 403, body: { error: 'no', error_description: 'wrong: canary-password' } },
      ],
    });
    const model = session(server.url, {
      tokenField: null,
      tokenHeader: 'Set-Cookie',
      expiresInField: null,
      header: 'Cookie',
    });
    expect(await tokenOf(model)).toBe('sid=s1');
    const error = (await tokenOf(model).catch((reason: unknown) => reason)) as { detail: string };
    expect(error.detail).toContain('wrong: [secret]');
  });
});
