import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cancelRequest } from '../../src/wire/startup.js';
import { frontend } from '../../src/wire/write.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { type Stock, scanTableCount, startStock, until } from './stock.js';

const SESSIONS = 16;
let stock: Stock;
let clients: RawClient[];
let table = '';
let count = 0;

beforeAll(async () => {
  stock = await startStock('{ ttl: 1m }');
  clients = await Promise.all(Array.from({ length: SESSIONS }, () => RawClient.login(stock.gateway.port)));
});
afterAll(async () => {
  for (const client of clients ?? []) client.close();
  await stock?.close();
});
beforeEach(() => {
  table = `stock.items${++count}`;
  stock.control.before = null;
  stock.control.instead = null;
  stock.forget();
});

const entries = () => stock.gateway.serving.gateway.cache.entries().filter((entry) => `stock.${entry.table}` === table);

/** The API waits at a page until the gate is opened. */
function holdPage(page: number): () => void {
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  stock.control.before = (_, at) => (at === page ? gate : undefined);
  return open;
}

/** Sends a cancel request as libpq does. */
function cancel(client: RawClient): void {
  const socket = connect(stock.gateway.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.end(cancelRequest(client.backendKey!.readUInt32BE(5), client.backendKey!.subarray(9)));
}

/** The way of a statement: `stream` sends rows as they come, `engine` waits for all. */
const WAYS: [string, (name: string) => string][] = [
  ['streamed', (name) => `SELECT * FROM ${name}`],
  ['computed', (name) => `SELECT count(*), max(name), min(price), min(kind), min(made) FROM ${name}`],
];

describe('equal scans at once', () => {
  it.each(WAYS)('are one scan for 16 sessions: %s', async (_, sql) => {
    const results = await Promise.all(clients.map(async (client) => rowsOf(await client.query(sql(table)))));
    expect(results[0]!.length).toBeGreaterThan(0);
    for (const rows of results) expect(rows).toEqual(results[0]);
    expect(stock.requests()).toBe(4);
    await until(() => entries()[0]?.state === 'fresh', 'the rows are kept');
    expect(entries()).toHaveLength(1);
  });

  it('of both kinds are one, as far as the columns reach', async () => {
    const open = holdPage(2);
    const streamed = clients[0]!.query(`SELECT * FROM ${table}`);
    await until(() => stock.requests() >= 2, 'the scan waits for its second page');
    const counted = clients.slice(1, 8).map((client) => client.query(`SELECT count(*), min(id) FROM ${table}`));
    await until(() => entries()[0]?.readers === 8, 'all wait');
    open();
    expect(rowsOf(await streamed)).toHaveLength(35);
    for (const frames of await Promise.all(counted)) expect(rowsOf(frames)).toEqual([['35', '1']]);
    expect(stock.requests()).toBe(4);
  });

  it('send the first rows to the one who began at once', async () => {
    const open = holdPage(4);
    clients[0]!.send(frontend.query(`SELECT id FROM ${table}`));
    await until(() => rowsOf(clients[0]!.received).length >= 10, 'rows come before the last page');
    open();
    expect(rowsOf(await clients[0]!.until('Z'))).toHaveLength(35);
  });

  it('with other filters are scans of their own', async () => {
    const sql = (kind: string): string => `SELECT id FROM ${table} WHERE kind = '${kind}'`;
    await Promise.all(['a', 'b', 'a', 'b'].map((kind, index) => clients[index]!.query(sql(kind))));
    expect(stock.requests()).toBe(2);
  });
});

describe('a scan that several wait for', () => {
  it.each(WAYS)('goes on when the one who began it is cancelled: %s', async (_, sql) => {
    const open = holdPage(2);
    const [first, ...others] = clients;
    first!.send(frontend.query(sql(table)));
    await until(() => stock.requests() >= 2, 'the scan is under way');
    const waiting = others.map((client) => client.query(sql(table)));
    await until(() => entries()[0]?.readers === SESSIONS, 'all wait');
    cancel(first!);
    expect(errorOf(await first!.until('Z'))).toMatchObject({ sqlstate: '57014' });
    expect(entries()[0]?.readers).toBe(SESSIONS - 1);
    open();
    for (const frames of await Promise.all(waiting)) expect(rowsOf(frames).length).toBeGreaterThan(0);
    expect(stock.requests()).toBe(4);
    expect(entries()).toMatchObject([{ state: 'fresh', rows: 35 }]);
  });

  it.each(WAYS)('ends when nobody wants it any more, and nothing is kept: %s', async (_, sql) => {
    const before = await scanTableCount(stock);
    const open = holdPage(2);
    for (const client of clients.slice(0, 3)) client.send(frontend.query(sql(table)));
    await until(() => entries()[0]?.readers === 3, 'three wait');
    for (const client of clients.slice(0, 3)) cancel(client);
    for (const client of clients.slice(0, 3)) expect(errorOf(await client.until('Z'))?.sqlstate).toBe('57014');
    await until(() => stock.api.openResponses() === 0, 'the request is given up');
    await until(() => entries().length === 0, 'the fill has ended');
    expect(await scanTableCount(stock)).toBe(before);
    open();
    expect(stock.requests()).toBe(2);
  });

  it('ends when its only client is gone', async () => {
    const open = holdPage(2);
    const client = await RawClient.login(stock.gateway.port);
    client.send(frontend.query(`SELECT * FROM ${table}`));
    await until(() => stock.requests() >= 2, 'the scan is under way');
    client.close();
    await until(() => entries().length === 0 && stock.api.openResponses() === 0, 'the scan has ended');
    open();
  });

  it.each(WAYS)('gives each its own error when the API fails, and keeps none: %s', async (_, sql) => {
    const open = holdPage(3);
    stock.control.instead = (__, page) => (page === 3 ? { status: 500, body: { error: 'out of order' } } : null);
    const asked = clients.slice(0, 5).map((client) => client.query(sql(table)));
    await until(() => entries()[0]?.readers === 5, 'five wait');
    open();
    for (const frames of await Promise.all(asked)) {
      expect(errorOf(frames)).toMatchObject({ sqlstate: 'HV000', message: 'API answered 500 Internal Server Error' });
    }
    expect(entries()).toEqual([]);
    stock.control.instead = null;
    stock.forget();
    expect(rowsOf(await clients[0]!.query(sql(table))).length).toBeGreaterThan(0);
    expect(stock.requests()).toBe(4);
  });
});

it('a bound of the statement that began a scan is not one of those that wait for it', async () => {
  const open = holdPage(2);
  const [first, ...others] = clients;
  await first!.query('SET tidegate.max_requests = 3');
  const bounded = first!.query(`SELECT count(*) FROM ${table}`);
  await until(() => stock.requests() >= 2, 'the scan is under way');
  const waiting = others.slice(0, 3).map((client) => client.query(`SELECT count(*) FROM ${table}`));
  await until(() => entries()[0]?.readers === 4, 'all wait');
  open();
  expect(errorOf(await bounded)).toMatchObject({ sqlstate: '54000' });
  for (const frames of await Promise.all(waiting)) expect(rowsOf(frames)).toEqual([['35']]);
  expect(stock.requests()).toBe(3 + 4);
  await first!.query('RESET tidegate.max_requests');
});

describe('a reader that may stop anywhere', () => {
  it('leaves nothing half-filled: a cursor', async () => {
    const [client] = clients;
    await client!.query('BEGIN');
    await client!.query(`DECLARE c CURSOR FOR SELECT * FROM ${table}`);
    expect(rowsOf(await client!.query('FETCH 3 FROM c'))).toHaveLength(3);
    expect(stock.requests()).toBe(1);
    await client!.query('COMMIT');
    expect(entries()).toEqual([]);
  });

  it('leaves nothing half-filled: a portal with a row limit', async () => {
    const [client] = clients;
    client!.send(frontend.parse('', Buffer.from(`SELECT * FROM ${table}`), []));
    client!.send(
      frontend.bindWithTail('', '', Buffer.from([0, 0, 0, 0, 0, 0])),
      frontend.execute('', 5),
      frontend.sync,
    );
    expect(rowsOf(await client!.until('Z'))).toHaveLength(5);
    expect(entries()).toEqual([]);
    expect(stock.requests()).toBe(1);
  });

  it('reads what others have kept', async () => {
    const [client] = clients;
    await client!.query(`SELECT * FROM ${table}`);
    stock.forget();
    await client!.query('BEGIN');
    await client!.query(`DECLARE c CURSOR FOR SELECT id FROM ${table}`);
    expect(rowsOf(await client!.query('FETCH 3 FROM c'))).toEqual([['1'], ['2'], ['3']]);
    expect(rowsOf(await client!.query('FETCH ALL FROM c'))).toHaveLength(32);
    await client!.query('COMMIT');
    expect(stock.requests()).toBe(0);
  });
});

it('a client that reads slowly holds up no other, and gets all rows in order', async () => {
  const wide = 'x'.repeat(64 * 1024);
  const rows = 400;
  stock.control.instead = (_, page) => ({
    body: {
      rows: Array.from({ length: page <= rows / 10 ? 10 : 0 }, (__, index) => {
        const id = (page - 1) * 10 + index + 1;
        return { id, name: `${id} ${wide}`, price: id, kind: 'a', made: '2026-01-01' };
      }),
    },
  });
  const [slow, other] = clients;
  slow!.send(frontend.query(`SELECT name, id FROM ${table}`));
  slow!.socket.pause();
  await until(() => stock.requests() > 1, 'the scan is under way');
  expect(rowsOf(await other!.query(`SELECT count(*) FROM ${table}`))).toEqual([[String(rows)]]);
  slow!.socket.resume();
  const read = rowsOf(await slow!.until('Z', 60_000));
  expect(read.map((row) => row[1])).toEqual(Array.from({ length: rows }, (_, index) => String(index + 1)));
  expect(read.every((row) => row[0] === `${row[1]} ${wide}`)).toBe(true);
  expect(stock.requests()).toBe(rows / 10 + 1);
});
