import { afterEach, expect, test } from 'vitest';
import { type DemoApi, type DemoApiOptions, startDemoApi } from '../../demo/demo-api.js';
import { get, newToken, requestToken } from './client.js';

let api: DemoApi;
const start = async (options: DemoApiOptions = {}): Promise<void> => {
  api = await startDemoApi({ orders: 20, ...options });
};
afterEach(() => api.close());

const basic = (id: string, secret: string): Record<string, string> => {
  const encode = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+');
  return { authorization: `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}` };
};

test('form-encoded basic credentials work, also with colons, spaces and letters beyond ASCII', async () => {
  await start({ credentials: { clientId: 'a:b c', clientSecret: 'ü+%/:=' } });
  const granted = await requestToken(api, { scope: 'demo.read' }, basic('a:b c', 'ü+%/:='));
  expect(granted.status).toBe(200);
  expect(granted.headers.get('cache-control')).toBe('no-store');
  expect(await granted.json()).toEqual({
    access_token: expect.stringMatching(/^[\w-]{43}$/),
    token_type: 'Bearer',
    expires_in: 300,
    scope: 'demo.read',
  });
});

test('bad credentials are 401 invalid_client, challenged as they came', async () => {
  await start();
  const { clientId, clientSecret } = api.credentials;
  const attempts = [
    requestToken(api, {}, basic(clientId, `${clientSecret}x`)),
    requestToken(api, {}, basic('', '')),
    requestToken(api, {}, { authorization: 'Basic !!' }),
    requestToken(api, { client_id: clientId, client_secret: '' }),
    requestToken(api),
  ];
  const answers = await Promise.all(attempts);
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
  expect(answers.map(({ headers }) => headers.has('www-authenticate'))).toEqual([true, true, true, false, false]);
  for (const answer of answers) expect(await answer.json()).toMatchObject({ error: 'invalid_client' });
});

test('requests that RFC 6749 forbids are 400 with its error codes', async () => {
  await start();
  const { clientId, clientSecret } = api.credentials;
  const own = { client_id: clientId, client_secret: clientSecret };
  const code = async (response: Promise<Response>): Promise<string> => {
    const { status } = await response;
    return `${status} ${((await (await response).json()) as { error: string }).error}`;
  };
  const send = (body: string, type = 'application/x-www-form-urlencoded'): Promise<Response> =>
    fetch(`${api.url}/oauth/token`, { method: 'POST', headers: { 'content-type': type }, body });
  const form = new URLSearchParams(own).toString();
  expect(await code(requestToken(api, own, basic(clientId, clientSecret)))).toBe('400 invalid_request');
  expect(await code(requestToken(api, { ...own, grant_type: 'password' }))).toBe('400 unsupported_grant_type');
  expect(await code(requestToken(api, { ...own, scope: 'demo.read demo.write' }))).toBe('400 invalid_scope');
  expect(await code(send(form))).toBe('400 invalid_request');
  expect(await code(send(`grant_type=client_credentials&grant_type=x&${form}`))).toBe('400 invalid_request');
  expect(await code(send(JSON.stringify(own), 'application/json'))).toBe('400 invalid_request');
  expect((await send(`x=${'y'.repeat(70_000)}`)).status).toBe(413);
  expect((await fetch(`${api.url}/oauth/token`)).status).toBe(405);
});

test('every data endpoint wants a bearer token that this server issued', async () => {
  await start();
  for (const path of [
    '/orders',
    '/orders/1',
    '/orders/1/items',
    '/customers.xml',
    '/rates.csv',
    '/events',
    '/products',
  ]) {
    const anonymous = await fetch(api.url + path);
    expect([path, anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
      path,
      401,
      'Bearer realm="tidegate-demo"',
    ]);
    const wrong = await get(api, path, 'made-up');
    expect([path, wrong.status]).toEqual([path, 401]);
    expect(wrong.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect((await get(api, path, await newToken(api))).status).toBe(200);
  }
});

test('a token ends with its lifetime', async () => {
  await start({ tokenLifetimeSeconds: 1 });
  const token = await newToken(api);
  expect((await get(api, '/orders/1', token)).status).toBe(200);
  await expect.poll(async () => (await get(api, '/orders/1', token)).status, { timeout: 5_000 }).toBe(401);
  expect((await get(api, '/orders/1', await newToken(api))).status).toBe(200);
});

test('what is logged and kept holds no secret and no token', async () => {
  const lines: string[] = [];
  await start({ log: (line) => lines.push(line) });
  const token = await newToken(api);
  await fetch(`${api.url}/oauth/token?client_secret=${api.credentials.clientSecret}`, { method: 'POST' });
  await get(api, '/orders?page=1&per_page=5', token);
  await expect.poll(() => lines.length).toBe(3);
  expect(lines[2]).toMatch(/^demo-api {2}GET \/orders\?page=1&per_page=5 200 \d+ms$/);
  expect(lines[1]).toMatch(/^demo-api {2}POST \/oauth\/token 400 \d+ms$/);
  const output = lines.join('\n') + JSON.stringify(api.requests);
  expect(output).not.toContain(token);
  expect(output).not.toContain(api.credentials.clientSecret);
});
