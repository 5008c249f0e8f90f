import { decimal, draw, pick } from './random.js';

const PRODUCT_COUNT = 250;

/** A product. */
export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  readonly priceCents: number;
  readonly weightKg: number | null;
}

const SEED = 11;
const CATEGORIES = ['garden', 'kitchen', 'office', 'outdoor', 'toys'] as const;
const ADJECTIVES = ['Blue', 'Quiet', 'Folding', 'Heavy', 'Grüner', 'Small', '7" Round', 'Café'] as const;
const NOUNS = ['lamp', 'chair', 'kettle', 'tent', 'shelf', 'crate', 'scarf'] as const;

/** All products, in the order of their numbers; the same ones every time. */
export const PRODUCTS: readonly Product[] = Array.from({ length: PRODUCT_COUNT }, (_, index) => makeProduct(index + 1));

/** The product as the API writes it. */
export function renderProduct({ sku, name, category, priceCents, weightKg }: Product): string {
  const text = `"sku":${JSON.stringify(sku)},"name":${JSON.stringify(name)},"category":${JSON.stringify(category)}`;
  return `{${text},"price":${decimal(priceCents)},"weight_kg":${weightKg}}`;
}

function makeProduct(number: number): Product {
  const first = draw(SEED, number);
  const second = draw(SEED + 1, number);
  return {
    sku: `SKU-${String(number).padStart(4, '0')}`,
    name: `${pick(ADJECTIVES, first)} ${pick(NOUNS, second)}`,
    category: pick(CATEGORIES, first >>> 8),
    priceCents: 199 + (second % 14_800),
    weightKg: first % 9 === 0 ? null : (1 + (second % 400)) / 16,
  };
}
