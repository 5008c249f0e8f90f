import { createReader } from '../drivers/registry.js';
import type { ColumnModel, DriverOptions, TableModel } from '../src/config/model.js';
import { parseSqlType } from '../src/core/sql-type.js';

/**
 * Rows per second of the drivers alone, from page bytes in memory to row batches, beside JSON.parse on the same bytes.
 * `--quick` takes about ten seconds, without it about a minute.
 */
const isQuick = process.argv.includes('--quick');
const TARGET_BYTES = (isQuick ? 8 : 32) * 1024 * 1024;
const WARM_UP_MS = isQuick ? 350 : 1000;
const ROUND_MS = isQuick ? 80 : 400;
const ROUNDS = isQuick ? 3 : 5;
const PAGE_ROWS = 2000;

type Field = readonly [name: string, type: string, value: (i: number) => unknown];

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

const toColumn = ([name, type]: Field): ColumnModel => ({
  name,
  type: parseSqlType(type)!,
  description: null,
  from: 'record',
  field: name,
  apiName: null,
  format: null,
  timezone: 'UTC',
  decimal: null,
  nullValues: null,
  defaultValue: null,
  onError: 'fail',
  notNull: false,
  references: null,
});

const toTable = (driver: DriverOptions, columns: readonly ColumnModel[], records: string | null): TableModel => ({
  dsn: 'bench',
  name: 'rows',
  description: null,
  location: { file: 'bench.yaml', line: 1, column: 1 },
  driver,
  source: { type: 'files', patterns: [], compression: { type: 'auto', entry: null }, baseDir: '/', allowPaths: [] },
  records,
  recordsMissing: 'error',
  columns,
  primaryKey: [],
  filters: [],
  filterSeparator: ' and ',
  limit: null,
  lookup: null,
});

const escapeXml = (text: string): string => text.replace(/[<&]/g, (c) => (c === '<' ? '&lt;' : '&amp;'));

const cellText = (value: unknown): string =>
  value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);

function jsonPage(fields: readonly Field[], first: number): Buffer {
  const records = Array.from({ length: PAGE_ROWS }, (_, r) =>
    Object.fromEntries(fields.map(([name, , value]) => [name, value(first + r)])),
  );
  return Buffer.from(JSON.stringify({ data: records, next: null }));
}

function csvPage(fields: readonly Field[], first: number): Buffer {
  const lines = [fields.map(([name]) => name).join(',')];
  for (let r = 0; r < PAGE_ROWS; r++) {
    lines.push(
      fields
        .map(([, , value]) => cellText(value(first + r)))
        .map((text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
        .join(','),
    );
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

function xmlPage(fields: readonly Field[], first: number): Buffer {
  let text = '<?xml version="1.0"?><Rows>';
  for (let r = 0; r < PAGE_ROWS; r++) {
    const cells = fields.map(([name, , value]) => `<${name}>${escapeXml(cellText(value(first + r)))}</${name}>`);
    text += `<Row>${cells.join('')}</Row>`;
  }
  return Buffer.from(`${text}</Rows>`);
}

const CHUNK_BYTES = 64 * 1024;

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let i = 0; i < bytes.length; i += CHUNK_BYTES) yield bytes.subarray(i, i + CHUNK_BYTES);
}

type Work = (page: Buffer) => unknown;

/** How often `work` gets through a page in a second, over about `ms`. */
async function rate(pages: readonly Buffer[], work: Work, ms: number): Promise<number> {
  const start = performance.now();
  let done = 0;
  let elapsed = 0;
  do {
    await work(pages[done % pages.length]!);
    done++;
    elapsed = performance.now() - start;
  } while (elapsed < ms);
  return (done * 1000) / elapsed;
}

/**
 * The best rate of each work. The works take turns, so that a busy machine slows all of them alike, and each is run before it is
 * measured: the rates are those of compiled code, which the first tenths of a second of a process do not have.
 */
async function compare(pages: readonly Buffer[], works: readonly Work[]): Promise<number[]> {
  for (const work of works) await rate(pages, work, WARM_UP_MS);
  const best = works.map(() => 0);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, work] of works.entries())
      best[index] = Math.max(best[index]!, await rate(pages, work, ROUND_MS));
  }
  return best;
}

