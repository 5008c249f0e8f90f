import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.js';
import { apiMessage } from '../../src/http/api-message.js';
import { NotHttp } from '../../src/http/connection/failures.js';
import { classifyConnectionError } from '../../src/http/connection-problem.js';
import { encodeHeaderText, encodeQueryText } from '../../src/http/encode-value.js';
import { finishRequest } from '../../src/http/finish-request.js';
import { parseBodyPath, setInBody } from '../../src/http/json-body.js';
import { nextLink, parseLinkHeader } from '../../src/http/pagination/link-header.js';
import { placeValues, withAddress } from '../../src/http/place-values.js';
import { redactUrl } from '../../src/http/redact-url.js';
import { Redactor } from '../../src/http/redactor.js';
import { draftFromSource } from '../../src/http/request-template.js';
import { backoffMs, retryAfterMs } from '../../src/http/retry.js';
import { httpSource } from '../scan/fixtures.js';

describe('Link header', () => {
  it('reads several links, quoted parameters and relation lists', () => {
    expect(nextLink('<https://a/?p=2>; rel="next", <https://a/?p=9>; rel="last"')).toBe('https://a/?p=2');
    expect(nextLink('<a,b;c>; title="x, <y>; rel=\\"next\\""; rel=prev,, <d>;rel=NEXT')).toBe('d');
    expect(nextLink('<a>; rel="prev first"')).toBeNull();
    expect(nextLink('<a>; rel=prev; rel=next')).toBeNull();
    expect(nextLink('garbage, <a>; rel=next')).toBeNull();
    expect(nextLink('<a>; rel="next')).toBeNull();
    expect(nextLink('<>; rel=next')).toBeNull();
    expect(nextLink(null)).toBeNull();
    expect(parseLinkHeader('<a>; x; y=1; z="\\"q\\""')[0]?.parameters).toEqual(
      new Map([
        ['x', ''],
        ['y', '1'],
        ['z', '"q"'],
      ]),
    );
  });
});

describe('Retry-After and backoff', () => {
  it('reads seconds and dates, bounded, and nothing else', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs('7', now)).toBe(7000);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
    expect(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
    expect(retryAfterMs('86400', now)).toBe(300_000);
    for (const none of [null, '', 'soon']) expect(retryAfterMs(none, now)).toBeNull();
  });

  it('grows with jitter and stays bounded', () => {
    expect([1, 2, 3].map((attempt) => backoffMs(attempt, 'exponential', () => 1))).toEqual([200, 400, 800]);
    expect(backoffMs(50, 'exponential', () => 1)).toBe(30_000);
    expect(backoffMs(5, 'exponential', () => 0)).toBe(0);
  });
});

describe('redaction', () => {
  it('masks user information, secret names, named parameters and known texts in every spelling', () => {
    const redactor = new Redactor();
    redactor.add('p@ss/word');
    const secrets = { parameters: new Set(['q']), isPathSecret: false };
    const url = new URL('https://u:p@h.example/a/p%40ss%2Fword?q=1&ACCESS_Token=2&x=p%40ss%2fword&page=3#frag');
    expect(redactUrl(url, redactor, secrets)).toBe(
      'https://h.example/a/[secret]?q=[secret]&ACCESS_Token=[secret]&x=[secret]&page=3',
    );
    expect(redactor.mask('{"echo":"p@ss/word"}')).toBe('{"echo":"[secret]"}');
  });

  it('hides the path of a URL that was written with a secret', () => {
    const redactor = new Redactor();
    const draft = draftFromSource(
      httpSource('x', { url: new Secret('https://h.example/bot123:abc/getUpdates?a=1') }),
      redactor,
    );
    expect(finishRequest(draft, redactor).shownUrl).toBe('https://h.example/[secret]?a=1');
  });
});

describe('requests', () => {
  it('keeps the API key on a page link that lacks it, on the same origin only', () => {
    const redactor = new Redactor();
    const source = httpSource('https://h.example/a', {
      query: new Map<string, string | Secret>([
        ['key', new Secret('canary')],
        ['size', '5'],
      ]),
    });
    const draft = draftFromSource(source, redactor);
    const next = finishRequest(withAddress(draft, new URL('https://h.example/b?page=2')), redactor);
    expect(next.url.href).toBe('https://h.example/b?page=2&key=canary');
    expect(next.shownUrl).toBe('https://h.example/b?page=2&key=[secret]');
    expect(finishRequest(withAddress(draft, new URL('https://other.example/b')), redactor).url.href).toBe(
      'https://other.example/b',
    );
  });

  it('never adds a parameter twice, however often it is placed', () => {
    const draft = draftFromSource(httpSource('https://h.example/?a=1&b=2&a=3'), new Redactor());
    const placed = placeValues(
      draft,
      ['4', '5'].map((value) => ({ place: 'query', parameter: 'a', value })),
    );
    expect(finishRequest(placed, new Redactor()).url.search).toBe('?a=5&b=2');
  });

  it('encodes what would end a value, and lone surrogates without a fuss', () => {
    expect(encodeQueryText("$filter a&b=c+d#e;f,g:'")).toBe("$filter%20a%26b%3Dc%2Bd%23e%3Bf,g:'");
    expect(encodeQueryText('\ud800')).toBe('%EF%BF%BD');
    expect(Buffer.from(encodeHeaderText('X', 'ü'), 'latin1').toString('utf8')).toBe('ü');
    for (const bad of ['a\nb', 'a\rb', 'a\0b']) expect(() => encodeHeaderText('X', bad)).toThrow('line break');
  });

  it('reads body paths and refuses those that name no single place', () => {
    expect(parseBodyPath("$.a['b c'][0].d")).toEqual(['a', 'b c', 0, 'd']);
    for (const bad of ['$', 'a', '$..a', '$.a[*]', '$.a[', ''])
      expect(() => parseBodyPath(bad)).toThrow('does not name one place');
    const hostile = setInBody({}, '$.__proto__.polluted', 'x');
    expect(JSON.stringify(hostile)).toBe('{"__proto__":{"polluted":"x"}}');
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

describe('messages', () => {
  it('finds the API’s own words', () => {
    expect(apiMessage('{"errors":[{"message":"one"},{"detail":"two"}]}')).toBe('one: two');
    expect(apiMessage('{"title":"Bad","detail":"worse","status":400}')).toBe('worse: Bad');
    expect(apiMessage('<html><body>x</body></html>')).toBe('an HTML page without a title');
    expect(apiMessage('<s:Envelope><faultstring>No &lt;such&gt; order</faultstring></s:Envelope>')).toBe(
      'No <such> order',
    );
    expect(apiMessage(`${'x'.repeat(500)}`)).toHaveLength(300);
    expect(apiMessage(' \u0000 ')).toBeNull();
  });

  it('tells certificate problems and unknown hosts as such', () => {
    const failed = (code: string): Error => Object.assign(new Error('x'), { code });
    expect(classifyConnectionError(new AggregateError([failed('ECONNREFUSED')]))).toMatchObject({
      stage: 'connect',
      isTransient: true,
    });
    expect(classifyConnectionError(failed('DEPTH_ZERO_SELF_SIGNED_CERT'))).toMatchObject({
      stage: 'connect',
      isTransient: false,
    });
    expect(classifyConnectionError(failed('ENOTFOUND')).reason).toContain('not known');
    expect(classifyConnectionError(new NotHttp('x')).reason).toBe('the answer is not HTTP: x');
  });
});
