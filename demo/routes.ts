import { CUSTOMER_COUNT, renderCustomers } from './customers.js';
import { EVENT_COUNT, renderEvent } from './events.js';
import { type OrderSearch, readOrderQuery } from './order-search.js';
import { renderOrder, renderOrderItems } from './orders.js';
import { PRODUCTS, renderProduct } from './products.js';
import { readCount } from './query.js';
import { renderRates } from './rates.js';
import { type DemoResponse, errorResponse, jsonResponse, textResponse } from './response.js';

/** What a data endpoint works with. */
export interface RouteContext {
  readonly path: string;
  readonly query: URLSearchParams;
  /** `http://host:port` as the client wrote it, for links to further pages. */
  readonly origin: string;
  readonly orders: OrderSearch;
  readonly orderCount: number;
}

const MAX_PAGE = Number.MAX_SAFE_INTEGER;

/** Answers a GET of one of the data endpoints; 404 for any other path. Throws `RequestProblem` for a bad parameter. */
export function answerData(context: RouteContext): DemoResponse {
  switch (context.path) {
    case '/orders':
      return listOrders(context);
    case '/customers.xml':
      return listCustomers(context);
    case '/rates.csv':
      return textResponse(
        'text/csv; charset=utf-8; header=present',
        renderRates(context.query.get('currency')?.split(',') ?? null),
      );
    case '/events':
      return listEvents(context);
    case '/products':
      return listProducts(context);
    default:
      return oneOrder(context);
  }
}

function listOrders({ query, orders }: RouteContext): DemoResponse {
  const page = readCount(query, 'page', { fallback: 1, min: 1, max: MAX_PAGE });
  const perPage = readCount(query, 'per_page', { fallback: 100, min: 1, max: 1_000 });
  const result = orders.find(readOrderQuery(query));
  const start = Math.min(result.total, (page - 1) * perPage);
  const end = Math.min(result.total, start + perPage);
  let data = '';
  for (let index = start; index < end; index++) data += (index > start ? ',' : '') + renderOrder(result.idAt(index));
  const rest = `"page":${page},"per_page":${perPage},"total":${result.total},"has_more":${end < result.total}`;
  return jsonResponse(200, `{"data":[${data}],${rest}}`);
}

function oneOrder({ path, orderCount }: RouteContext): DemoResponse {
  const match = /^\/orders\/(\d{1,15})(\/items)?$/.exec(path);
  if (match === null) return errorResponse(404, 'not_found', `there is nothing at ${path}`);
  const id = Number(match[1]);
  if (id < 1 || id > orderCount) return errorResponse(404, 'not_found', `there is no order ${id}`);
  return jsonResponse(200, match[2] === undefined ? renderOrder(id) : renderOrderItems(id));
}

function listCustomers({ query }: RouteContext): DemoResponse {
  const offset = readCount(query, 'offset', { fallback: 0, min: 0, max: CUSTOMER_COUNT });
  const limit = readCount(query, 'limit', { fallback: 100, min: 1, max: 500 });
  return textResponse('application/xml; charset=utf-8', renderCustomers(offset, limit));
}

/** A bare array; the way to the next page is in the Link header (RFC 8288). */
function listEvents({ query, origin }: RouteContext): DemoResponse {
  const perPage = readCount(query, 'per_page', { fallback: 100, min: 1, max: 500 });
  const lastPage = Math.ceil(EVENT_COUNT / perPage);
  const page = readCount(query, 'page', { fallback: 1, min: 1, max: lastPage + 1 });
  const start = (page - 1) * perPage;
  const events: string[] = [];
  for (let id = start + 1; id <= Math.min(EVENT_COUNT, start + perPage); id++) events.push(renderEvent(id));
  const link = (target: number, relation: string): string =>
    `<${origin}/events?page=${target}&per_page=${perPage}>; rel="${relation}"`;
  const links = [link(1, 'first'), link(lastPage, 'last')];
  if (page < lastPage) links.unshift(link(page + 1, 'next'));
  return jsonResponse(200, `[${events.join(',')}]`, { link: links.join(', ') });
}

/** `next_url` is null on the last page. */
function listProducts({ query, origin }: RouteContext): DemoResponse {
  const after = readCount(query, 'after', { fallback: 0, min: 0, max: PRODUCTS.length });
  const limit = readCount(query, 'limit', { fallback: 100, min: 1, max: 100 });
  const end = Math.min(PRODUCTS.length, after + limit);
  const next = end < PRODUCTS.length ? `${origin}/products?after=${end}&limit=${limit}` : null;
  const products = PRODUCTS.slice(after, end).map(renderProduct);
  return jsonResponse(200, `{"products":[${products.join(',')}],"next_url":${JSON.stringify(next)}}`);
}
