import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelRequest, startupMessage } from '../../src/wire/startup.js';
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

const { parse, bindText, describe: describeObject, execute, close, sync, flush } = frontend;
const IDS = 'SELECT id FROM shop.orders WHERE id <= $1::int8';

describe('the extended protocol on virtual tables', () => {
  it('describes a statement without asking the API', async () => {
    const before = shop.api.requests.length;
    client.send(parse('s', IDS), describeObject('statement', 's'), sync);
    expect(typesOf(await client.until('Z'))).toBe('1tTZ');
    expect(shop.api.requests.length).toBe(before);
  });

  it('answers a pipelined batch with one Sync in order', async () => {
    client.send(
      parse('', 'SELECT 1'),
      bindText('', ''),
      execute(''),
      parse('v', IDS),
      bindText('p', 'v', ['2']),
      describeObject('portal', 'p'),
      execute('p'),
      parse('', 'SELECT 2'),
      bindText('', ''),
      execute(''),
      sync,
    );
    const frames = await client.until('Z');
    expect(typesOf(frames)).toBe('12DC12TDDC12DCZ');
    expect(rowsOf(frames)).toEqual([['1'], ['1'], ['2'], ['2']]);
  });

  it('suspends and resumes portals, several at once, and leaves no trace of its own messages', async () => {
    client.send(parse('v', IDS), bindText('a', 'v', ['5']), bindText('b', 'v', ['3']), execute('a', 2), flush);
    expect(typesOf(await client.until('s'))).toBe('122DDs');
    client.send(execute('b', 0), execute('a', 2), execute('a', 2), execute('a', 2), close('portal', 'a'), sync);
    const frames = await client.until('Z');
    expect(typesOf(frames)).toBe('DDDCDDsDCC3Z');
    expect(rowsOf(frames).flat()).toEqual(['1', '2', '3', '3', '4', '5']);
  });

  it('asks the API for no page before a row limit reaches it', async () => {
    const pages = (): number => shop.api.requests.filter(({ path }) => path === '/orders').length;
    const before = pages();
    client.send(parse('v', IDS), bindText('a', 'v', ['450']), execute('a', 100), flush);
    await client.until('s');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(pages() - before).toBe(1);
    client.send(execute('a', 100), flush);
    await client.until('s');
    expect(pages() - before).toBe(2);
    client.send(execute('a'), sync);
    expect(rowsOf(await client.until('Z'))).toHaveLength(250);
    expect(pages() - before).toBe(5);
  });

  it('suspends on the engine path as on the stream path', async () => {
    await client.query("SET tidegate.execution = 'engine'");
    client.send(parse('v', IDS), bindText('a', 'v', ['5']), execute('a', 2), execute('a', 0), sync);
    expect(typesOf(await client.until('Z'))).toBe('12DDsDDDCZ');
  });

  it('goes on when a portal of the engine path is closed in the pipeline of the next statement', async () => {
    expect(errorOf(await client.query('BEGIN'))).toBeNull();
    client.send(
      parse('', 'SELECT id FROM shop.orders ORDER BY id DESC'),
      bindText('left', ''),
      execute('left', 2),
      sync,
    );
    expect(typesOf(await client.until('Z'))).toBe('12DDsZ');
    client.send(
      close('portal', 'left'),
      parse('', 'SELECT id FROM shop.orders WHERE id = 1'),
      bindText('next', ''),
      execute('next'),
      sync,
    );
    expect(typesOf(await client.until('Z', 3000))).toBe('312DCZ');
    expect(errorOf(await client.query('ROLLBACK'))).toBeNull();
  });

  it('skips what follows an error until Sync, and forgets statements that were skipped', async () => {
    client.send(
      parse('bad', 'SELECT nope FROM shop.orders'),
      parse('v2', IDS),
      bindText('', 'v2', ['1']),
      execute(''),
      sync,
      bindText('', 'v2', ['1']),
      execute(''),
      sync,
    );
    const first = await client.until('Z');
    expect(typesOf(first)).toBe('EZ');
    expect(errorOf(first)).toMatchObject({ sqlstate: '42703', position: '8' });
    const second = await client.until('Z');
    expect(typesOf(second)).toBe('EZ');
    expect(errorOf(second)).toMatchObject({ sqlstate: '26000' });
  });

  it('raises its own errors inside the pipeline', async () => {
    client.send(
      parse('', 'SELECT * FROM shop.items'),
      bindText('', ''),
      execute(''),
      parse('', 'SELECT 1'),
      bindText('', ''),
      execute(''),
      sync,
    );
    const frames = await client.until('Z');
    expect(typesOf(frames)).toBe('12EZ');
    expect(errorOf(frames)).toMatchObject({ sqlstate: 'HV00L', severity: 'ERROR' });
    expect(typesOf(await client.query('SELECT 1'))).toBe('TDCZ');
  });

  it('counts positions in characters, as PostgreSQL does', async () => {
    const first = "SELECT '🦊ü' FROM shop.rates LIMIT 1; ";
    const at = String([...first].length + 'SELECT '.length + 1);
    expect(errorOf(await client.query(`${first}SELECT nope FROM shop.orders`))).toMatchObject({ position: at });
    expect(errorOf(await client.query(`${first}DELETE FROM shop.orders`))).toMatchObject({
      sqlstate: '25006',
      position: String([...first].length + 'DELETE FROM '.length + 1),
    });
  });

  it('puts a transaction block into the failed state with an error of its own', async () => {
    await client.query('BEGIN');
    await client.query('SELECT * FROM shop.items');
    const frames = await client.query('SELECT id FROM shop.orders LIMIT 1');
    expect(errorOf(frames)).toMatchObject({ sqlstate: '25P02' });
    expect(frames.at(-1)!.bytes.toString('latin1', 5)).toBe('E');
    expect(typesOf(await client.query('ROLLBACK'))).toBe('CZ');
  });

  it('runs DISCARD ALL pipelined before a Parse', async () => {
    client.send(frontend.query('DISCARD ALL'), parse('', IDS), bindText('', '', ['1']), execute(''), sync);
    expect(typesOf(await client.until('Z'))).toMatch(/^S*CS*Z$/);
    expect(typesOf(await client.until('Z'))).toBe('12DCZ');
  });

  it('answers an empty query and one of comments only', async () => {
    expect(typesOf(await client.query(''))).toBe('IZ');
    expect(typesOf(await client.query('-- shop.orders'))).toBe('IZ');
  });

  it('reads parameters in binary, with and without declared types', async () => {
    const eight = Buffer.alloc(8);
    eight.writeBigInt64BE(3n);
    const tail = Buffer.concat([Buffer.from([0, 1, 0, 1, 0, 1, 0, 0, 0, 8]), eight, Buffer.from([0, 1, 0, 1])]);
    client.send(parse('', IDS), frontend.bindWithTail('', '', tail), execute(''), sync);
    const frames = await client.until('Z');
    expect(typesOf(frames)).toBe('12DDDCZ');
    expect(frames[2]!.bytes.toString('hex', 7)).toBe('000000080000000000000001');
  });

  it('keeps COPY FROM STDIN of a pipeline in step', async () => {
    await client.query('CREATE TEMP TABLE c (a int)');
    client.send(parse('', 'COPY c FROM STDIN'), bindText('', ''), execute(''), sync);
    await client.until('G');
    const data = Buffer.from('d\0\0\0\x0642', 'latin1');
    client.send(data, Buffer.from('c\0\0\0\x04', 'latin1'), sync);
    expect(typesOf(await client.until('Z'))).toBe('CZ');
    expect(rowsOf(await client.query('SELECT a FROM c'))).toEqual([['42']]);
  });
});

