import { describe, expect, it } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { LookupModel } from '../../src/config/model.js';
import type { PushedFilter } from '../../src/scan/scan.js';
import {
  api,
  column,
  failureOf,
  filter,
  httpSource,
  newHarness,
  numbered,
  records,
  scanAll,
  sendJson,
  specOf,
  type TestApi,
  table,
  until,
} from './fixtures.js';

/** Orders 1 to 20 by pages, and each at an address of its own. */
async function shop(): Promise<TestApi> {
  const server = await api((_request, response, url) => {
    const id = /^\/orders\/(\d+)$/.exec(url.pathname)?.[1];
    if (id === undefined) sendJson(response, { data: records(url.searchParams.get('page') === '1' ? 10 : 0) });
    else if (Number(id) <= 20) sendJson(response, { id: Number(id) });
    else if (Number(id) === 500) response.writeHead(500).end('broken');
    else response.writeHead(404).end('no such order');
  });
  return server;
}

function model(origin: string, filters = [filter('status')]) {
  const source = httpSource(`${origin}/orders`, { pagination: numbered('page') });
  const lookup: LookupModel = {
    filter: filter('id', { place: 'path' }),
    source: {
      ...source,
      url: `${origin}/orders/{id}`,
      pagination: { type: 'none' },
      errors: [{ statuses: [404, 410], bodyMatches: null, field: null, action: 'empty' }],
    },
    records: null,
  };
  return table(source, { columns: [column('id'), column('status', 'text')], filters, lookup });
}

const { scanner } = newHarness({}, createReader);
const equal = (column: string, ...values: string[]): PushedFilter => ({
  column,
  operator: values.length === 1 ? '=' : 'in',
  values,
});

async function rowsOf(server: TestApi, filters: PushedFilter[], limit: number | null = null, declared?: never[]) {
  const spec = specOf(model(server.origin, declared), { columns: ['id'], filters, limit });
  return (await scanAll(scanner, spec)).rows.flat();
}

describe('lookup', () => {
  it('asks for one record by its address', async () => {
    const server = await shop();
    expect(await rowsOf(server, [equal('id', '7')])).toEqual(['7']);
    expect(server.requests).toEqual(['GET /orders/7']);
    expect(scanner.describe(specOf(model(server.origin), { filters: [equal('id', '7')] }))).toEqual([
      `GET ${server.origin}/orders/7`,
      'Pagination: none',
    ]);
  });

  it('takes a 404 for no rows, and other statuses for errors', async () => {
    const server = await shop();
    expect(await rowsOf(server, [equal('id', '99')])).toEqual([]);
    expect((await failureOf(rowsOf(server, [equal('id', '500')]))).message).toBe(
      'API answered 500 Internal Server Error',
    );
  });

  it('asks for a list value by value, where the API takes none, in the order of the values', async () => {
    const server = await shop();
    expect(await rowsOf(server, [equal('id', '9', '99', '3', '9', '12')])).toEqual(['9', '3', '12']);
    expect([...server.requests].sort()).toEqual(['GET /orders/12', 'GET /orders/3', 'GET /orders/9', 'GET /orders/99']);
  });

  it('leaves a list to a filter that takes it, and one value to itself', async () => {
    const server = await shop();
    const declared = [filter('id', { operators: ['=', 'in'], separator: ',' })];
    const spec = (values: string[]) =>
      specOf(model(server.origin, declared), { columns: ['id'], filters: [equal('id', ...values)] });
    await scanAll(scanner, spec(['1', '2']));
    expect(server.requests).toEqual(['GET /orders?id=1,2&page=1&size=10', 'GET /orders?id=1,2&page=2&size=10']);
    await scanAll(
      scanner,
      specOf(model(server.origin, declared), {
        columns: ['id'],
        filters: [{ column: 'id', operator: 'in', values: ['4'] }],
      }),
    );
    expect(server.requests.at(-1)).toBe('GET /orders/4');
  });

  it('does not count rows for LIMIT that another filter may leave out', async () => {
    const server = await shop();
    const filters = [equal('id', '1', '2', '3'), equal('status', 'open')];
    expect(await rowsOf(server, filters, 1)).toEqual(['1', '2', '3']);
    const other = await shop();
    await rowsOf(other, [equal('id', '1', '2', '3')], 1);
    await until(() => other.requests.length >= 1);
    expect(other.requests).toEqual(['GET /orders/1']);
  });

  it('serves nothing but equality', async () => {
    const server = await shop();
    await rowsOf(server, [{ column: 'id', operator: '>=', values: ['7'] }]);
    expect(server.requests[0]).toBe('GET /orders?page=1&size=10');
  });
});
