import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelRequest } from '../../src/wire/startup.js';
import { frontend } from '../../src/wire/write.js';
import { type Shop, startShop } from '../clients/shop.js';
import { type ScriptedResponse, startApi, type TestApi } from '../support/api-server.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let shop: Shop;
let client: RawClient;

beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop?.close());
beforeEach(async () => {
  client = await RawClient.login(shop.gateway.port);
});
afterEach(() => client.close());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends a cancel request as libpq does, on a connection of its own. */
function sendCancel(processId: number, key: Buffer): void {
  const socket = connect(shop.gateway.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.end(cancelRequest(processId, key));
}

/** What other work on the machine makes of a few round trips at the moment; with nothing else, a few milliseconds. */
async function delayNow(): Promise<number> {
  const startedAt = performance.now();
  const witness = await RawClient.login(shop.gateway.port);
  for (let trips = 0; trips < 10; trips++) await witness.query('SELECT 1');
  witness.close();
  return performance.now() - startedAt;
}

function cancelKey(): { processId: number; key: Buffer } {
  return { processId: client.backendKey!.readUInt32BE(5), key: client.backendKey!.subarray(9) };
}

describe('a cancel request', () => {
  it.each([
    ['a stream waiting for its API', 'SELECT id FROM shop.slow'],
    ['a scan loading for the engine', 'SELECT sum(id) FROM shop.slow'],
    ['the engine working for a virtual table', 'SELECT pg_sleep(20), id FROM shop.orders ORDER BY id LIMIT 1'],
    ['a relayed statement', 'SELECT pg_sleep(20)'],
  ])('stops %s within 200 ms, and the session goes on', async (_, sql) => {
    const { processId, key } = cancelKey();
    client.send(frontend.query(sql));
    await pause(400);
    const startedAt = performance.now();
    sendCancel(processId, key);
    const frames = await client.until('Z');
    const tookMs = performance.now() - startedAt;
    expect(errorOf(frames)).toMatchObject({ sqlstate: '57014', message: 'canceling statement due to user request' });
    expect(tookMs).toBeLessThan(200 + (await delayNow()));
    expect(rowsOf(await client.query('SELECT count(*) FROM shop.rates'))).toEqual([['2']]);
    await pause(150);
    expect(shop.api.openResponses()).toBe(0);
  });

  it('with a wrong key stops nothing', async () => {
    const { processId } = cancelKey();
    client.send(frontend.query('SELECT pg_sleep(0.4)'));
    await pause(100);
    sendCancel(processId, Buffer.from([1, 2, 3, 4]));
    expect(errorOf(await client.until('Z'))).toBeNull();
  });
});

describe('a cancel request while the API', () => {
  let api: TestApi;
  let gateway: TestGateway;

  beforeAll(async () => {
    api = await startApi(async (request, response): Promise<ScriptedResponse | undefined> => {
      if (request.path.startsWith('/busy')) return { status: 503, headers: { 'retry-after': '30' }, body: 'busy' };
      if (request.path === '/silent') return new Promise<undefined>(() => {});
      if (request.path === '/dribbles') {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"rows":[');
        for (let id = 1; !response.destroyed; id++) {
          const row = `{"id":${id},"text":"${'x'.repeat(2000)}"},`;
          if (!response.write(row.repeat(20))) await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      return undefined;
    });
    const table = (path: string): string =>
      `{ path: ${path}, records: "$.rows[*]", columns: { id: bigint, text: text } }`;
    // Retry-After holds all requests to a data source up, so each case has its own.
    const dsn = (name: string): string =>
      `dsn: ${name}\nbase_url: ${api.url}\ntables: { ${['busy', 'silent', 'dribbles'].map((path) => `${path}: ${table(`/${path}`)}`).join(', ')} }`;
    gateway = await startTestGateway({ dsns: { 'auto.yaml': dsn('auto'), 'engine.yaml': dsn('engine') } });
  });
  afterAll(async () => {
    await gateway?.close();
    await api?.close();
  });

  it.each(['silent', 'dribbles', 'busy'].flatMap((table) => ['auto', 'engine'].map((way) => [table, way])))(
    'is %s stops the statement within 200 ms and closes the socket, way %s',
    async (table, way) => {
      const raw = await RawClient.login(gateway.port);
      await raw.query(`SET tidegate.execution = '${way}'`);
      const before = api.requests.length;
      raw.send(frontend.query(`SELECT id, text FROM ${way}.${table}`));
      await expect.poll(() => api.requests.length, { interval: 5 }).toBe(before + 1);
      await pause(150);
      const startedAt = performance.now();
      const socket = connect(gateway.port, '127.0.0.1').on('error', () => {});
      socket.end(cancelRequest(raw.backendKey!.readUInt32BE(5), raw.backendKey!.subarray(9)));
      const frames = await raw.until('Z');
      const tookMs = performance.now() - startedAt;
      expect(tookMs).toBeLessThan(200 + (await delayNow()));
      expect(errorOf(frames)).toMatchObject({ sqlstate: '57014', message: 'canceling statement due to user request' });
      await expect.poll(() => api.openResponses()).toBe(0);
      // A connection whose answer was read to its end may be used again; all others are closed.
      if (table !== 'busy') await expect.poll(() => api.openSockets()).toBe(0);
      expect(api.requests.length).toBe(before + 1);
      expect(rowsOf(await raw.query('SELECT 1'))).toEqual([['1']]);
      raw.close();
    },
  );
});

describe('a cancel request that comes early', () => {
  it.each(['SELECT id FROM shop.slow', 'SELECT sum(id) FROM shop.slow'])(
    'is not lost: %s',
    async (sql) => {
      const { processId, key } = cancelKey();
      for (let delayMs = 0; delayMs <= 24; delayMs += 3) {
        client.send(frontend.query(sql));
        if (delayMs > 0) await pause(delayMs);
        sendCancel(processId, key);
        expect(errorOf(await client.until('Z', 5000)), `${delayMs} ms`).toMatchObject({ sqlstate: '57014' });
      }
    },
    30_000,
  );
});

describe('statement_timeout of the session', () => {
  it.each([
    ['on the stream path', 'SELECT id FROM shop.slow'],
    ['while loading', 'SELECT sum(id) FROM shop.slow'],
    ['in the engine', 'SELECT pg_sleep(20), id FROM shop.orders ORDER BY id LIMIT 1'],
  ])('ends a statement %s with 57014', async (_, sql) => {
    await client.query("SET statement_timeout = '300ms'");
    const startedAt = performance.now();
    const frames = await client.query(sql);
    expect(errorOf(frames)).toMatchObject({
      sqlstate: '57014',
      message: 'canceling statement due to statement timeout',
    });
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await client.query('RESET statement_timeout');
    expect(rowsOf(await client.query('SELECT count(*) FROM shop.rates'))).toEqual([['2']]);
  });
});