describe('the byte stream', () => {
  // Frames of many lengths, so that the engine's chunks end at every place within a frame.
  it("relays large results whole, wherever the engine's chunks end", async () => {
    const frames = await client.query("SELECT i, repeat('x', i % 97) FROM generate_series(1, 200000) i");
    const rows = rowsOf(frames);
    expect(rows.length).toBe(200_000);
    expect(rows.every(([i, text], index) => i === String(index + 1) && text!.length === (index + 1) % 97)).toBe(true);
  });

  it('means the same wherever it is cut', async () => {
    const bytes = Buffer.concat([
      parse('x', IDS),
      bindText('', 'x', ['2']),
      describeObject('portal', ''),
      execute(''),
      close('statement', 'x'),
      sync,
    ]);
    for (let cut = 1; cut < bytes.length; cut += 3) {
      client.socket.write(bytes.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      client.socket.write(bytes.subarray(cut));
      expect(typesOf(await client.until('Z'))).toBe('12TDDC3Z');
    }
  });

  const refused = async (bytes: Buffer): Promise<RawClient> => {
    const raw = await RawClient.open(shop.gateway.port);
    raw.socket.write(bytes);
    return raw;
  };

  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a startup packet of 1 GB', Buffer.from([0x40, 0, 0, 0, 0, 3, 0, 0])],
    [
      'another database',
      startupMessage(196608, [
        ['user', 'tidegate'],
        ['database', 'other'],
      ]),
    ],
    [
      'an unknown user',
      startupMessage(196608, [
        ['user', 'nobody'],
        ['database', 'tidegate'],
      ]),
    ],
    ['no user', startupMessage(196608, [['database', 'tidegate']])],
    [
      'a replication connection',
      startupMessage(196608, [
        ['user', 'tidegate'],
        ['replication', 'true'],
      ]),
    ],
  ])('ends a connection that starts with %s, with an error', async (_, bytes) => {
    const raw = await refused(bytes);
    const frames = await raw.untilClosed();
    expect(errorOf(frames)).toMatchObject({ severity: 'FATAL' });
    expect(typesOf(await client.query('SELECT 1'))).toBe('TDCZ');
  });

  it('survives a half-sent startup packet whose client goes away', async () => {
    const raw = await refused(Buffer.from([0, 0, 0, 50, 0, 3]));
    raw.close();
    expect(typesOf(await client.query('SELECT 1'))).toBe('TDCZ');
  });

  it.each([
    ['garbage', Buffer.from('\x01\x02\x03\x04\x05\x06\x07', 'latin1')],
    ['a frame of 1 GB', Buffer.from([0x51, 0x40, 0, 0, 0])],
  ])('ends a session that sends %s with 08P01, and no other', async (_, bytes) => {
    const raw = await RawClient.login(shop.gateway.port);
    raw.socket.write(bytes);
    const frames = await raw.untilClosed();
    expect(errorOf(frames)).toMatchObject({ severity: 'FATAL', sqlstate: '08P01' });
    expect(typesOf(await client.query('SELECT 1'))).toBe('TDCZ');
  });

  it('lets the engine refuse a Bind that lies about its length, also for a virtual table', async () => {
    const body = (statement: string): Buffer => Buffer.from(`\0${statement}\0\x7f\x7f`, 'latin1');
    const lie = (statement: string): Buffer =>
      Buffer.concat([Buffer.from([0x42, 0, 0, 0, 4 + body(statement).length]), body(statement)]);
    client.send(parse('v', IDS), parse('', 'SELECT 1'), sync);
    await client.until('Z');
    for (const statement of ['', 'v']) {
      client.send(lie(statement), execute(''), sync);
      const frames = await client.until('Z');
      expect(typesOf(frames)).toBe('EZ');
      expect(errorOf(frames)).toMatchObject({ severity: 'ERROR', sqlstate: '08P01' });
    }
    client.send(bindText('', 'v', ['1']), execute(''), sync);
    expect(typesOf(await client.until('Z'))).toBe('2DCZ');
  });

  it('answers encryption requests with N where there is no TLS', async () => {
    const raw = await RawClient.open(shop.gateway.port);
    const answers: Buffer[] = [];
    raw.socket.on('data', (chunk) => answers.push(chunk));
    for (const code of [80877104, 80877103]) {
      const request = Buffer.alloc(8);
      request.writeInt32BE(8, 0);
      request.writeInt32BE(code, 4);
      raw.socket.write(request);
      const count = answers.length;
      while (answers.length === count) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(Buffer.concat(answers).toString()).toBe('NN');
    raw.close();
  });
});

