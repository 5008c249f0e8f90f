import { CUSTOMER_COUNT, customerName } from './customers.js';
import { PRODUCTS } from './products.js';
import { decimal, draw, pick } from './random.js';

/** The states of an order. */
export const ORDER_STATUSES = ['open', 'paid', 'shipped', 'cancelled'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** One line of an order. */
export interface OrderItem {
  readonly line: number;
  readonly sku: string;
  readonly qty: number;
  readonly priceCents: number;
}

const SEED = 37;
const FIRST_ORDER_MS = Date.UTC(2023, 0, 1);
const ORDER_EVERY_MS = 900_000;
const CURRENCIES = ['EUR', 'EUR', 'EUR', 'USD', 'GBP', 'CHF', 'JPY', 'SEK'] as const;
const TAGS = ['gift', 'express', 'b2b', 'späte Lieferung'] as const;
const NOTES = [
  'Leave it with the neighbour',
  'Grüße aus Köln 🚲',
  'He said "ring twice"',
  'first line\nsecond line',
  'C:\\drop\\box',
  'tab\there, slash / too',
  '配達は午後',
  '',
] as const;
// Both ways a JSON writer may put the same text: as it stands, and in ASCII with every escape that the format has.
const WRITTEN_NOTES = NOTES.map((note) => [JSON.stringify(note), writeAscii(note)] as const);

/** The order's state. */
export function orderStatus(id: number): OrderStatus {
  const drawn = draw(SEED, id) % 10;
  return drawn === 0 ? 'open' : drawn <= 2 ? 'paid' : drawn === 3 ? 'cancelled' : 'shipped';
}

/** Who ordered. */
export function orderCustomerId(id: number): number {
  return 1 + (draw(SEED + 1, id) % CUSTOMER_COUNT);
}

/** When the order was made, in milliseconds since 1970: later for every higher id, now and then not on a whole second. */
export function orderCreatedMs(id: number): number {
  const jitter = draw(SEED + 2, id) % ORDER_EVERY_MS;
  return FIRST_ORDER_MS + id * ORDER_EVERY_MS + (id % 10 === 0 ? jitter : jitter - (jitter % 1_000));
}

/** The order's lines, one to five. */
function orderItems(id: number): readonly OrderItem[] {
  const count = orderItemCount(id);
  return Array.from({ length: count }, (_, index) => {
    const drawn = draw(SEED + 4 + index, id);
    const { sku, priceCents } = pick(PRODUCTS, drawn);
    return { line: index + 1, sku, qty: 1 + ((drawn >>> 16) % 4), priceCents };
  });
}

/** What the order costs in cents: the sum of its lines. */
export function orderAmountCents(id: number): number {
  return orderItems(id).reduce((sum, { qty, priceCents }) => sum + qty * priceCents, 0);
}

/** The order as the API writes it. */
export function renderOrder(id: number): string {
  const drawn = draw(SEED + 3, id);
  const status = orderStatus(id);
  const customerId = orderCustomerId(id);
  const isPaid = status === 'paid' || status === 'shipped';
  const note = drawn % 3 === 0 ? pick(WRITTEN_NOTES, drawn >>> 8)[id % 2]! : 'null';
  const tags = TAGS.filter((_, index) => ((drawn >>> (index * 3)) & 7) === 1);
  return (
    `{"id":${id},"customer":{"id":${customerId},"name":${JSON.stringify(customerName(customerId))}},` +
    `"status":"${status}","amount":${decimal(orderAmountCents(id))},"currency":"${pick(CURRENCIES, drawn)}",` +
    `"created_at":"${writeTime(id)}","paid":${isPaid},"items_count":${orderItemCount(id)},` +
    `"note":${note},"tags":${JSON.stringify(tags)}}`
  );
}

/** The order's lines as the API writes them. */
export function renderOrderItems(id: number): string {
  const items = orderItems(id).map(
    ({ line, sku, qty, priceCents }) => `{"line":${line},"sku":"${sku}","qty":${qty},"price":${decimal(priceCents)}}`,
  );
  return `{"items":[${items.join(',')}]}`;
}

function orderItemCount(id: number): number {
  return 1 + (draw(SEED + 3, id) % 5);
}

/** RFC 3339; every seventh order carries the shop's own offset instead of `Z`. */
function writeTime(id: number): string {
  const atMs = orderCreatedMs(id);
  const isWhole = atMs % 1_000 === 0;
  const shifted = new Date(id % 7 === 0 ? atMs + 7_200_000 : atMs).toISOString();
  const time = isWhole ? shifted.slice(0, 19) : shifted.slice(0, 23);
  return id % 7 === 0 ? `${time}+02:00` : `${time}Z`;
}

function writeAscii(text: string): string {
  return JSON.stringify(text)
    .replaceAll('/', '\\/')
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
