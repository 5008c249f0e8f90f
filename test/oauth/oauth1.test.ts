import { createHmac } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import type { OAuth1Model } from '../../src/config/model.js';
import { Secret } from '../../src/core/secret.js';
import { signatureBase, signOAuth1 } from '../../src/oauth/oauth1-signature.js';
import { httpSource, newHarness, numbered, scanAll, specOf, table } from '../scan/fixtures.js';
import { startApi, type TestApi } from '../support/api-server.js';

const servers: TestApi[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const model: OAuth1Model = {
  type: 'oauth1',
  consumerKey: 'dpf43f3p2l4k3l03',
  consumerSecret: new Secret('kd94hf93k423kf44'),
  token: 'nnch734d00sl2jdk',
  tokenSecret: new Secret('pfkkdhi9sl3r4s00'),
  signatureMethod: 'HMAC-SHA1',
  realm: 'Photos',
};

it('signs as the example of RFC 5849, section 1.2 does', () => {
  const url = new URL('http://photos.example.net/photos?file=vacation.jpg&size=original');
  const moment = { nonce: 'chapoH', timestampS: 137131202 };
  const header = signOAuth1({ method: 'GET', url, headers: {}, body: null }, model, moment);
  // The RFC's own example leaves oauth_version out, which is optional, so the signature is computed here from its base.
  const base =
    'GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3DchapoH%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131202%26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal';
  const signature = createHmac('sha1', 'kd94hf93k423kf44&pfkkdhi9sl3r4s00').update(base).digest('base64');
  expect(header).toContain(`oauth_signature="${encodeURIComponent(signature)}"`);
  expect(header).toMatch(/^OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", /);
});

it('builds the base of RFC 5849, section 3.4.1.1', () => {
  const base = signatureBase(
    {
      method: 'post',
      url: new URL('http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b'),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'c2&a3=2+q',
    },
    [
      ['oauth_consumer_key', '9djdj82h48djs9d2'],
      ['oauth_token', 'kkk9d7dh3k39sjv7'],
      ['oauth_signature_method', 'HMAC-SHA1'],
      ['oauth_timestamp', '137131201'],
      ['oauth_nonce', '7d8f3e4a'],
    ],
  );
  expect(base).toBe(
    'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
  );
});

it.each(['HMAC-SHA1', 'HMAC-SHA256'] as const)('signs each page by itself with %s, secrets unseen', async (method) => {
  const nonces = new Set<string>();
  const server = await startApi(({ headers, query, method: verb, url }) => {
    const header = String(headers.authorization);
    const fields = Object.fromEntries(
      [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, decodeURIComponent(value!)]),
    );
    const { oauth_signature: sent, realm: _realm, ...oauth } = fields;
    const base = signatureBase(
      { method: verb, url: new URL(url, server.url), headers: {}, body: null },
      Object.entries(oauth),
    );
    const hash = method === 'HMAC-SHA1' ? 'sha1' : 'sha256';
    const expected = createHmac(hash, 'kd94hf93k423kf44&pfkkdhi9sl3r4s00').update(base).digest('base64');
    if (sent !== expected) return { status: 401, body: { message: header } };
    nonces.add(oauth.oauth_nonce!);
    const page = Number(query.get('page'));
    return { body: { data: page > 2 ? [] : Array.from({ length: 10 }, (_item, n) => ({ id: page * 10 + n })) } };
  });
  servers.push(server);
  const { scanner, logged } = newHarness();
  const source = httpSource(server.url, { auth: { ...model, signatureMethod: method }, pagination: numbered('page') });
  const { rows } = await scanAll(scanner, specOf(table({ ...source, query: new Map([["odd name's", 'a b+c*']]) })));
  expect(rows).toHaveLength(20);
  expect(nonces.size).toBe(server.requests.length);
  expect(logged.join()).not.toMatch(/kd94hf93k423kf44|pfkkdhi9sl3r4s00/);
  await scanner.close();
});