describe('newer versions of the protocol', () => {
  const login = async (protocol: number, options: Record<string, string> = {}) => {
    const raw = await RawClient.open(shop.gateway.port);
    const parameters = { user: 'tidegate', database: 'tidegate', ...options };
    raw.socket.write(startupMessage(protocol, Object.entries(parameters)));
    return { raw, frames: await raw.until('Z') };
  };

  it('gives a long cancel key to a client of 3.2, as libpq 18 is, and takes it', async () => {
    const { raw, frames } = await login(0x30002);
    const key = frames.find(({ type }) => type === 'K')!.bytes;
    expect(key.length).toBe(5 + 4 + 32);
    raw.send(frontend.query('SELECT id FROM shop.slow'));
    await expect.poll(() => raw.received.length).toBeGreaterThan(1);
    const canceller = await RawClient.open(shop.gateway.port);
    canceller.socket.end(cancelRequest(key.readUInt32BE(5), key.subarray(9)));
    expect(errorOf(await raw.until('Z'))).toMatchObject({ sqlstate: '57014' });
    raw.close();
    canceller.close();
  });

  it('says which version and which options it does not have, and goes on', async () => {
    const { raw, frames } = await login(0x30063, { '_pq_.nobody_knows': 'x' });
    const negotiated = frames.find(({ type }) => type === 'v')!.bytes;
    expect(negotiated.readUInt32BE(5)).toBe(0x30002);
    expect(negotiated.toString('latin1', 13)).toBe('_pq_.nobody_knows\0');
    expect(rowsOf(await raw.query('SELECT id FROM shop.orders LIMIT 1'))).toEqual([['1']]);
    raw.close();
  });
});

