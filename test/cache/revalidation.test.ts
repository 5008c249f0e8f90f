import { createHash } from 'node:crypto';
import type pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import type { RecordedRequest, ScriptedResponse } from '../support/api-server.js';
import { type Stock, startStock, stockDsn, until } from './stock.js';

let stock: Stock;
let client: pg.Client;
let notices: string[];

async function start(cache: string, dsn = stockDsn(cache)): Promise<void> {
  stock = await startStock(cache, '', dsn);
  client = await stock.gateway.connect();
  notices = [];
  client.on('notice', (notice) => notices.push(notice.message ?? ''));
}
afterEach(async () => {
  await client?.end();
  await stock?.close();
});

const countOf = async (table = 'items'): Promise<string> =>
  (await client.query(`SELECT count(*), sum(price) FROM stock.${table}`)).rows
    .map((row) => `${row.count} rows, ${row.sum}`)
    .join();

/** Rows over their time. */
const expire = (): Promise<void> =>
  until(
    () => stock.gateway.serving.gateway.cache.entries().every((entry) => entry.state === 'stale'),
    'the rows are over their time',
  );

/** The API with validators on each page: the given headers, or 304 where they are what is asked with. */
function withValidators(
  make: (body: string) => Record<string, string>,
): (request: RecordedRequest, page: number) => ScriptedResponse {
  return (request, page) => {
    const rows = Array.from(
      { length: Math.max(0, Math.min(10, stock.control.rows - (page - 1) * 10)) },
      (_, index) => ({
        id: (page - 1) * 10 + index + 1,
        name: 'n',
        price: stock.control.version,
        kind: 'a',
        made: '2026-01-01',
      }),
    );
    const body = JSON.stringify({ rows });
    const headers = make(body);
    const tag = request.headers['if-none-match'];
    const since = request.headers['if-modified-since'];
    const isSame = tag === undefined ? since !== undefined && since === headers['last-modified'] : tag === headers.etag;
    return isSame ? { status: 304, headers } : { headers: { ...headers, 'content-type': 'application/json' }, body };
  };
}
const etag = (body: string): Record<string, string> => ({
  etag: `W/"${createHash('sha256').update(body).digest('hex').slice(0, 12)}"`,
});
const conditional = (): number =>
  stock.api.requests.filter((request) => request.headers['if-none-match'] !== undefined).length;

