import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.js';
import { RateLimiter } from '../../src/http/rate-limiter.js';
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
  startApi,
  table,
  until,
} from './fixtures.js';

const harness = newHarness();

function lines(count: number, from = 1): string {
  return records(count, from)
    .map((record) => `${JSON.stringify(record)}\n`)
    .join('');
}

const NDJSON = { 'content-type': 'application/x-ndjson' };

describe('retries', () => {
  it('waits as long as Retry-After asks, counts the wait, and keeps rows in order', async () => {
    const at: number[] = [];
    const server = await api((_request, response) => {
      at.push(performance.now());
      if (at.length === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else sendJson(response, { data: records(3) });
    });
    const { rows, statistics } = await scanAll(harness.scanner, specOf(table(httpSource(server.origin))));
    expect(rows).toEqual(ids(3));
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(990);
    expect(statistics).toMatchObject({ requests: 2, retries: 1, pages: 1 });
    expect(statistics.waitMs).toBeGreaterThanOrEqual(990);
  });

  it('gives up after the last attempt and tells status, attempts and the API’s own words', async () => {
    const server = await api((_request, response) => {
      response
        .writeHead(503, { 'content-type': 'application/json' })
        .end('{"error":{"message":"database\\u0007 is\\n down"}}');
    });
    const error = await failureOf(
      scanAll(harness.scanner, specOf(table(httpSource(`${server.origin}/orders?api_key=abc`)))),
    );
    expect(error.sqlstate).toBe('HV000');
    expect(error.message).toBe('API answered 503 Service Unavailable');
    expect(error.detail).toBe(
      `GET ${server.origin}/orders?api_key=[secret], attempt 3 of 3; the API says: database is down`,
    );
    expect(server.requests).toHaveLength(3);
  });

  it('does not repeat what is not worth it: a 404, a POST that failed with 502', async () => {
    const server = await api((request, response) => {
      response.writeHead(request.method === 'POST' ? 502 : 404, { 'content-type': 'text/html' });
      response.end('<!DOCTYPE html><html><head><title>Nothing &amp; nobody</title></head></html>');
    });
    const missing = await failureOf(scanAll(harness.scanner, specOf(table(httpSource(server.origin)))));
    expect(missing.message).toBe('API answered 404 Not Found');
    expect(missing.detail).toContain('Nothing & nobody');
    await failureOf(scanAll(harness.scanner, specOf(table(httpSource(server.origin, { method: 'POST' })))));
    expect(server.requests).toHaveLength(2);
  });

  it('tries a GET again when the connection breaks before the answer, but not a POST', async () => {
    let breaks = 1;
    const server = await api((request, response) => {
      if (breaks-- > 0) request.socket.destroy();
      else sendJson(response, { data: records(2) });
    });
    expect((await scanAll(harness.scanner, specOf(table(httpSource(server.origin))))).rows).toEqual(ids(2));
    breaks = 1;
    const error = await failureOf(
      scanAll(harness.scanner, specOf(table(httpSource(server.origin, { method: 'POST' })))),
    );
    expect(error.sqlstate).toBe('HV000');
    expect(server.requests).toHaveLength(3);
  });

  it('says HV00N with host, port and reason when nobody listens', async () => {
    const server = await startApi(() => {});
    await server.close();
    const retry = {
      attempts: 2,
      backoff: 'exponential',
      statuses: [],
      waitHeader: null,
      resetHeader: null,
      remainingHeader: null,
    } as const;
    const error = await failureOf(scanAll(harness.scanner, specOf(table(httpSource(server.origin, { retry })))));
    expect(error.sqlstate).toBe('HV00N');
    expect(error.message).toBe(
      `could not connect to ${new URL(server.origin).host}: connection refused (ECONNREFUSED)`,
    );
    expect(error.detail).toContain('attempt 2 of 2');
  });
});

describe('bodies that break off', () => {
  it('reads the page again and hands no row twice, wherever the connection is reset', async () => {
    for (const cut of [0, 5, 10, 95, 100, 234, 250]) {
      let tries = 0;
      const server = await api((_request, response) => {
        response.writeHead(200, NDJSON);
        if (tries++ > 0) {
          response.end(lines(250));
          return;
        }
        response.write(cut === 0 ? ' '.repeat(0) : lines(cut));
        response.flushHeaders();
        setTimeout(() => response.socket?.destroy(), 15);
      });
      const { rows, statistics } = await scanAll(harness.scanner, specOf(table(httpSource(server.origin))));
      expect(rows).toEqual(ids(250));
      expect(statistics).toMatchObject({ rows: 250, pages: 1, requests: 2, retries: 1 });
    }
  });

  it('ends with an error when the page has changed meanwhile, rather than doubling a row', async () => {
    for (const again of [lines(100, 0), lines(15)]) {
      let tries = 0;
      const server = await api((_request, response) => {
        response.writeHead(200, NDJSON);
        if (tries++ > 0) response.end(again);
        else {
          response.write(lines(50));
          setTimeout(() => response.socket?.destroy(), 15);
        }
      });
      const error = await failureOf(scanAll(harness.scanner, specOf(table(httpSource(server.origin)))));
      expect(error.message).toBe('page 1 of table "shop.orders" changed while it was read');
    }
  });

  it('never takes a truncated body for a whole one', async () => {
    const cuts: Handler[] = [
      (_request, response) => {
        response.writeHead(200, { ...NDJSON, 'content-length': '5000' });
        response.write(lines(20));
        setTimeout(() => response.socket?.end(), 10);
      },
      (_request, response) => {
        response.writeHead(200, NDJSON).write(lines(20));
        setTimeout(() => response.socket?.end(), 10);
      },
      (_request, response) => {
        const whole = gzipSync(lines(2000));
        response.writeHead(200, { ...NDJSON, 'content-encoding': 'gzip' }).end(whole.subarray(0, whole.length - 20));
      },
    ];
    for (const cut of cuts) {
      const server = await api(cut);
      const retry = {
        attempts: 2,
        backoff: 'exponential',
        statuses: [],
        waitHeader: null,
        resetHeader: null,
        remainingHeader: null,
      } as const;
      const error = await failureOf(scanAll(harness.scanner, specOf(table(httpSource(server.origin, { retry })))));
      expect(error.sqlstate).toBe('HV000');
      expect(error.message).toContain('the body of page 1 of table "shop.orders" broke off');
      expect(error.detail).toContain('attempt 2 of 2');
      expect(server.requests).toHaveLength(2);
    }
  });

  it('gives a body that pauses too long up', async () => {
    const server = await api((_request, response) => {
      response.writeHead(200, NDJSON).write(lines(20));
    });
    const retry = {
      attempts: 1,
      backoff: 'exponential',
      statuses: [],
      waitHeader: null,
      resetHeader: null,
      remainingHeader: null,
    } as const;
    const error = await failureOf(
      scanAll(harness.scanner, specOf(table(httpSource(server.origin, { retry, timeoutMs: 200 })))),
    );
    expect(error.message).toContain('no further data came in time');
    await until(() => server.openSockets() === 0);
  });

  it('gives a server that does not answer up', async () => {
    const server = await api(() => {});
    const retry = {
      attempts: 1,
      backoff: 'exponential',
      statuses: [],
      waitHeader: null,
      resetHeader: null,
      remainingHeader: null,
    } as const;
    const error = await failureOf(
      scanAll(harness.scanner, specOf(table(httpSource(server.origin, { retry, timeoutMs: 100 })))),
    );
    expect(error.message).toContain('did not answer in time');
    expect(error.detail).toContain('no answer within 0.1 s');
    await until(() => server.openSockets() === 0);
  });
});

describe('content', () => {
  it('decompresses what it is sent, files that end in .gz as well', async () => {
    const { deflateRawSync, deflateSync, brotliCompressSync } = await import('node:zlib');
    const body = JSON.stringify({ data: records(500) });
    const variants: Record<string, [Buffer, Record<string, string>]> = {
      '/gzip': [gzipSync(body), { 'content-encoding': 'gzip' }],
      '/deflate': [deflateSync(body), { 'content-encoding': 'deflate' }],
      '/raw': [deflateRawSync(body), { 'content-encoding': 'deflate' }],
      '/br': [brotliCompressSync(body), { 'content-encoding': 'br' }],
      '/orders.json.gz': [gzipSync(body), {}],
      '/plain.json.gz': [Buffer.from(body), {}],
      '/members.gz': [Buffer.concat([gzipSync(body.slice(0, 99)), gzipSync(body.slice(99))]), {}],
    };
    const server = await api((_request, response, url) => {
      const [bytes, headers] = variants[url.pathname]!;
      response.writeHead(200, headers).end(bytes);
    });
    for (const path of Object.keys(variants)) {
      const { rows } = await scanAll(harness.scanner, specOf(table(httpSource(`${server.origin}${path}`))));
      expect(rows, path).toEqual(ids(500));
    }
  });

  it('takes 204 for an empty page and asks nothing more', async () => {
    const server = await api((_request, response) => response.writeHead(204).end());
    const model = table(httpSource(server.origin, { pagination: numbered('page') }));
    expect((await scanAll(harness.scanner, specOf(model))).rows).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it('leaves HTML and empty bodies with status 200 to the driver’s error', async () => {
    for (const body of ['<html><title>Login</title></html>', '']) {
      const server = await api((_request, response) => response.writeHead(200).end(body));
      const error = await failureOf(scanAll(harness.scanner, specOf(table(httpSource(server.origin)))));
      expect(error.message).toContain('not well-formed');
      expect(server.requests).toHaveLength(1);
    }
  });
});

describe('redirects', () => {
  it('follows them within the origin and applies relative ones', async () => {
    const server = await api((_request, response, url) => {
      if (url.pathname === '/a') response.writeHead(302, { location: 'b?x=1' }).end();
      else if (url.pathname === '/b') response.writeHead(308, { location: '/c' }).end();
      else sendJson(response, { data: records(1) });
    });
    expect((await scanAll(harness.scanner, specOf(table(httpSource(`${server.origin}/a`))))).rows).toEqual(ids(1));
    expect(server.requests).toEqual(['GET /a', 'GET /b?x=1', 'GET /c']);
  });

  it('stops after five', async () => {
    const server = await api((_request, response, url) =>
      response.writeHead(302, { location: `/${Number(url.pathname.slice(1)) + 1}` }).end(),
    );
    const error = await failureOf(scanAll(harness.scanner, specOf(table(httpSource(`${server.origin}/0`)))));
    expect(error.message).toContain('more than 5 times');
    expect(server.requests).toHaveLength(6);
  });

  it('names the foreign origin and sends it nothing; allowed, it gets no credentials', async () => {
    const seen: (string | undefined)[] = [];
    const other = await api((request, response) => {
      seen.push(request.headers.authorization, request.headers['x-key'] as string | undefined);
      sendJson(response, { data: records(1) });
    });
    const server = await api((_request, response) => response.writeHead(301, { location: `${other.origin}/x` }).end());
    const source = httpSource(server.origin, {
      headers: new Map([['X-Key', new Secret('canary-key')]]),
      auth: { type: 'bearer', token: new Secret('canary-token'), header: 'Authorization', prefix: 'Bearer' },
    });
    const error = await failureOf(scanAll(harness.scanner, specOf(table(source))));
    expect(error.message).toContain(`"${other.origin}"`);
    expect(other.requests).toEqual([]);
    await scanAll(harness.scanner, specOf(table({ ...source, allowOrigins: [other.origin] })));
    expect(seen).toEqual([undefined, undefined]);
  });
});

describe('secrets in bodies', () => {
  it('never leave the origin with a redirect that keeps method and body', async () => {
    const bodies: string[] = [];
    const other = await api(async (request, response) => {
      bodies.push(await readText(request));
      sendJson(response, { data: [] });
    });
    const server = await api((_request, response) => response.writeHead(307, { location: other.origin }).end());
    const secret = new Secret('canary-body');
    const models = [
      { type: 'json', value: { key: secret, a: 1 } },
      {
        type: 'form',
        fields: new Map<string, string | Secret>([
          ['key', secret],
          ['a', '1'],
        ]),
      },
      { type: 'text', text: secret },
    ] as const;
    for (const body of models) {
      const source = httpSource(server.origin, { method: 'POST', body, allowOrigins: [other.origin] });
      await scanAll(harness.scanner, specOf(table(source)));
    }
    expect(bodies).toEqual(['', 'a=1', '']);
  });
});

describe('limits', () => {
  it('never sends more requests than the rate allows, over several scans', async () => {
    const at: number[] = [];
    const server = await api((_request, response) => {
      at.push(performance.now());
      sendJson(response, { data: records(1) });
    });
    const limits = { requestsPerSecond: 50, burst: 3, concurrency: null };
    const model = table(httpSource(server.origin, { limits }));
    await Promise.all(Array.from({ length: 20 }, () => scanAll(harness.scanner, specOf(model))));
    expect(at).toHaveLength(20);
    // In any window there may be the burst and what the rate adds; sending and receiving jitter a little.
    for (let first = 0; first < at.length; first++) {
      for (let last = first; last < at.length; last++) {
        expect(last - first + 1).toBeLessThanOrEqual(3 + ((at[last]! - at[first]! + 60) * 50) / 1000 + 1);
      }
    }
    expect(at.at(-1)! - at[0]!).toBeGreaterThanOrEqual(((20 - 3) / 50) * 1000 - 25);
  });

  it('bounds the requests under way, bodies included', async () => {
    let running = 0;
    let most = 0;
    const server = await api((_request, response) => {
      most = Math.max(most, ++running);
      response.writeHead(200, NDJSON).write(lines(5));
      setTimeout(() => {
        running--;
        response.end(lines(5, 6));
      }, 20);
    });
    const limits = { requestsPerSecond: null, burst: null, concurrency: 2 };
    const model = table(httpSource(server.origin, { limits }));
    const results = await Promise.all(Array.from({ length: 8 }, () => scanAll(harness.scanner, specOf(model))));
    for (const { rows } of results) expect(rows).toEqual(ids(10));
    expect(most).toBe(2);
  });

  it('serves waiters in order and lets an aborted one go at once', async () => {
    const limiter = new RateLimiter({ requestsPerSecond: null, burst: null, concurrency: 1 });
    const release = await limiter.acquire(new AbortController().signal);
    const order: string[] = [];
    const controller = new AbortController();
    const first = limiter.acquire(new AbortController().signal).then((done) => {
      order.push('first');
      done();
    });
    const aborted = limiter.acquire(controller.signal);
    const last = limiter.acquire(new AbortController().signal).then(() => order.push('last'));
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    release();
    await Promise.all([first, last]);
    expect(order).toEqual(['first', 'last']);
  });

  it('ends scans over the row, byte or page limit with 54000 naming it', async () => {
    const server = await api((_request, response, url) =>
      sendJson(response, { data: records(10, Number(url.searchParams.get('page')) * 100) }),
    );
    const model = table(httpSource(server.origin, { pagination: numbered('page') }));
    for (const [key, name, value] of [
      ['rowsPerScan', 'rows_per_scan', 25],
      ['bytesPerScan', 'bytes_per_scan', 300],
      ['pagesPerScan', 'pages_per_scan', 3],
    ] as const) {
      const { scanner } = newHarness({ [key]: value });
      const error = await failureOf(scanAll(scanner, specOf(model)));
      expect(error.sqlstate).toBe('54000');
      expect(error.message).toContain(`limits.${name} (${value}`);
      await scanner.close();
    }
  });
});
