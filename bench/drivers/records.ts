/** A field of a benchmark's records: its name, its SQL type, and its value in record `i`. */
export type Field = readonly [name: string, type: string, value: (i: number) => unknown];

const NARROW: readonly Field[] = [
  ['id', 'bigint', (i) => 1_000_000 + i],
  ['sku', 'text', (i) => `SKU-${i % 977}`],
  ['qty', 'integer', (i) => i % 50],
  ['price', 'numeric', (i) => ((i * 7919) % 100_000) / 100],
];

const TYPICAL: readonly Field[] = [
  ['id', 'bigint', (i) => 1_000_000 + i],
  ['customer_name', 'text', (i) => (i % 10 === 0 ? `Zoë Müller ${i % 97}` : `Customer Number ${i % 97}`)],
  ['email', 'text', (i) => `customer${i % 997}@example.com`],
  ['status', 'text', (i) => ['open', 'paid', 'shipped', 'cancelled'][i % 4]],
  ['created_at', 'timestamptz', (i) => new Date(1_700_000_000_000 + i * 60_000).toISOString()],
  ['total', 'numeric', (i) => ((i * 7919) % 1_000_000) / 100],
  ['currency', 'text', () => 'EUR'],
  ['paid', 'boolean', (i) => i % 3 === 0],
  ['items', 'integer', (i) => i % 12],
  [
    'note',
    'text',
    (i) => (i % 5 === 0 ? 'said "leave it\nat the door"' : i % 2 === 0 ? null : 'nothing special to say'),
  ],
  ['rating', 'double precision', (i) => (i % 50) / 10],
  ['tags', 'json', (i) => ['a', i % 7 === 0 ? 'b' : 'c', { level: i % 3 }]],
];

const WIDE: readonly Field[] = Array.from({ length: 60 }, (_, f): Field => {
  const kind = f % 4;
  if (kind === 0) return [`number_${f}`, 'integer', (i) => (i * (f + 1)) % 100_000];
  if (kind === 1) return [`text_${f}`, 'text', (i) => `value ${(i + f) % 1000}`];
  if (kind === 2) return [`flag_${f}`, 'boolean', (i) => (i + f) % 2 === 0];
  return [`amount_${f}`, 'numeric', (i) => ((i * 31 + f) % 10_000) / 100];
});

/** The typical ones, of which some lack fields: each of these on its own, so that there are eight sorts. */
const VARYING: readonly Field[] = TYPICAL.map(([name, type, value]): Field => {
  const every = { email: 3, rating: 4, tags: 5 }[name];
  return every === undefined ? [name, type, value] : [name, type, (i) => (i % every === 0 ? undefined : value(i))];
});

/** Records of one width. */
export interface RecordKind {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** The records that every driver is measured with. */
export const RECORD_KINDS: readonly RecordKind[] = [
  { name: 'narrow', fields: NARROW },
  { name: 'typical', fields: TYPICAL },
  { name: 'varying', fields: VARYING },
  { name: 'wide', fields: WIDE },
];

/** A value as CSV and XML hold it: null as nothing, objects and arrays as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
