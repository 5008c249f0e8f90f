// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { createHmac, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { afterEach, expect, it, test } from 'vitest';
import { load, problemsOf, tableOf } from '../config/harness.js';
import { failureOf, ids, newHarness, records, scanAll, specOf } from '../scan/fixtures.js';
import { type ApiRoutes, startApi, type TestApi } from '../support/api-server.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }) as string;

async function shop(auth: string, routes: ApiRoutes, env: NodeJS.ProcessEnv = {}) {
  const server: TestApi = await startApi(routes);
  cleanups.push(() => server.close());
  const text = `dsn: shop
auth: { type: jwt, ${auth} }
base_url: ${server.url}
tables: { orders: { path: /orders, records: "$.data[*]", columns: { id: bigint } } }
`;
  const { model } = await load({ 'dsn/shop.yaml': text }, env);
  const { scanner, logged } = newHarness();
  cleanups.push(() => scanner.close());
  const table = tableOf(model, 'orders');
  return { server, logged, scan: () => scanAll(scanner, specOf(table)), lines: scanner.describe(specOf(table)) };
}

/** Header and claims of a token whose signature is right. */
function open(token: string, isSigned: (text: string, signature: Buffer) => boolean) {
  const [head, body, signature] = token.split('.') as [string, string, string];
  expect(isSigned(`${head}.${body}`, Buffer.from(signature, 'base64url'))).toBe(true);
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  return { header: read(head), claims: read(body) };
}

const hmac = (hash: string, key: string | Buffer) => (text: string, signature: Buffer) =>
  createHmac(hash, key).update(text).digest().equals(signature);
const orders = { 'GET /orders': { body: { data: records(3) } } };

it.each([
  ['HS256', 'secret: "${env:KEY}"', 'canary-sécret', hmac('sha256', 'canary-sécret')],
  ['HS384', 'secret: "${env:KEY}", secret_encoding: base64', 'AAEC/w==', hmac('sha384', Buffer.from([0, 1, 2, 255]))],
  ['HS512', 'secret: "${env:KEY}", secret_encoding: hex', '00ff10', hmac('sha512', Buffer.from([0, 255, 16]))],
  [
    'RS256',
    'private_key: "${env:KEY}"',
    pem(rsa.privateKey),
    (text: string, signature: Buffer) => verify('sha256', Buffer.from(text), rsa.publicKey, signature),
  ],
  [
    'RS512',
    'private_key: "${env:KEY}"',
    pem(rsa.privateKey),
    (text: string, signature: Buffer) => verify('sha512', Buffer.from(text), rsa.publicKey, signature),
  ],
  [
    'ES256',
    'private_key: "${env:KEY}"',
    pem(ec.privateKey),
    (text: string, signature: Buffer) =>
      verify('sha256', Buffer.from(text), { key: ec.publicKey, dsaEncoding: 'ieee-p1363' }, signature),
  ],
] as const)('a token signed with %s', async (algorithm, key, value, isSigned) => {
  const auth = `algorithm: ${algorithm}, ${key}, key_id: k1, issuer: app, audience: api, lifetime: 10m, claims: { scope: read, level: 3, admin: false }`;
  const { server, scan, lines } = await shop(auth, orders, { KEY: value });
  for (let n = 0; n < 2; n++) expect((await scan()).rows).toEqual(ids(3));
  const tokens = server.requests.map(({ headers }) => String(headers.authorization).replace('Bearer ', ''));
  expect(tokens[1]).toBe(tokens[0]);
  const { header, claims } = open(tokens[0]!, isSigned);
  expect(header).toEqual({ alg: algorithm, typ: 'JWT', kid: 'k1' });
  expect(claims).toMatchObject({ iss: 'app', aud: 'api', scope: 'read', level: 3, admin: false });
  expect(Number(claims.exp) - Date.now() / 1000).toBeGreaterThan(590);
  expect(Number(claims.exp) - Number(claims.iat)).toBeLessThanOrEqual(631);
  expect(lines).toContain(`Authentication: JWT signed with ${algorithm}`);
});

it('is signed anew before its end, and once after a 401; it never shows', async () => {
  const seen: string[] = [];
  const { scan, logged } = await shop(
    'algorithm: HS256, secret: "${env:KEY}", lifetime: 400ms, header: X-Jwt, prefix: ""',
    {
      'GET /orders': ({ headers }) => {
        seen.push(String(headers['x-jwt']));
        return seen.length === 3 || seen.length > 4
          ? { status: 401, body: { error: `no ${headers['x-jwt']}, canary-key` } }
          : { body: { data: records(3) } };
      },
    },
    { KEY: 'canary-key' },
  );
  await scan();
  await new Promise((resolve) => setTimeout(resolve, 320));
  await scan();
  await scan();
  expect(new Set(seen).size).toBe(4 - 1);
  const error = await failureOf(scan());
  expect(error.message).toBe('API answered 401 Unauthorized');
  const told = JSON.stringify([error.message, error.detail, error.hint, logged]);
  for (const token of seen) expect(told).not.toContain(token);
  expect(told).not.toContain('canary');
});

it('says that a key cannot sign with the algorithm, without repeating it', async () => {
  const { scan } = await shop('algorithm: RS256, private_key: "${env:KEY}"', orders, { KEY: pem(ec.privateKey) });
  expect(await failureOf(scan())).toMatchObject({
    sqlstate: 'F0000',
    message: 'private_key of DSN "shop" cannot sign with RS256',
    hint: 'It is an EC key: use ES256, or another key.',
  });
});

test.each([
  ['algorithm: HS256', 'missing key "secret" in "auth": HS256 needs it'],
  ['algorithm: RS256, secret: x, private_key: y', 'RS256 takes no "secret"'],
  ['algorithm: HS256, secret: "x?", secret_encoding: base64', '"secret" is not base64'],
  ['algorithm: none, secret: x', 'unknown value "none" of "algorithm" of "auth"'],
])('%s: %s', async (auth, message) => {
  const text = `auth: { type: jwt, ${auth} }\nbase_url: https://h.example\ntables: { t: { path: /x, columns: { a: text } } }\n`;
  expect((await problemsOf({ 'dsn/s.yaml': text })).map((problem) => problem.message)).toEqual([message]);
});
