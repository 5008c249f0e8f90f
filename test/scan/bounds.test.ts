import { describe, expect, it } from 'vitest';
import type { RequestLimits } from '../../src/config/model.js';
import { newScanStatistics } from '../../src/scan/scan.js';
import {
  api,
  failureOf,
  type Handler,
  httpSource,
  ids,
  newHarness,
  numbered,
  readText,
  records,
  scanAll,
  sendJson,
  specOf,
  table,
  until,
} from './fixtures.js';

const harness = newHarness();
const retry = { ...httpSource('').retry };

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

/** Sends a line of NDJSON every few milliseconds, without an end. */
const drip: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  let id = 0;
  const timer = setInterval(() => response.write(`{"id":${++id}}\n`), 10);
  response.on('close', () => clearInterval(timer));
};

describe('a body', () => {
  it('that is too long unpacked ends the scan, and is not asked for again', async () => {
    const server = await api((_request, response) => sendJson(response, { data: records(1000) }));
    const model = table(httpSource(server.origin, { maxBodyBytes: 5_000 }));
    const error = await failureOf(scanAll(harness.scanner, specOf(model)));
    expect(error.sqlstate).toBe('54000');
    expect(error.message).toContain('more than 5000 bytes (max_body_bytes)');
    expect(server.requests).toHaveLength(1);
    expect(
      (await scanAll(harness.scanner, specOf(table(httpSource(server.origin, { maxBodyBytes: 50_000 }))))).rows,
    ).toEqual(ids(1000));
    await until(() => server.openSockets() <= 1);
  });

  it('that drips for ever ends with the total timeout', async () => {
    const server = await api(drip);
    const source = httpSource(server.origin, { totalTimeoutMs: 150, retry: { ...retry, attempts: 1 } });
    const startedAt = performance.now();
    const error = await failureOf(scanAll(harness.scanner, specOf(table(source))));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(error.sqlstate).toBe('HV000');
    expect(error.message).toContain('longer than 0.15 s (total_timeout)');
    await until(() => server.openSockets() === 0);
  });

  it('may take as long as its reader likes', async () => {
    const server = await api((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.end(
        records(40_000)
          .map((record) => `${JSON.stringify({ ...record, note: 'x'.repeat(100) })}\n`)
          .join(''),
      );
    });
    const source = httpSource(server.origin, { totalTimeoutMs: 10_000 });
    const limited = newHarness({ secondsPerScan: 10 });
    let rests = 0;
    const { rows } = await scanAll(limited.scanner, specOf(table(source)), undefined, async () => {
      if (rests++ === 1) await pause(300);
    });
    expect(rows).toHaveLength(40_000);
    await limited.scanner.close();
  });
});

describe('limits.seconds_per_scan', () => {
  it('ends a scan that works too long, with 54000 and all of its requests', async () => {
    const server = await api(drip);
    const before = timers();
    const { scanner } = newHarness({ secondsPerScan: 0.2 });
    const error = await failureOf(scanAll(scanner, specOf(table(httpSource(server.origin)))));
    expect(error.sqlstate).toBe('54000');
    expect(error.message).toContain('limits.seconds_per_scan (0.2 s)');
    await until(() => server.openSockets() === 0);
    await scanner.close();
    await until(() => timers() <= before + 1);
  });

  it('does not count the time in which the consumer rests', async () => {
    const server = await api((_request, response, url) => {
      const page = Number(url.searchParams.get('page'));
      sendJson(response, { data: page > 3 ? [] : records(10, page * 10 - 9) });
    });
    const { scanner } = newHarness({ secondsPerScan: 1 });
    const model = table(httpSource(server.origin, { pagination: numbered('page') }));
    const { rows } = await scanAll(scanner, specOf(model), undefined, () => pause(500));
    expect(rows).toEqual(ids(30));
    await scanner.close();
  });
});

