import { describe, expect, it } from 'vitest';
import type { ErrorRule, RetryModel } from '../../src/config/model.js';
import { Secret } from '../../src/core/secret.js';
import { ResponseHeaders } from '../../src/http/response.js';
import { askedWaitMs } from '../../src/http/retry.js';
import {
  api,
  failureOf,
  type Handler,
  httpSource,
  ids,
  newHarness,
  numbered,
  oauth,
  records,
  scanAll,
  sendJson,
  specOf,
  table,
} from './fixtures.js';

function rule(action: ErrorRule['action'], when: Partial<ErrorRule> = {}): ErrorRule {
  return { statuses: null, bodyMatches: null, field: null, action, ...when };
}

const FAILED = { field: { path: '$.status', value: 'error' } };

/** Three pages of ten; the second is answered by `odd` for so many times. */
function withOddSecond(odd: Handler, times = Number.POSITIVE_INFINITY): Handler {
  let left = times;
  return (request, response, url) => {
    const page = Number(url.searchParams.get('page'));
    if (page === 2 && left-- > 0) return odd(request, response, url);
    sendJson(response, { status: 'ok', data: records(page === 3 ? 5 : 10, page * 10 - 9) });
  };
}

const sendError: Handler = (_request, response) =>
  sendJson(response, { status: 'error', message: 'no quota', data: [] });

async function scan(handler: Handler, rules: readonly ErrorRule[], extra = {}) {
  const server = await api(handler);
  const { scanner } = newHarness();
  const source = httpSource(server.origin, { pagination: numbered('page'), errors: rules, ...extra });
  const result = scanAll(scanner, specOf(table(source))).finally(() => scanner.close());
  return { server, result };
}

describe('error rules', () => {
  it('leaves a body that it has looked into as it came', async () => {
    const rows = records(2_000);
    const { result } = await scan(
      async (_request, response, url) => {
        const text = JSON.stringify({ data: url.searchParams.get('page') === '1' ? rows : [] });
        response.setHeader('content-type', 'application/json');
        for (let at = 0; at < text.length; at += 4_000) {
          response.write(text.slice(at, at + 4_000));
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        response.end();
      },
      [rule('fail', { bodyMatches: 'never said' })],
    );
    expect((await result).rows).toEqual(ids(2_000));
  });

  it('make an error of a success whose field says so, with what the API says', async () => {
    const { result } = await scan(withOddSecond(sendError), [rule('fail', FAILED)]);
    const error = await failureOf(result);
    expect(error.sqlstate).toBe('HV000');
    expect(error.message).toContain('200');
    expect(error.detail).toContain('no quota');
  });

  it('retry a success that is an error, within the attempts', async () => {
    const { server, result } = await scan(withOddSecond(sendError, 2), [rule('retry', FAILED)]);
    expect((await result).rows).toEqual(ids(25));
    expect(server.requests).toHaveLength(5);
    const endless = await scan(withOddSecond(sendError), [rule('retry', FAILED)]);
    expect((await failureOf(endless.result)).detail).toContain('attempt 3 of 3');
    expect(endless.server.requests).toHaveLength(4);
  });

  it('retry a POST and a status that are not tried again otherwise', async () => {
    let left = 1;
    const handler: Handler = (_request, response) => {
      if (left-- > 0) response.writeHead(500).end('deadlock, please retry');
      else sendJson(response, { data: records(3) });
    };
    const when = { statuses: [500], bodyMatches: 'dead\\w+' };
    const { result } = await scan(handler, [rule('retry', when)], { method: 'POST' });
    expect((await result).rows).toEqual(ids(3));
    left = 1;
    const other = await scan(handler, [rule('retry', { ...when, bodyMatches: 'livelock' })], { method: 'POST' });
    expect((await failureOf(other.result)).message).toBe('API answered 500 Internal Server Error');
  });

  it('read a page with an error status all the same', async () => {
    const handler = withOddSecond((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ data: records(10, 11) }));
    });
    const { result } = await scan(handler, [rule('ignore', { statuses: [404] })]);
    expect((await result).rows).toEqual(ids(25));
  });

  it.each(['stop', 'empty'] as const)('%s ends page numbers without an error', async (action) => {
    const { server, result } = await scan(
      withOddSecond((_request, response) => response.writeHead(400).end('page out of range')),
      [rule(action, { statuses: [400], bodyMatches: 'out of range' })],
    );
    expect((await result).rows).toEqual(ids(10));
    expect(server.requests).toHaveLength(2);
  });

  it('empty goes on where a link leads on, stop does not', async () => {
    const handler: Handler = (_request, response, url) => {
      const page = Number(url.searchParams.get('page') ?? 1);
      const link = page < 3 ? { link: `</?page=${page + 1}>; rel="next"` } : {};
      if (page === 2) response.writeHead(410, link).end();
      else sendJson(response, { data: records(5, page * 5 - 4) }, link);
    };
    const pagination = {
      type: 'link_header',
      field: null,
      sizeParameter: null,
      place: 'query',
      size: null,
      stop: [],
      maxPages: null,
    } as const;
    const on = await scan(handler, [rule('empty', { statuses: [410] })], { pagination });
    expect((await on.result).rows).toEqual([...ids(5), ...ids(5, 11)]);
    const off = await scan(handler, [rule('stop', { statuses: [410] })], { pagination });
    expect((await off.result).rows).toEqual(ids(5));
  });

  it('refresh the token once when a body says that it is stale', async () => {
    let tokens = 0;
    const server = await api((request, response, url) => {
      if (url.pathname === '/token') sendJson(response, { access_token: `token-${++tokens}`, token_type: 'Bearer' });
      else if (request.headers.authorization === 'Bearer token-1') sendJson(response, { error: 'expired' });
      else sendJson(response, { data: records(4) });
    });
    const { scanner } = newHarness();
    const errors = [rule('refresh_token', { bodyMatches: '"expired"' })];
    const auth = oauth(`${server.origin}/token`, new Secret('client-secret'));
    const { rows } = await scanAll(scanner, specOf(table(httpSource(`${server.origin}/orders`, { errors, auth }))));
    expect(rows).toEqual(ids(4));
    expect(tokens).toBe(2);
    await scanner.close();
  });

  it('take the first that fits, and leave long bodies whole', async () => {
    const filler = 'x'.repeat(40);
    const handler: Handler = (_request, response) =>
      sendJson(response, { data: Array.from({ length: 20_000 }, (_item, index) => ({ id: index + 1, filler })) });
    const rules = [rule('fail', { bodyMatches: 'no such text' }), rule('ignore'), rule('fail')];
    const { result } = await scan(handler, rules, { pagination: { type: 'none' } });
    expect((await result).rows).toEqual(ids(20_000));
  });

  it('pass a body on that breaks off while it is looked at', async () => {
    let left = 1;
    const handler: Handler = (_request, response) => {
      if (left-- <= 0) return sendJson(response, { data: records(10) });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      response.write('{"data":[', () => response.destroy());
    };
    const { result } = await scan(handler, [rule('fail', { bodyMatches: 'never' })], { pagination: { type: 'none' } });
    expect((await result).rows).toEqual(ids(10));
  });
});

