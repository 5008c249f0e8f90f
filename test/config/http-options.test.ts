import { describe, expect, test } from 'vitest';
import type { Secret } from '../../src/core/secret.js';
import { httpOf, load, problemsOf, tableOf, takeMark } from './harness.js';

/** A DSN with these lines above its only table. */
function dsnWith(lines: string, table = ''): string {
  const own = table === '' ? '' : `\n${table.replace(/^/gm, '    ')}`;
  return `base_url: https://h.example\n${lines}\ntables:\n  t:\n    path: /t\n    columns: { id: bigint }${own}\n`;
}

async function loaded(lines: string, table = '') {
  const { model } = await load({ 'dsn/shop.yaml': dsnWith(lines, table) });
  return { source: httpOf(model, 't'), table: tableOf(model, 't') };
}

async function check(marked: string, message: string | RegExp): Promise<void> {
  const { text, place } = takeMark(marked);
  const problems = await problemsOf({ 'dsn/shop.yaml': text });
  expect(problems.map((problem) => `${problem.line}:${problem.column}`)).toEqual([place]);
  expect(problems[0]!.message).toMatch(message);
}

describe('pagination.concurrency', () => {
  test('is one by default, and belongs to page and offset', async () => {
    const paged = (extra: string) => `pagination: { type: offset, parameter: o, size: 10${extra} }`;
    expect((await loaded(paged(''))).source.pagination).toMatchObject({ concurrency: 1 });
    expect((await loaded(paged(', concurrency: 8'))).source.pagination).toMatchObject({ concurrency: 8 });
    await check(dsnWith('pagination: { type: link_header, ‸concurrency: 2 }'), /unknown key "concurrency"/);
    await check(dsnWith('pagination: { type: page, parameter: p, concurrency: ‸0 }'), /"concurrency": expected/);
  });
});

describe('errors and waits', () => {
  test('are resolved', async () => {
    const { source } = await loaded(`retry: { wait_header: X-Wait, reset_header: X-RateLimit-Reset }
errors:
  - { when: { status: 404 }, do: empty }
  - { when: { status: [500, 503], body_matches: "dead(lock|line)" }, do: retry }
  - { when: { field_equals: { field: $.ok, value: false } }, do: fail }`);
    expect(source.retry).toMatchObject({ attempts: 5, waitHeader: 'X-Wait', resetHeader: 'X-RateLimit-Reset' });
    expect(source.errors).toEqual([
      { statuses: [404], bodyMatches: null, field: null, action: 'empty' },
      { statuses: [500, 503], bodyMatches: 'dead(lock|line)', field: null, action: 'retry' },
      { statuses: null, bodyMatches: null, field: { path: '$.ok', value: 'false' }, action: 'fail' },
    ]);
    const own = await loaded('errors: [{ when: { status: 404 }, do: empty }]', 'errors: []');
    expect(own.source.errors).toEqual([]);
  });

  test.each([
    ['errors: [{ ‸when: {}, do: fail }]', /"when" has no condition/],
    ['errors: [{ when: { status: ‸99 }, do: fail }]', /expected at least 100|"status" must be/],
    ['errors: [{ when: { status: 404 }, do: ‸explode }]', /unknown value "explode"/],
    ['errors: [{ when: { body_matches: ‸"(" }, do: fail }]', /not a regular expression/],
    ['errors: [{ when: { field_equals: { field: ‸status, value: x } }, do: fail }]', /does not name one field/],
    ['driver: xml\nerrors: [{ when: { ‸field_equals: { field: $.a, value: x } }, do: fail }]', /needs JSON pages/],
    ['retry: { wait_header: ‸"X Wait" }', /name of a header/],
  ])('%s', (line, message) => check(dsnWith(line), message));
});

describe('lookup', () => {
  test('is an endpoint with the settings of the table, without its pages', async () => {
    const { table } = await loaded(
      'headers: { A: b }\npagination: { type: page, parameter: p }',
      'lookup: { filter: id, path: "/t/{id}", records: $.item }',
    );
    expect(table.lookup).toMatchObject({
      filter: { column: 'id', operators: ['='], place: 'path', parameter: 'id', required: false },
      source: { method: 'GET', url: 'https://h.example/t/{id}', pagination: { type: 'none' } },
      records: '$.item',
    });
    expect(table.lookup!.source.headers.get('A')).toBe('b');
    expect(table.lookup!.source.errors).toEqual([
      { statuses: [404, 410], bodyMatches: null, field: null, action: 'empty' },
    ]);
    expect((await loaded('')).table.lookup).toBeNull();
  });

  test.each([
    ['lookup: { filter: ‸ident, path: "/t/{ident}" }', /unknown column "ident"|has no column "ident"|"ident"/],
    ['lookup: { filter: id, path: ‸/t }', /no place for "id"/],
    ['lookup: { filter: id, path: ‸"/t/{id}/{shop}" }', /nothing fills a placeholder/],
    ['lookup: { filter: id, path: ‸"https://x.example/{id}" }', /holds a whole URL/],
  ])('%s', (line, message) => check(dsnWith('', line), message));
});