describe('rows over their time', () => {
  it('of one page serve on when the API says that it has not changed', async () => {
    await start('{ ttl: 200ms }');
    stock.control.rows = 7;
    stock.control.instead = withValidators(etag);
    const rows = await countOf();
    await expire();
    expect(await countOf()).toBe(rows);
    expect(stock.requests()).toBe(2);
    expect(conditional()).toBe(1);
    // A changed page is read from the answer to the question.
    stock.control.version = 2;
    await expire();
    expect(await countOf()).toBe('7 rows, 14.00');
    expect(stock.requests()).toBe(3);
  });

  it('of several pages serve on only when none has changed', async () => {
    await start('{ ttl: 300ms }');
    stock.control.rows = 35;
    stock.control.instead = withValidators(etag);
    const rows = await countOf();
    await expire();
    stock.forget();
    expect(await countOf()).toBe(rows);
    expect(stock.requests()).toBe(4);
    // The first page is what it was; the last is not.
    stock.control.rows = 36;
    await expire();
    stock.forget();
    expect(await countOf()).toBe('36 rows, 0.00');
    // The first and the last are asked about, then all pages are read.
    expect(stock.requests()).toBe(6);
    // All others are what they were; the first is not, and is read from its answer.
    stock.control.version = 5;
    await expire();
    stock.forget();
    expect(await countOf()).toBe('36 rows, 180.00');
    expect(stock.requests()).toBe(4);
  });

  it('are revalidated by date where there is no tag, unless the answer was too close to it', async () => {
    await start('{ ttl: 200ms }');
    stock.control.rows = 7;
    let lastModified = new Date(Date.now() - 3_600_000).toUTCString();
    stock.control.instead = withValidators(() => ({ 'last-modified': lastModified }));
    await countOf();
    await expire();
    await countOf();
    expect(stock.api.requests.map((request) => request.headers['if-modified-since'])).toEqual([
      undefined,
      lastModified,
    ]);
    lastModified = new Date().toUTCString();
    await client.query('SET tidegate.cache = refresh');
    await countOf();
    await client.query('SET tidegate.cache = on');
    await until(() => stock.gateway.serving.gateway.cache.entries().length === 0, 'nothing to revalidate is kept');
    await countOf();
    expect(stock.api.requests.at(-1)!.headers['if-modified-since']).toBeUndefined();
  });

  it('are not asked about where a page without changes proves nothing', async () => {
    const byHeader = stockDsn('{ ttl: 200ms }').replace(
      'pagination: { type: page, parameter: page, size_parameter: size, size: 10, stop: [short_page] }',
      'pagination: { type: link_header }',
    );
    await start('{ ttl: 200ms }', byHeader);
    stock.control.rows = 7;
    stock.control.instead = withValidators(etag);
    await countOf();
    await until(() => stock.gateway.serving.gateway.cache.entries().length === 0, 'the rows are over');
    await countOf();
    expect(conditional()).toBe(0);
  });

  it('are not asked about with revalidate: false', async () => {
    await start('{ ttl: 200ms, revalidate: false }');
    stock.control.instead = withValidators(etag);
    await countOf();
    await until(() => stock.gateway.serving.gateway.cache.entries().length === 0, 'the rows are over');
    await countOf();
    expect(conditional()).toBe(0);
  });
});

describe('stale_if_error', () => {
  it.each<[string, () => ScriptedResponse | null]>([
    ['answers 503', () => ({ status: 503, body: {} })],
    ['breaks the connection', () => null],
  ])('shows rows over their time with a warning while the API %s', async (_, answer) => {
    await start('{ ttl: 200ms, stale_if_error: 1m }');
    const rows = await countOf();
    await expire();
    if (answer() === null) stock.control.before = (__, ___, response) => response.destroy();
    else stock.control.instead = answer;
    expect(await countOf()).toBe(rows);
    expect(notices).toEqual([expect.stringMatching(/^table "stock\.items": rows of .* ago are shown .*API/)]);
    expect((await client.query('SELECT price FROM stock.items')).rows).toHaveLength(35);
    expect(notices).toHaveLength(2);
    // Its own mistakes are no outage.
    stock.control.before = null;
    stock.control.instead = () => ({ status: 403, body: {} });
    await expect(countOf()).rejects.toMatchObject({ code: 'HV000', message: 'API answered 403 Forbidden' });
    stock.control.instead = null;
    stock.control.version = 1;
    expect(await countOf()).not.toBe(rows);
    expect(notices).toHaveLength(2);
  });

  it('holds for a failure in the middle of a scan, and not beyond its time', async () => {
    await start('{ ttl: 100ms, stale_if_error: 4s }');
    await countOf();
    await expire();
    stock.control.instead = (_, page) => (page === 3 ? { status: 500, body: {} } : null);
    expect(await client.query('SELECT price FROM stock.items')).toMatchObject({ rowCount: 35 });
    expect(notices).toHaveLength(1);
    await until(() => stock.gateway.serving.gateway.cache.entries().length === 0, 'the time is over');
    await expect(countOf()).rejects.toMatchObject({ code: 'HV000' });
  });

  it('is not for a refresh', async () => {
    await start('{ ttl: 1m, stale_if_error: 1m }');
    await countOf();
    stock.control.instead = () => ({ status: 500, body: {} });
    await client.query('SET tidegate.cache = refresh');
    await expect(countOf()).rejects.toMatchObject({ code: 'HV000' });
    await client.query('SET tidegate.cache = on');
    expect(await countOf()).toMatch(/^35 rows/);
  });
});