describe('waits that an API asks for', () => {
  const retry: RetryModel = {
    attempts: 3,
    backoff: 'exponential',
    statuses: [429],
    waitHeader: 'X-Wait',
    resetHeader: 'X-RateLimit-Reset',
    remainingHeader: null,
  };
  const now = 1_700_000_000_000;
  it.each([
    [{}, null],
    [{ 'x-wait': '3' }, 3_000],
    [{ 'x-wait': '3', 'retry-after': '5' }, 5_000],
    [{ 'x-ratelimit-reset': '1700000004' }, 4_000],
    [{ 'x-ratelimit-reset': '1700000004500' }, 4_500],
    [{ 'x-ratelimit-reset': '12' }, 12_000],
    [{ 'x-ratelimit-reset': new Date(now + 7_000).toUTCString() }, 7_000],
    [{ 'x-ratelimit-reset': '1600000000' }, 0],
    [{ 'x-ratelimit-reset': 'soon' }, null],
    [{ 'x-ratelimit-reset': '1800000000' }, 300_000],
  ])('%j', (headers: Record<string, string>, expected) => {
    expect(
      askedWaitMs(
        new ResponseHeaders(new Map(Object.entries(headers).map(([name, value]) => [name, [value]]))),
        retry,
        now,
      ),
    ).toBe(expected);
  });

  it('are kept to before the next try', async () => {
    let left = 1;
    const times: number[] = [];
    const { result } = await scan(
      (_request, response) => {
        times.push(performance.now());
        if (left-- > 0) response.writeHead(429, { 'x-wait': '0.3' }).end();
        else sendJson(response, { data: records(1) });
      },
      [],
      { retry },
    );
    expect((await result).rows).toEqual(ids(1));
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(295);
  });
});
