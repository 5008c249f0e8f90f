import { expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.js';
import { RequestLog } from '../../src/http/request-log.js';
import {
  failureOf,
  httpSource,
  newHarness,
  numbered,
  records,
  scanAll,
  sendJson,
  specOf,
  startApi,
  table,
} from './fixtures.js';

it('keeps each page with its status, tries, waits, bytes and rows, and no secret', async () => {
  let left = 1;
  const api = await startApi((_request, response, url) => {
    const page = Number(url.searchParams.get('page'));
    if (page === 2 && left-- > 0) response.writeHead(429, { 'retry-after': '0.1' }).end();
    else if (page === 3) response.writeHead(400).end('no canary-key-1234 here');
    else sendJson(response, { data: records(10, page * 10 - 9) });
  });
  const { scanner, requestLog } = newHarness();
  const auth = { type: 'api_key', key: new Secret('canary-key-1234'), place: 'query', parameter: 'k' } as const;
  const source = httpSource(`${api.origin}/orders`, { pagination: numbered('page'), auth });
  await failureOf(scanAll(scanner, specOf(table(source))));
  const entries = requestLog.recent();
  expect(entries).toMatchObject([
    { dsn: 'shop', table: 'orders', method: 'GET', status: 200, attempts: 1, rows: 10, error: null },
    { status: 200, attempts: 2, rows: 10, error: null },
    { status: 400, attempts: 1, rows: 0, error: 'HV000 API answered 400 Bad Request' },
  ]);
  expect(entries[0]!.url).toBe(`${api.origin}/orders?page=1&size=10`);
  expect(entries[0]!.bytes).toBe(Buffer.byteLength(JSON.stringify({ data: records(10) })));
  expect(entries[1]!.waitMs).toBeGreaterThanOrEqual(95);
  expect(entries.every((entry) => entry.durationMs !== null && Date.now() - entry.time < 60_000)).toBe(true);
  expect(JSON.stringify(entries)).not.toContain('canary');
  await scanner.close();
  await api.close();
});

it('holds no more than its capacity, the oldest leaving first', () => {
  const log = new RequestLog(3);
  for (let number = 1; number <= 5; number++) log.begin({ dsn: 'd', table: 't', method: 'GET', url: `u${number}` });
  expect(log.recent().map((entry) => entry.url)).toEqual(['u3', 'u4', 'u5']);
  const [first] = log.recent();
  (first as { url: string }).url = 'changed';
  expect(log.recent()[0]!.url).toBe('u3');
});