describe('names with the database in front', () => {
  it.each([
    'SELECT id FROM "tidegate"."shop"."orders" LIMIT 1',
    'SELECT "tidegate"."shop"."orders"."id" FROM "tidegate"."shop"."orders" WHERE shop.orders.id = 1',
    'SELECT count(*) - 4 FROM tidegate.shop.customers c JOIN "tidegate"."shop"."orders" o USING (id)',
    'SELECT id FROM tidegate.shop.open_orders WHERE id = 1 UNION SELECT 1',
  ])('%s', async (sql) => {
    const frames = await client.query(sql);
    expect(errorOf(frames)).toBeNull();
    expect(rowsOf(frames)).toEqual([['1']]);
  });

  it('keeps the error for another database', async () => {
    expect(errorOf(await client.query('SELECT id FROM other.shop.orders'))).toMatchObject({ sqlstate: '0A000' });
  });
});

describe('a client that goes away', () => {
  const settle = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
    for (let tries = 0; tries < 100 && !(await isDone()); tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it.each([
    ['stream', 'SELECT id FROM shop.slow'],
    ['engine', 'SELECT sum(id) FROM shop.slow'],
  ])('leaves nothing behind on the %s path', async (_, sql) => {
    const sessions = shop.gateway.serving.gateway.sessionCount;
    const raw = await RawClient.login(shop.gateway.port);
    const before = shop.api.requests.length;
    raw.send(frontend.query(sql));
    await settle(() => shop.api.requests.length > before + 1);
    raw.close();
    await settle(() => shop.gateway.serving.gateway.sessionCount === sessions);
    expect(shop.gateway.serving.gateway.sessionCount).toBe(sessions);
    await settle(() => shop.api.openResponses() === 0);
    expect(shop.api.openResponses()).toBe(0);
    const tables = async () =>
      rowsOf(await client.query("SELECT count(*) FROM pg_class WHERE relname ~ '^tidegate_scan_'"))[0]![0];
    await settle(async () => (await tables()) === '0');
    expect(await tables()).toBe('0');
  });
});

describe('T-SQL as linked servers send it', () => {
  it.each([
    ['SELECT TOP 2 [id] FROM [shop].[orders] WITH (NOLOCK)', [['1'], ['2']]],
    ['SELECT TOP (1) [o].[id] AS [Order Id] FROM [tidegate].[shop].[orders] AS [o] ORDER BY [o].[id] DESC', [['450']]],
    ["SELECT ISNULL(note, N'none') + N'!' FROM shop.orders WHERE id = 5", [['none!']]],
    ['SELECT LEN(status) FROM shop.orders WHERE id = 1', [['4']]],
  ])('%s', async (sql, rows) => {
    const simple = await client.query(sql);
    expect(errorOf(simple)).toBeNull();
    expect(rowsOf(simple)).toEqual(rows);
    client.send(parse('', sql), bindText('', ''), execute(''), sync);
    expect(rowsOf(await client.until('Z'))).toEqual(rows);
  });

  it("keeps PostgreSQL's error for what is neither", async () => {
    expect(errorOf(await client.query('SELEC [id] FROM [shop].[orders]'))).toMatchObject({
      sqlstate: '42601',
      position: '1',
    });
  });
});