function drive(
  driver: DriverOptions,
  fields: readonly Field[],
  wanted: readonly number[],
  records: string | null,
): Work {
  const all = fields.map(toColumn);
  const columns = wanted.map((index) => all[index]!);
  const reader = createReader({ table: toTable(driver, all, records), columns, captures: [] });
  const { signal } = new AbortController();
  return async (bytes: Buffer): Promise<void> => {
    let rows = 0;
    const page = {
      body: chunksOf(bytes),
      contentType: null,
      number: 1,
      name: 'bench',
      constants: new Map<string, string>(),
    };
    for await (const batch of reader.read(page, signal)) rows += batch.rowCount;
    if (rows !== PAGE_ROWS) throw new Error(`${rows} rows`);
  };
}

function report(
  label: string,
  pagesPerSecond: number,
  pageBytes: number,
  ...bases: readonly (number | undefined)[]
): void {
  const rows = ((pagesPerSecond * PAGE_ROWS) / 1e6).toFixed(3).padStart(8);
  const megabytes = ((pagesPerSecond * pageBytes) / 1e6).toFixed(0).padStart(6);
  const [bytes, text] = bases.map((base) => (pagesPerSecond / base!).toFixed(2));
  const ratio = bytes === undefined ? '' : `  ${bytes} x JSON.parse of bytes, ${text} x of text`;
  console.log(`${label.padEnd(34)}${rows} M rows/s ${megabytes} MB/s${ratio}`);
}

const JSON_DRIVER = { type: 'json', format: 'auto', encoding: null } as const;
const XML_DRIVER = { type: 'xml', namespaces: new Map<string, string>(), encoding: null } as const;
const CSV_DRIVER = {
  type: 'csv',
  delimiter: ',',
  quote: '"',
  escape: '"',
  header: true,
  skipLines: 0,
  comment: null,
  ragged: 'error',
  encoding: null,
} as const;

for (const [name, fields] of [
  ['narrow', NARROW],
  ['typical', TYPICAL],
  ['wide', WIDE],
] as const) {
  const sample = jsonPage(fields, 0);
  const count = Math.max(2, Math.floor(TARGET_BYTES / 4 / sample.length));
  const pages = Array.from({ length: count }, (_, p) => jsonPage(fields, p * PAGE_ROWS));
  const all = fields.map((_, index) => index);
  const three = [0, Math.floor(fields.length / 2), fields.length - 1];
  console.log(`${name}: ${fields.length} fields, ${Math.round(sample.length / PAGE_ROWS)} bytes a record`);
  const texts = new Map(pages.map((bytes) => [bytes, bytes.toString('utf8')]));
  const [parse, parseText, jsonAll, jsonThree] = await compare(pages, [
    (bytes) => JSON.parse(bytes.toString('utf8')) as unknown,
    (bytes) => JSON.parse(texts.get(bytes)!) as unknown,
    drive(JSON_DRIVER, fields, all, '$.data[*]'),
    drive(JSON_DRIVER, fields, three, '$.data[*]'),
  ]);
  report('  JSON.parse of the bytes', parse!, sample.length);
  report('  JSON.parse, text decoded before', parseText!, sample.length);
  report(`  json, all ${fields.length}`, jsonAll!, sample.length, parse, parseText);
  report('  json, 3', jsonThree!, sample.length, parse, parseText);
  const csv = [0, 1].map((p) => csvPage(fields, p * PAGE_ROWS));
  const [csvAll] = await compare(csv, [drive(CSV_DRIVER, fields, all, null)]);
  report(`  csv, all ${fields.length}`, csvAll!, csv[0]!.length);
  const xml = [0, 1].map((p) => xmlPage(fields, p * PAGE_ROWS));
  const [xmlAll] = await compare(xml, [drive(XML_DRIVER, fields, all, '/Rows/Row')]);
  report(`  xml, all ${fields.length}`, xmlAll!, xml[0]!.length);
}