describe('compression', () => {
  test('is auto by default, for requests and files', async () => {
    expect((await loaded('')).source.compression).toEqual({ type: 'auto', entry: null });
    const { source } = await loaded('compression: zip', 'entry: "*.csv"');
    expect(source.compression).toEqual({ type: 'zip', entry: '*.csv' });
    await check(dsnWith('compression: gzip', '‸entry: "*.csv"'), /"entry" means nothing with compression gzip/);
    await check(dsnWith('compression: ‸lzma'), /unknown value "lzma"/);
  });
});

describe('proxy and tls', () => {
  test('are resolved, nothing of them shown', async () => {
    const { source } = await loaded('proxy: http://u:canary-proxy@proxy.example:3128', 'proxy: none');
    expect(source.transport.proxy).toBe('none');
    const own = await loaded('proxy: http://u:canary-proxy@proxy.example:3128\ntls: { min_version: "1.3" }');
    expect((own.source.transport.proxy as Secret).reveal()).toContain('canary-proxy');
    expect(JSON.stringify(own.source)).not.toContain('canary-proxy');
    expect(own.source.transport.tls).toMatchObject({ minVersion: 'TLSv1.3', isInsecure: false, ca: null });
  });

  test('HTTP/2 can be done without', async () => {
    expect((await loaded('')).source.transport.httpVersion).toBe('auto');
    expect((await loaded('', 'http_version: "1.1"')).source.transport.httpVersion).toBe('1.1');
  });

  test('insecure is a warning that names the DSN', async () => {
    const { warnings } = await load({ 'dsn/shop.yaml': dsnWith('tls: { insecure: true }') });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/DSN "shop" does not check the certificates .*tls\.insecure in .*shop\.yaml/);
    expect((await load({ 'dsn/shop.yaml': dsnWith('') })).warnings).toEqual([]);
  });

  test.each([
    ['proxy: ‸ftp://proxy.example', /"proxy" is not the URL of a proxy/],
    ['proxy: ‸http://proxy.example/path', /"proxy" is not the URL of a proxy/],
    ['tls: { ca: ‸./none.pem }', /"ca": the file ".\/none.pem" cannot be read/],
    ['tls: { ca: ‸../ca.pem }', /outside the folder/],
    ['tls: { ca: ‸"-----BEGIN CERTIFICATE-----" }', /"ca" does not hold a certificate/],
    ['tls: { min_version: ‸"1.1" }', /unknown value "1.1"/],
    ['retry: { ‸remaining_header: X-Left }', /"remaining_header" needs "reset_header"/],
    ['max_body_bytes: ‸0', /"max_body_bytes": expected/],
    ['total_timeout: ‸soon', /"total_timeout" is not a duration/],
    ['idempotent: ‸maybe', /"idempotent"/],
    ['http_version: ‸"3"', /unknown value "3"/],
    ['http_version: ‸1.1', /must be one of auto, 1.1, not a number/],
  ])('%s', (line, message) => check(dsnWith(line), message));
});

describe('tokens by pattern', () => {
  test('need a field or a pattern', async () => {
    const { source } = await loaded(
      "pagination: { type: cursor, parameter: c, pattern: 'c=(\\w+)', start: a, place: header }",
    );
    expect(source.pagination).toMatchObject({ field: null, pattern: 'c=(\\w+)', start: 'a' });
    await check(dsnWith('‸pagination: { type: next_url }'), /does not say where the next page is told/);
    await check(dsnWith('pagination: { type: next_url, pattern: ‸"(" }'), /"pattern" is not a regular expression/);
  });

  test('a parameter may stand in a text or XML body', async () => {
    const body = (text: string) => `method: POST\nbody: { xml: "<q>${text}</q>" }`;
    const { source } = await loaded('pagination: { type: page, parameter: p, place: body }', body('{p}'));
    expect(source.pagination).toMatchObject({ place: 'body', parameter: 'p' });
    await check(
      dsnWith('pagination: { type: page, parameter: ‸p, place: body }', body('{q}')),
      /the body has no "\{p\}"/,
    );
  });
});
