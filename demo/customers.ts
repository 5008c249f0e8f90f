import { draw, pick } from './random.js';

/** How many customers the demo shop has; ids count from 1. */
export const CUSTOMER_COUNT = 5_000;

const SEED = 23;
const DAY_MS = 86_400_000;
const FIRST_NAMES = [
  'Ada',
  'Björn',
  'Chloë',
  'Dmitri',
  'Eun-ji',
  'Fatima',
  'Grace',
  'Hiroshi',
  'Íñigo',
  'Zoë',
] as const;
const LAST_NAMES = [
  'Álvarez',
  "O'Brien",
  'Müller',
  'Nowak',
  'Okafor',
  'Singh',
  'Smith & Sons',
  '山田',
  '<Legacy>',
] as const;
const CITIES = [
  ['DE', 'Köln'],
  ['FR', 'Besançon'],
  ['GB', 'Stoke-on-Trent'],
  ['JP', '札幌'],
  ['US', 'Portland'],
  ['CH', 'Zürich'],
] as const;

/** The customer's name, as orders and customers both give it. */
export function customerName(id: number): string {
  return `${pick(FIRST_NAMES, draw(SEED, id))} ${pick(LAST_NAMES, draw(SEED + 1, id))}`;
}

/**
 * Customers `offset + 1` to `offset + limit` as one XML document in the demo's namespace: attributes, nested elements,
 * a nil element, CDATA now and then, as an older API would write it.
 */
export function renderCustomers(offset: number, limit: number): string {
  const last = Math.min(CUSTOMER_COUNT, offset + limit);
  let xml =
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<c:customers xmlns:c="urn:tidegate:demo:customers" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' +
    ` total="${CUSTOMER_COUNT}" offset="${offset}" count="${Math.max(0, last - offset)}">\n`;
  for (let id = offset + 1; id <= last; id++) xml += renderCustomer(id);
  return `${xml}</c:customers>\n`;
}

function renderCustomer(id: number): string {
  const drawn = draw(SEED + 2, id);
  const [country, city] = pick(CITIES, drawn);
  const name = customerName(id);
  const since = new Date(Date.UTC(2015, 0, 1) + (drawn % 2_500) * DAY_MS).toISOString().slice(0, 10);
  const credit = drawn % 4 === 0 ? '<c:credit xsi:nil="true"/>' : `<c:credit>${(drawn >>> 4) % 9_000}.50</c:credit>`;
  const writtenName = id % 10 === 0 ? `<![CDATA[${name}]]>` : escapeXml(name);
  return (
    `  <c:customer id="${id}" vip="${drawn % 20 === 0}">\n` +
    `    <c:name>${writtenName}</c:name>\n` +
    `    <c:contact><c:email>customer${id}@example.com</c:email>` +
    `<c:address country="${country}"><c:city>${city}</c:city></c:address></c:contact>\n` +
    `    <c:since>${since}</c:since>${credit}\n` +
    '  </c:customer>\n'
  );
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
