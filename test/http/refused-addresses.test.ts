import { describe, expect, it } from 'vitest';
import { type ExchangeFailure, HttpClient } from '../../src/http/client.js';
import { isRefusedAddress, type Lookup, refusingLookup } from '../../src/http/refused-addresses.js';
import { failureOf, httpSource, newHarness, scanAll, sendJson, specOf, startApi, table } from '../scan/fixtures.js';

describe('link-local and metadata addresses', () => {
  it.each([
    ['169.254.169.254', true],
    ['169.254.0.1', true],
    ['[fe80::1]', true],
    ['[febf::1]', true],
    ['[::ffff:169.254.169.254]', true],
    ['[::ffff:a9fe:a9fe]', true],
    ['100.100.100.200', true],
    ['[fd00:ec2::254]', true],
    ['[fd20:ce::254]', true],
    ['[::169.254.169.254]', true],
    ['[64:ff9b::169.254.169.254]', true],
    ['[64:ff9b::100.100.100.200]', true],
    ['[2002:a9fe:a9fe::1]', true],
    ['[64:ff9b::8.8.8.8]', false],
    ['[2002:808:808::1]', false],
    ['127.0.0.1', false],
    ['10.0.0.1', false],
    ['[::1]', false],
    ['[fec0::1]', false],
    ['metadata.example', false],
  ])('%s', (host, expected) => {
    expect(isRefusedAddress(host)).toBe(expected);
  });

  it.each([
    'http://169.254.169.254/latest',
    'http://2852039166/',
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://0251.0376.0251.0376/',
    'http://[fe80::1]/',
  ])('are not asked: %s', async (url) => {
    const { scanner } = newHarness();
    const error = await failureOf(scanAll(scanner, specOf(table(httpSource(url)))));
    expect(error.sqlstate).toBe('HV00N');
    expect(error.message).toContain('allow_link_local');
    await scanner.close();
  });

  it('are not asked by a name that stands for one, by none of several, nor by a redirect', async () => {
    const found: Lookup = (_host, options, callback) => {
      if (options.all === true)
        callback(null, [
          { address: '127.0.0.1', family: 4 },
          { address: '169.254.169.254', family: 4 },
        ]);
      else callback(null, '169.254.169.254', 4);
    };
    const errors: (Error | null)[] = [];
    refusingLookup(found)('x', { all: true }, (error) => errors.push(error));
    refusingLookup(found)('x', {}, (error) => errors.push(error));
    expect(errors.map((error) => error?.constructor.name)).toEqual(['RefusedAddress', 'RefusedAddress']);

    const client = new HttpClient(found);
    const request = { method: 'GET', url: new URL('http://meta.test/'), headers: {}, body: null, shownUrl: 'x' };
    const options = { signal: new AbortController().signal, timeoutMs: 2_000 };
    const failure = (await failureOf(client.exchange(request, options))) as ExchangeFailure;
    expect(failure.problem).toMatchObject({ stage: 'connect', isTransient: false });
    await client.close();

    const api = await startApi((_request, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    );
    const { scanner } = newHarness();
    const source = httpSource(api.origin, { allowOrigins: ['http://169.254.169.254'] });
    expect((await failureOf(scanAll(scanner, specOf(table(source))))).sqlstate).toBe('HV00N');
    await scanner.close();
    await api.close();
  });

  it('leave other names alone', async () => {
    const api = await startApi((_request, response) => sendJson(response, { data: [{ id: 1 }] }));
    const client = new HttpClient((_host, options, callback) =>
      options.all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
    );
    const url = new URL(api.origin.replace('127.0.0.1', 'api.test'));
    const request = { method: 'GET', url, headers: {}, body: null, shownUrl: 'x' };
    const response = await client.exchange(request, { signal: new AbortController().signal, timeoutMs: 2_000 });
    expect(response.status).toBe(200);
    response.discard();
    await client.close();
    await api.close();
  });
});