describe('a POST', () => {
  it('is sent again after a failure only when it is said to be idempotent', async () => {
    const tries = new Map<string, number>();
    const server = await api(async (request, response, url) => {
      await readText(request);
      const attempt = (tries.get(url.pathname) ?? 0) + 1;
      tries.set(url.pathname, attempt);
      if (attempt === 1) response.writeHead(502).end();
      else if (attempt === 2) response.socket?.resetAndDestroy();
      else if (attempt === 3)
        response.writeHead(200, { 'content-length': '5000' }).write('{"data":[', () => response.destroy());
      else sendJson(response, { data: records(5) });
    });
    const source = (path: string, isIdempotent: boolean) =>
      httpSource(`${server.origin}/${path}`, {
        method: 'POST',
        body: { type: 'json', value: { query: 'all' } },
        retry: { ...retry, attempts: 5 },
        isIdempotent,
      });
    const error = await failureOf(scanAll(harness.scanner, specOf(table(source('plain', false)))));
    expect(error.detail).toContain('attempt 1 of 5');
    const { rows, statistics } = await scanAll(harness.scanner, specOf(table(source('marked', true))));
    expect(rows).toEqual(ids(5));
    expect(statistics.retries).toBe(3);
    expect([...tries]).toEqual([
      ['/plain', 1],
      ['/marked', 4],
    ]);
  });
});

describe('an exhausted quota', () => {
  it('is waited for before the next request, by all scans of the DSN', async () => {
    const at: number[] = [];
    const server = await api((_request, response, url) => {
      at.push(performance.now());
      const page = Number(url.searchParams.get('page'));
      const isFirst = at.length === 1;
      const headers = { 'x-left': isFirst ? '0' : '7', 'x-reset': isFirst ? '1' : '60' };
      sendJson(response, { data: page > 2 ? [] : records(10, page * 10 - 9) }, headers);
    });
    const source = httpSource(server.origin, {
      pagination: numbered('page'),
      retry: { ...retry, remainingHeader: 'X-Left', resetHeader: 'X-Reset' },
    });
    const { rows, statistics } = await scanAll(newHarness().scanner, specOf(table(source)));
    expect(rows).toEqual(ids(20));
    expect(at[1]! - at[0]!).toBeGreaterThan(900);
    expect(at[2]! - at[1]!).toBeLessThan(800);
    expect(statistics.waitMs).toBeGreaterThan(900);
  });
});

