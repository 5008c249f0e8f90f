import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type DemoApi, type DemoApiOptions, startDemoApi } from '../../demo/demo-api.js';
import { get, newToken } from './client.js';

let api: DemoApi;
const start = async (options: DemoApiOptions): Promise<string> => {
  api = await startDemoApi({ orders: 50, ...options });
  return newToken(api);
};
afterEach(() => api.close());

const statuses = async (count: number, token: string): Promise<readonly number[]> => {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) {
    const response = await get(api, '/orders', token);
    await response.arrayBuffer();
    seen.push(response.status);
  }
  return seen;
};

test('a token is refused after its uses, and a new one works', async () => {
  const token = await start({ faults: { tokenUses: 2 } });
  expect(await statuses(4, token)).toEqual([200, 200, 401, 401]);
  expect(await statuses(1, await newToken(api))).toEqual([200]);
});

test('every n-th request is turned away, tokens not counted', async () => {
  const token = await start({ faults: { tooManyRequestsEvery: 3, retryAfterSeconds: 2, unavailableEvery: 4 } });
  await newToken(api);
  expect(await statuses(8, token)).toEqual([200, 200, 429, 503, 200, 429, 200, 503]);
  await get(api, '/orders', token).then((response) => expect(response.headers.get('retry-after')).toBe('2'));
});

test('a cut-off response ends before its length and is recorded as not complete', async () => {
  const token = await start({ faults: { cutOffEvery: 2 } });
  expect(await statuses(1, token)).toEqual([200]);
  await expect(get(api, '/orders', token).then((response) => response.text())).rejects.toThrow();
  await expect.poll(() => api.requests.at(-1)).toMatchObject({ url: '/orders', isComplete: false });
});

test('closing ends requests that are being delayed', async () => {
  const token = await start({ faults: { delayMs: 60_000 } });
  const pending = get(api, '/orders', token).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await api.close();
  expect(await pending).toBeInstanceOf(Error);
});

test('the record of requests is bounded', async () => {
  await start({});
  for (let i = 0; i < 30; i++)
    await Promise.all(Array.from({ length: 50 }, () => get(api, `/orders/${i}`, 'x').then((r) => r.text())));
  await expect.poll(() => api.requests.at(-1)!.url).toBe('/orders/29');
  expect(api.requests).toHaveLength(1_000);
});

test('a target that is no URL is answered and does not end the server', async () => {
  const token = await start({});
  const socket = connect(api.port, '127.0.0.1');
  socket.end('GET // HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  expect(chunk.toString()).toMatch(/^HTTP\/1.1 400 /);
  expect(await statuses(1, token)).toEqual([200]);
});

test('a port that is taken is refused with its code', async () => {
  await start({});
  await expect(startDemoApi({ port: api.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
