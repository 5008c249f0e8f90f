import { parse as parseCsv } from 'csv-parse/sync';
import { XMLParser } from 'fast-xml-parser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoApi, startDemoApi } from '../../demo/demo-api.js';
import { get, newToken, type OrderPage } from './client.js';

let api: DemoApi;
let token: string;
beforeAll(async () => {
  api = await startDemoApi({ orders: 500 });
  token = await newToken(api);
});
afterAll(() => api.close());

const text = async (path: string): Promise<string> => (await get(api, path, token)).text();

interface XmlCustomer {
  readonly '@id': string;
  readonly 'c:name': string;
  readonly 'c:contact': { readonly 'c:address': { readonly '@country': string; readonly 'c:city': string } };
}

test('customers are namespaced XML whose names are those of the orders, escaped or in CDATA', async () => {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false });
  const customers: XmlCustomer[] = [];
  for (let offset = 0; offset < 5_000; offset += 500) {
    const document = parser.parse(await text(`/customers.xml?offset=${offset}&limit=500`));
    expect(document['c:customers']['@total']).toBe('5000');
    customers.push(...document['c:customers']['c:customer']);
  }
  expect(customers.map((customer) => customer['@id'])).toEqual(Array.from({ length: 5_000 }, (_, i) => String(i + 1)));
  expect(customers[0]!['c:contact']['c:address']['c:city']).not.toBe('');
  const { data } = JSON.parse(await text('/orders?per_page=500')) as OrderPage;
  for (const { customer } of data) expect(customers[customer.id - 1]!['c:name']).toBe(customer.name);
  const last = await text('/customers.xml?offset=4990&limit=500');
  expect(last.match(/<c:customer /g)).toHaveLength(10);
  expect(last).toContain('<![CDATA[');
  expect(await text('/customers.xml?offset=5000&limit=500')).not.toContain('<c:customer ');
});

test('rates are one CSV, a row per day and currency, and the filter keeps what it names', async () => {
  const rows = (csv: string): Record<string, string>[] => parseCsv(csv, { columns: true });
  const all = rows(await text('/rates.csv'));
  expect(all).toHaveLength(3_000);
  expect(new Set(all.map(({ date, currency }) => `${date} ${currency}`)).size).toBe(3_000);
  expect(all.filter(({ rate }) => !/^\d+\.\d{4}$/.test(rate!))).toEqual([]);
  const some = rows(await text('/rates.csv?currency=USD,JPY'));
  expect(some).toEqual(all.filter(({ currency }) => currency === 'USD' || currency === 'JPY'));
  expect(await text('/rates.csv?currency=XXX')).toBe('date,currency,rate\r\n');
});

test('events lead from page to page by the Link header alone', async () => {
  const seen: number[] = [];
  let next: string | undefined = `${api.url}/events?per_page=500`;
  for (let hops = 0; next !== undefined && hops < 10; hops++) {
    const response = await get(api, next, token);
    seen.push(...((await response.json()) as { id: number }[]).map(({ id }) => id));
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  }
  expect(seen).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1));
});

test('products lead from page to page by next_url, on the host name that the client used', async () => {
  const seen: string[] = [];
  let next: string | null = `http://localhost:${api.port}/products?limit=60`;
  for (let hops = 0; next !== null && hops < 10; hops++) {
    const response = await get(api, next.replace('localhost', '127.0.0.1'), token);
    const page = (await response.json()) as { products: { sku: string }[]; next_url: string | null };
    seen.push(...page.products.map(({ sku }) => sku));
    next = page.next_url;
  }
  expect(seen).toHaveLength(250);
  expect(new Set(seen).size).toBe(250);
});
