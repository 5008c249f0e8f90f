import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelRequest } from '../../src/wire/startup.js';
import { frontend } from '../../src/wire/write.js';
import { type Shop, startShop } from '../clients/shop.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';

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
    expect(performance.now() - startedAt).toBeLessThan(200);
    expect(errorOf(frames)).toMatchObject({ sqlstate: '57014', message: 'canceling statement due to user request' });
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
