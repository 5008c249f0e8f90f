import { request as httpRequest } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { startApi, type TestApi } from './api-server.js';

const apis: TestApi[] = [];
const start = async (...args: Parameters<typeof startApi>): Promise<TestApi> => {
  const api = await startApi(...args);
  apis.push(api);
  return api;
};

afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.close()));
});

test('records method, url, headers and body of every request, the unanswerable ones too', async () => {
  const api = await start({ 'POST /token': { status: 401, body: { error: 'invalid_client' } } });
  const refused = await fetch(`${api.url}/token?a=1&a=2`, {
    method: 'POST',
    body: 'grant=ü',
    headers: { 'X-One': 'yes' },
  });
  const missing = await fetch(`${api.url}/token`);
  expect([refused.status, await refused.json()]).toEqual([401, { error: 'invalid_client' }]);
  expect(missing.status).toBe(404);
  expect(api.requests.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['POST', '/token?a=1&a=2', 'grant=ü'],
    ['GET', '/token', ''],
  ]);
  expect(api.requests[0]!.headers['x-one']).toBe('yes');
  expect(api.requests[0]!.query.getAll('a')).toEqual(['1', '2']);
  expect(api.requests[1]!.timeMs).toBeGreaterThanOrEqual(api.requests[0]!.timeMs);
});

test('a list of answers is played in order and its last one stays', async () => {
  const api = await start({ '/x': [{ status: 503 }, () => ({ body: 'two' }), { body: 'three' }] });
  const seen: string[] = [];
  for (let i = 0; i < 4; i++) {
    const response = await fetch(`${api.url}/x`);
    seen.push(`${response.status} ${await response.text()}`);
  }
  expect(seen).toEqual(['503 ', '200 two', '200 three', '200 three']);
});

test('a handler that throws is a 500, or a cut connection once it has begun to answer', async () => {
  const api = await start((request, response) => {
    if (request.path === '/half') response.writeHead(200, { 'content-length': '100' }).write('half');
    throw new Error('scripted failure');
  });
  const response = await fetch(`${api.url}/whole`);
  expect([response.status, await response.json()]).toEqual([500, { error: 'scripted failure' }]);
  await expect(fetch(`${api.url}/half`).then((half) => half.text())).rejects.toThrow();
});

test('open sockets and responses are counted while they last, and close ends a hanging response', async () => {
  const api = await start(() => new Promise<undefined>(() => {}));
  const hang = (): Promise<string> =>
    new Promise((resolve) => {
      const client = httpRequest(`${api.url}/hang`, { agent: false });
      client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      client.end();
    });
  const first = hang();
  await expect.poll(() => [api.openSockets(), api.openResponses()]).toEqual([1, 1]);
  await api.close();
  expect(await first).toBe('ECONNRESET');
  expect([api.openSockets(), api.openResponses()]).toEqual([0, 0]);
});
