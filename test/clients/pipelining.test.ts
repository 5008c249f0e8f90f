import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frontend } from '../../src/wire/write.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { type Shop, startShop } from './shop.js';

/** What drivers that pipeline (postgres.js, Npgsql, libpq) send, cut between packets at unlucky places. */
describe('pipelining', () => {
  let shop: Shop;
  let client: RawClient;
  beforeAll(async () => {
    shop = await startShop();
    client = await RawClient.login(shop.gateway.port);
    client.send(
      frontend.parse('one', 'SELECT id FROM shop.orders WHERE id < 3'),
      frontend.parse('none', 'SELECT * FROM shop.items'),
      frontend.sync,
    );
    await client.until('Z');
  });
  afterAll(async () => {
    client?.close();
    await shop?.close();
  });

  const execute = [frontend.execute(''), frontend.sync];

  it.each(['one', 'none'])(
    'keeps a portal that was bound before the Sync in front of it was answered, after "%s"',
    async (first) => {
      client.send(frontend.bindText('', first), ...execute, frontend.bindText('', 'one'));
      await client.until('Z');
      client.send(...execute);
      const frames = await client.until('Z');
      expect(errorOf(frames)).toBeNull();
      expect(rowsOf(frames)).toEqual([['1'], ['2']]);
    },
  );

  it('keeps a portal whose name a Close in front of it freed', async () => {
    client.send(
      frontend.bindText('p', 'one'),
      frontend.close('portal', 'p'),
      frontend.bindText('p', 'one'),
      frontend.flush,
    );
    await client.until('3');
    await client.until('2');
    client.send(frontend.execute('p'), frontend.sync);
    const frames = await client.until('Z');
    expect(errorOf(frames)).toBeNull();
    expect(rowsOf(frames)).toEqual([['1'], ['2']]);
  });

  it('keeps a statement whose name a Close in front of it freed', async () => {
    const parse = frontend.parse('again', 'SELECT id FROM shop.orders LIMIT 1');
    client.send(parse, frontend.close('statement', 'again'), parse, frontend.flush);
    await client.until('3');
    await client.until('1');
    client.send(frontend.bindText('', 'again'), ...execute);
    const frames = await client.until('Z');
    expect(errorOf(frames)).toBeNull();
    expect(rowsOf(frames)).toEqual([['1']]);
  });

  it('ends portals with their transaction all the same', async () => {
    client.send(frontend.bindText('p', 'one'), frontend.sync);
    await client.until('Z');
    client.send(frontend.execute('p'), frontend.sync);
    expect(errorOf(await client.until('Z'))).toMatchObject({ sqlstate: '34000' });
  });
});
