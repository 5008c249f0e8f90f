import { describe, expect, it, test } from 'vitest';
import type { OAuth2Model } from '../../src/config/model.js';
import { KEY_PROVIDERS } from '../../src/config/providers/keys.js';
import { PROVIDER_NAMES, providerPreset } from '../../src/config/providers/registry.js';
import { httpOf, load, problemsOf } from '../config/harness.js';

const TABLE = 'base_url: https://h.example\ntables: { t: { path: /x, columns: { a: text } } }\n';

async function resolve(auth: string): Promise<OAuth2Model> {
  const { model } = await load({ 'dsn/s.yaml': `auth: { type: oauth2, ${auth} }\n${TABLE}` });
  return httpOf(model, 't').auth as OAuth2Model;
}

const problems = async (auth: string) =>
  (await problemsOf({ 'dsn/s.yaml': `auth: { ${auth} }\n${TABLE}` })).map(({ message }) => message);

describe.each(PROVIDER_NAMES)('provider %s', (name) => {
  it('has sound addresses, a source, and resolves to a model that a login can use', async () => {
    const preset = providerPreset(name);
    expect(new URL(preset.docs).protocol).toBe('https:');
    const tenant = preset.tenant === undefined ? '' : 'tenant: acme, ';
    const model = await resolve(
      `provider: ${name}, ${tenant}grant: authorization_code, client_id: c, client_secret: s, scopes: [a, b]`,
    );
    const urls = [model.tokenUrl, model.authorizationUrl, model.deviceAuthorizationUrl, model.revocationUrl];
    expect(model.tokenUrl).not.toBeNull();
    expect(model.authorizationUrl).not.toBeNull();
    for (const url of urls) {
      if (url === null) continue;
      expect(new URL(String(url)).protocol).toBe('https:');
      expect(String(url)).not.toMatch(/[{}\s]/);
    }
    const hasPlace = [preset.tokenUrl, preset.authorizationUrl].every((url) => url.includes('{tenant}'));
    expect(hasPlace).toBe(preset.tenant !== undefined);
    if (preset.tenant !== undefined) expect(String(model.tokenUrl)).toContain('acme');
  });
});

test('a key of the DSN wins over the preset', async () => {
  const model = await resolve(
    'provider: zoho, tenant: eu, grant: authorization_code, client_id: c, client_secret: s, client_auth: basic, pkce: true, prefix: Bearer, token_url: https://own.example/t, extra_authorization_parameters: { prompt: login }',
  );
  expect(model).toMatchObject({
    clientAuth: 'basic',
    pkce: true,
    prefix: 'Bearer',
    tokenUrl: 'https://own.example/t',
    authorizationUrl: 'https://accounts.zoho.eu/oauth/v2/auth',
    scopeSeparator: ',',
  });
  expect(Object.fromEntries(model.extraAuthorizationParameters)).toEqual({ access_type: 'offline', prompt: 'login' });
});

test.each([
  [
    'provider: shopify, grant: authorization_code, client_id: c, client_secret: s',
    'missing key "tenant" in "auth": provider "shopify" needs it',
  ],
  [
    'provider: shopify, tenant: "evil.example/x?", grant: authorization_code, client_id: c, client_secret: s',
    '"evil.example/x?" is not a tenant',
  ],
  [
    'provider: github, tenant: x, grant: authorization_code, client_id: c',
    'there is no provider here whose addresses have a "tenant"',
  ],
  [
    'provider: gogle, grant: authorization_code, client_id: c',
    'unknown value "gogle" of "provider" of "auth"; did you mean "google"?',
  ],
  ['grant: client_credentials, client_id: c, client_secret: s', 'missing key "token_url" in "auth"'],
  [
    'grant: authorization_code, token_url: https://a.example, client_id: c',
    'missing key "authorization_url" in "auth"',
  ],
  [
    'grant: device_code, token_url: https://a.example, client_id: c',
    'missing key "device_authorization_url" in "auth"',
  ],
  ['grant: refresh_token, token_url: https://a.example, client_id: c', 'missing key "refresh_token" in "auth"'],
  ['grant: password, token_url: https://a.example, client_id: c, username: u', 'missing key "password" in "auth"'],
  ['grant: jwt_bearer, token_url: https://a.example', 'missing key "private_key" in "auth"'],
  ['grant: password, token_url: https://a.example, username: u, password: p', 'missing key "client_id" in "auth"'],
])('%s', async (auth, message) => {
  expect(await problems(`type: oauth2, ${auth}`)).toEqual([message]);
});

test('sessions and OAuth 1.0a say what is missing', async () => {
  expect(await problems('type: session, login: { url: https://a.example, body: { json: {}, text: x } }')).toEqual([
    '"auth" must say once where the token of the login is',
    '"body" has more than one kind: json, text',
  ]);
  expect(await problems('type: oauth1, consumer_key: a, consumer_secret: b, token: c')).toEqual([
    '"token" needs "token_secret"',
  ]);
});

test('keys of Stripe and Twilio are checked for their form, and never shown', async () => {
  for (const [auth, message] of [
    ['type: bearer, provider: stripe, token: pk_live_canary', '"token" is not a secret or restricted key of Stripe'],
    [
      'type: basic, provider: twilio, username: canary, password: p',
      '"username" is not an account SID or API key SID of Twilio',
    ],
  ] as const) {
    expect(await problems(auth)).toEqual([message]);
  }
  const load1 = async (auth: string) =>
    httpOf((await load({ 'dsn/s.yaml': `auth: { ${auth} }\n${TABLE}` })).model, 't').auth;
  expect(await load1('type: bearer, provider: stripe, token: rk_test_abc')).toMatchObject({ header: 'Authorization' });
  const sid = `SK${'0123456789abcdef'.repeat(2)}`;
  expect(await load1(`type: basic, provider: twilio, username: ${sid}, password: p`)).toMatchObject({ username: sid });
});

test('each provider of keys names its documentation', () => {
  for (const { docs } of Object.values(KEY_PROVIDERS)) expect(new URL(docs).protocol).toBe('https:');
});
