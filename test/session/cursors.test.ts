import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { frontend } from '../../src/wire/write.js';
import { type Shop, startShop } from '../clients/shop.js';
import { errorOf, RawClient, rowsOf, typesOf } from '../support/raw-client.js';

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

const run = async (sql: string): Promise<string[]> => {
  const frames = await client.query(sql);
  expect(errorOf(frames)).toBeNull();
  return rowsOf(frames).map((row) => row.join());
};
const requests = (path: string): number => shop.api.requests.filter((request) => request.path === path).length;

describe('a forward-only cursor on a streamable statement', () => {
  it('asks the API only for the pages that are fetched', async () => {
    const before = requests('/slow');
    await run('BEGIN; DECLARE c CURSOR FOR SELECT id FROM shop.slow');
    expect(requests('/slow')).toBe(before);
    expect(await run('FETCH 2 FROM c')).toEqual(['1', '2']);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(requests('/slow') - before).toBe(2); // one row each
    expect(await run('FETCH NEXT FROM c')).toEqual(['3']);
    expect(requests('/slow') - before).toBe(3);
    await run('CLOSE c; COMMIT');
    await expect.poll(() => shop.api.openResponses()).toBe(0);
    const after = requests('/slow');
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(requests('/slow')).toBe(after);
  });

  it('makes one request for FETCH 100 of pages of 100, and the next for the next row', async () => {
    const before = requests('/orders');
    await run('BEGIN; DECLARE c CURSOR FOR SELECT * FROM shop.orders');
    expect(await run('FETCH 100 FROM c')).toHaveLength(100);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(requests('/orders') - before).toBe(1);
    expect(await run('FETCH 1 FROM c')).toHaveLength(1);
    expect(await run('FETCH 99 FROM c')).toHaveLength(99);
    expect(requests('/orders') - before).toBe(2);
    expect(await run('FETCH ALL FROM c')).toHaveLength(250);
    expect(requests('/orders') - before).toBe(5);
    await run('COMMIT');
  });

  it('fetches, moves and ends as PostgreSQL does', async () => {
    const script = [
      'FETCH 3 FROM c',
      'MOVE 2 IN c',
      'FETCH FORWARD 1 FROM c',
      'FETCH c',
      'FETCH ALL FROM c',
      'FETCH 5 FROM c',
      'MOVE ALL IN c',
    ];
    const sql = 'SELECT id, status FROM shop.orders WHERE id <= 9 AND id <> 4';
    const outcome = async (declare: string): Promise<string[]> => {
      await client.query('BEGIN');
      await client.query(declare);
      const outputs: string[] = [];
      for (const line of script) {
        const frames = await client.query(line);
        const tag = frames.find((frame) => frame.type === 'C')?.bytes.toString('latin1', 5) ?? '';
        outputs.push(`${typesOf(frames)} ${JSON.stringify(rowsOf(frames))} ${tag}`);
      }
      await client.query('COMMIT');
      return outputs;
    };
    await client.query(`CREATE TEMP TABLE own AS SELECT * FROM shop.orders`);
    const streamed = await outcome(`DECLARE c CURSOR FOR ${sql}`);
    expect(streamed).toEqual(await outcome(`DECLARE c CURSOR FOR ${sql.replace('shop.orders', 'own')}`));
    expect(streamed).toEqual(await outcome(`DECLARE c SCROLL CURSOR FOR ${sql}`));
  });

  it.each([
    ['FETCH 0 FROM c', 'FETCH FIRST FROM c', 'FETCH ABSOLUTE 4 FROM c', 'FETCH RELATIVE 3 FROM c', 'FETCH NEXT FROM c'],
    ['MOVE ABSOLUTE 5 IN c', 'FETCH NEXT FROM c', 'MOVE RELATIVE 2 IN c', 'FETCH 2 FROM c', 'MOVE FORWARD ALL IN c'],
    ['FETCH ABSOLUTE 0 FROM c', 'FETCH RELATIVE 0 FROM c', 'FETCH ABSOLUTE 99 FROM c', 'FETCH 0 FROM c', 'FETCH c'],
    ['FETCH 3 FROM c', 'FETCH ABSOLUTE 2 FROM c'],
    ['FETCH 3 FROM c', 'FETCH 0 FROM c'],
    ['FETCH 3 FROM c', 'FETCH RELATIVE -1 FROM c'],
    ['FETCH LAST FROM c'],
    ['FETCH PRIOR FROM c'],
    ['MOVE 2 IN c', 'MOVE BACKWARD 1 IN c'],
    ['FETCH BACKWARD ALL FROM c'],
  ])('moves as a NO SCROLL cursor of PostgreSQL: %s …', async (...script) => {
    const sql = 'SELECT id, status FROM shop.orders WHERE id <= 12 AND id <> 4';
    await run('CREATE TEMP TABLE own AS SELECT * FROM shop.orders');
    const outcome = async (table: string): Promise<string[]> => {
      await run(`BEGIN; DECLARE c NO SCROLL CURSOR FOR ${sql.replace('shop.orders', table)}`);
      const outputs: string[] = [];
      for (const line of script) {
        const frames = await client.query(line);
        const tag = frames.find((frame) => frame.type === 'C')?.bytes.toString('latin1', 5) ?? '';
        const error = errorOf(frames);
        const said = error === null ? '' : `${error.sqlstate} ${error.message}`;
        outputs.push(`${typesOf(frames)} ${JSON.stringify(rowsOf(frames))} ${tag} ${said}`);
      }
      await client.query('ROLLBACK');
      return outputs;
    };
    expect(await outcome('shop.orders')).toEqual(await outcome('own'));
  });

  it('reads on in a portal that FETCH and MOVE name, on both paths', async () => {
    for (const execution of ['auto', 'engine']) {
      await run(`SET tidegate.execution = '${execution}'`);
      await run('BEGIN');
      client.send(
        frontend.parse('', 'SELECT id FROM shop.orders WHERE id > $1'),
        frontend.bindText('p', '', ['10']),
        frontend.flush,
      );
      await client.until('2');
      client.send(
        frontend.parse('', 'MOVE FORWARD 5 IN "p"'),
        frontend.bindText('', ''),
        frontend.execute(''),
        frontend.execute('p', 2),
        frontend.sync,
      );
      expect(rowsOf(await client.until('Z'))).toEqual([['16'], ['17']]);
      expect(await run('FETCH 2 FROM p')).toEqual(['18', '19']);
      expect(await run('MOVE 1 IN p')).toEqual([]);
      client.send(frontend.execute('p', 1), frontend.sync);
      expect(rowsOf(await client.until('Z'))).toEqual([['21']]);
      await run('COMMIT');
    }
  });

  it('works in one text, as psqlODBC sends it, and under quoted names', async () => {
    const frames = await client.query(
      'BEGIN;declare "SQL_CUR1" cursor for SELECT id FROM shop.orders;fetch 2 in "SQL_CUR1"',
    );
    expect(typesOf(frames)).toBe('CCTDDCZ');
    expect(await run('fetch 1 in "SQL_CUR1"')).toEqual(['3']);
    expect(typesOf(await client.query('close "SQL_CUR1"'))).toBe('CZ');
    expect(errorOf(await client.query('fetch 1 in "SQL_CUR1"'))).toMatchObject({ sqlstate: '34000' });
    await client.query('ROLLBACK');
  });

  it('fetches in binary through the extended protocol', async () => {
    await run('BEGIN; DECLARE c CURSOR FOR SELECT id FROM shop.orders');
    client.send(
      frontend.parse('', 'FETCH 2 FROM c'),
      frontend.bindWithTail('', '', Buffer.from([0, 0, 0, 0, 0, 1, 0, 1])),
      frontend.describe('portal', ''),
      frontend.execute(''),
      frontend.sync,
    );
    const frames = await client.until('Z');
    expect(typesOf(frames)).toBe('12TDDCZ');
    expect(frames[4]!.bytes.toString('hex', 7)).toBe('000000080000000000000002');
    await run('COMMIT');
  });

  it('outlives its transaction WITH HOLD, as psqlODBC and Tableau declare theirs, and is as lazy', async () => {
    const before = requests('/slow');
    await run('BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT id FROM shop.slow; FETCH 1 FROM h; COMMIT');
    expect(await run('FETCH 2 FROM h')).toEqual(['2', '3']);
    expect(requests('/slow') - before).toBe(3);
    await run('BEGIN; SAVEPOINT s; ROLLBACK TO s; COMMIT');
    expect(await run('FETCH 1 FROM h')).toEqual(['4']);
    await run('CLOSE h');
    expect(errorOf(await client.query('FETCH 1 FROM h'))).toMatchObject({ sqlstate: '34000' });
    await expect.poll(() => shop.api.openResponses()).toBe(0);
  });

  it('does not outlive a transaction that is rolled back', async () => {
    await run('BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT id FROM shop.orders; FETCH 1 FROM h; ROLLBACK');
    expect(errorOf(await client.query('FETCH 1 FROM h'))).toMatchObject({ sqlstate: '34000' });
    await run('BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT id FROM shop.orders; MOVE 1 IN h; ROLLBACK');
    expect(errorOf(await client.query('MOVE 1 IN h'))).toMatchObject({ sqlstate: '34000' });
    await run('DECLARE h CURSOR WITH HOLD FOR SELECT id FROM shop.orders WHERE id > 5');
    expect(await run('FETCH 1 FROM h')).toEqual(['6']);
    await run('DISCARD ALL');
    expect(errorOf(await client.query('FETCH 1 FROM h'))).toMatchObject({ sqlstate: '34000' });
  });

  it('says that it cannot go back', async () => {
    await run('BEGIN; DECLARE c CURSOR FOR SELECT id FROM shop.orders');
    expect(errorOf(await client.query('FETCH BACKWARD 1 FROM c'))).toMatchObject({
      sqlstate: '55000',
      message: 'cursor can only scan forward',
    });
    expect(errorOf(await client.query('FETCH 1 FROM c'))).toMatchObject({ sqlstate: '25P02' });
    await run('ROLLBACK');
  });

  it('is gone with its transaction, and its name is free again', async () => {
    await run('BEGIN; DECLARE c CURSOR FOR SELECT id FROM shop.orders; FETCH 1 FROM c; COMMIT');
    expect(errorOf(await client.query('FETCH 1 FROM c'))).toMatchObject({ sqlstate: '34000' });
    await run('BEGIN; DECLARE c CURSOR FOR SELECT 7');
    expect(await run('FETCH 1 FROM c')).toEqual(['7']);
    await run('COMMIT');
  });
});

describe('cursors that the engine keeps', () => {
  it('scroll, and hold beyond their transaction', async () => {
    await run('BEGIN; DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT id FROM shop.orders; COMMIT');
    expect(await run('FETCH 2 FROM c')).toEqual(['1', '2']);
    expect(await run('FETCH BACKWARD 1 FROM c')).toEqual(['1']);
    expect(await run('FETCH LAST FROM c')).toEqual(['450']);
    await run('CLOSE c');
  });

  it('sort and join', async () => {
    await run('BEGIN; DECLARE c CURSOR FOR SELECT id FROM shop.orders ORDER BY id DESC');
    expect(await run('FETCH 2 FROM c')).toEqual(['450', '449']);
    await run('COMMIT');
  });
});