describe('a rate limit', () => {
  const SESSIONS = Number(process.env.TIDEGATE_RATE_SESSIONS ?? 12);
  const PAGES = Number(process.env.TIDEGATE_RATE_PAGES ?? 3);
  const RATE = Number(process.env.TIDEGATE_RATE ?? 25);

  it(`lets ${SESSIONS} sessions through at ${RATE} requests a second, never more, and none starves`, {
    timeout: 60_000 + (SESSIONS * PAGES * 1200) / RATE,
  }, async () => {
    const at: number[] = [];
    const bySession = new Map<string, number[]>();
    const server = await api((_request, response, url) => {
      const now = performance.now();
      at.push(now);
      bySession.set(url.pathname, [...(bySession.get(url.pathname) ?? []), now]);
      const page = Number(url.searchParams.get('page'));
      sendJson(response, { data: records(10, page * 10 - 9), total: PAGES * 10 });
    });
    const limits: RequestLimits = { requestsPerSecond: RATE, burst: null, concurrency: null };
    const { scanner } = newHarness();
    const lags: number[] = [];
    let tick = performance.now();
    const watch = setInterval(() => {
      lags.push(performance.now() - tick - 5);
      tick = performance.now();
    }, 5);
    // The first session is greedy: it always has eight requests waiting.
    const run = async (session: number) => {
      const pagination = numbered('page', {
        concurrency: session === 0 ? 8 : 1,
        stop: [{ type: 'total', field: '$.total' }],
      });
      const source = httpSource(`${server.origin}/${session}`, { limits, pagination });
      const statistics = newScanStatistics();
      let rows = 0;
      const context = { signal: new AbortController().signal, statistics, notice: () => {}, session: {} };
      for await (const batch of scanner.open(specOf(table(source)), context)) rows += batch.rowCount;
      expect(rows).toBe(PAGES * 10);
      return statistics;
    };
    const all = await Promise.all(Array.from({ length: SESSIONS }, (_item, session) => run(session)));
    clearInterval(watch);
    await scanner.close();

    expect(at).toHaveLength(SESSIONS * PAGES);
    // This process is server and client: a pause of it delays arrivals by no fault of the limiter.
    const lag = Math.max(0, ...lags);
    const window = Math.max(0, 1000 - lag);
    const most = Math.max(...at.map((from) => at.filter((time) => time >= from && time < from + window).length));
    console.log(`${at.length} requests, most in a second: ${most}; longest pause of the process ${Math.round(lag)} ms`);
    expect(most).toBeLessThanOrEqual(RATE);
    // Round by round: nobody gets the next page before all have theirs, the greedy session included.
    const modest = [...bySession.entries()].filter(([path]) => path !== '/0').map(([, times]) => times);
    for (let page = 1; page < PAGES; page++) {
      const last = Math.max(...modest.map((times) => times[page - 1]!));
      const next = Math.min(...[...bySession.values()].map((times) => times[page]!));
      expect(next, `page ${page + 1}`).toBeGreaterThan(last - 3000 / RATE);
    }
    expect(all.every((statistics) => statistics.waitMs > 0)).toBe(true);
  });

  it('can be cancelled while it is waited for', async () => {
    const server = await api((_request, response) => sendJson(response, { data: records(1) }));
    const limits: RequestLimits = { requestsPerSecond: 0.1, burst: null, concurrency: null };
    const { scanner } = newHarness();
    const model = table(httpSource(server.origin, { limits }));
    await scanAll(scanner, specOf(model));
    const controller = new AbortController();
    const waiting = failureOf(scanAll(scanner, specOf(model), controller.signal));
    await pause(30);
    const startedAt = performance.now();
    controller.abort(new Error('cancelled'));
    expect((await waiting).message).toBe('cancelled');
    expect(performance.now() - startedAt).toBeLessThan(200);
    expect(server.requests).toHaveLength(1);
    await scanner.close();
  });

  it("of a table's own holds besides its DSN's", async () => {
    const at = new Map<string, number[]>();
    const server = await api((_request, response, url) => {
      at.set(url.pathname, [...(at.get(url.pathname) ?? []), performance.now()]);
      const page = Number(url.searchParams.get('page'));
      sendJson(response, { data: records(10, page * 10 - 9), total: 80 });
    });
    const { scanner } = newHarness();
    const limits: RequestLimits = { requestsPerSecond: 20, burst: null, concurrency: null };
    const tableLimits: RequestLimits = { requestsPerSecond: 5, burst: null, concurrency: null };
    const pagination = numbered('page', { concurrency: 8, stop: [{ type: 'total', field: '$.total' }] });
    const read = (name: string, own: RequestLimits | null) =>
      scanAll(
        scanner,
        specOf(table(httpSource(`${server.origin}/${name}`, { limits, tableLimits: own, pagination }), { name })),
      );
    await Promise.all([read('slow', tableLimits), read('a', null), read('b', null)]);
    const most = (times: readonly number[]): number =>
      Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + 900).length));
    expect([...at.values()].map((times) => times.length)).toEqual([8, 8, 8]);
    expect(most(at.get('/slow')!)).toBeLessThanOrEqual(5);
    expect(most([...at.values()].flat().sort((a, b) => a - b))).toBeLessThanOrEqual(20);
    // The table that waits for itself does not hold up the others.
    expect(Math.max(...at.get('/a')!, ...at.get('/b')!)).toBeLessThan(Math.max(...at.get('/slow')!));
    await scanner.close();
  });

  it("of a table's own is let go of by one that is cancelled while it waits for the DSN's", async () => {
    const server = await api((_request, response) => sendJson(response, { data: records(1) }));
    const { scanner } = newHarness();
    const limits: RequestLimits = { requestsPerSecond: 2, burst: null, concurrency: null };
    const tableLimits: RequestLimits = { requestsPerSecond: null, burst: null, concurrency: 1 };
    const model = table(httpSource(server.origin, { limits, tableLimits }));
    await scanAll(scanner, specOf(model));
    const controller = new AbortController();
    const waiting = failureOf(scanAll(scanner, specOf(model), controller.signal));
    await pause(30);
    controller.abort(new Error('cancelled'));
    await waiting;
    expect((await scanAll(scanner, specOf(model))).rows).toEqual(ids(1));
    expect(server.requests).toHaveLength(2);
    await scanner.close();
  });
});
