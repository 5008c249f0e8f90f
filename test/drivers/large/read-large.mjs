// Reads a body of so many bytes, made on the fly, through the compiled driver, and says how much memory that took.
import { createReader } from '../../../dist/drivers/registry.js';
import { parseSqlType } from '../../../dist/src/core/sql-type.js';

const [format, byteCount] = process.argv.slice(2);
const { default: large } = await import(`./${format}.mjs`);

/** Records that are distinct; then they come again, because making them takes longer than reading them. */
const DISTINCT = 5_000;
const CHUNK_BYTES = 64 * 1024;

const plain = { description: null, from: 'record', apiName: null, format: null, timezone: 'UTC', decimal: null };
const rest = { nullValues: null, defaultValue: null, onError: 'fail', notNull: false, references: null };
const columns = large.columns.map(([name, type, field]) => ({
  ...plain,
  ...rest,
  name,
  field,
  type: parseSqlType(type),
}));
const table = {
  dsn: 'large',
  name: format,
  description: null,
  location: { file: 'large.yaml', line: 1, column: 1 },
  driver: large.driver.namespaces === undefined ? large.driver : { ...large.driver, namespaces: new Map() },
  source: { type: 'files', patterns: [], compression: { type: 'none', entry: null }, baseDir: '/', allowPaths: [] },
  records: large.records,
  recordsMissing: 'error',
  columns,
  primaryKey: [],
  filters: [],
  filterSeparator: ' and ',
  limit: null,
  lookup: null,
};

const block = Buffer.from(Array.from({ length: DISTINCT }, (_, i) => large.record(i)).join(large.separator));
let sentRecords = 0;

async function* body() {
  yield Buffer.from(large.head);
  for (let sent = 0; sent < Number(byteCount); sent += block.length) {
    if (sentRecords > 0 && large.separator !== '') yield Buffer.from(large.separator);
    for (let at = 0; at < block.length; at += CHUNK_BYTES) yield block.subarray(at, at + CHUNK_BYTES);
    sentRecords += DISTINCT;
  }
  yield Buffer.from(large.tail);
}

const page = { body: body(), contentType: null, number: 1, name: 'large', constants: new Map() };
const started = performance.now();
let rows = 0;
for await (const batch of createReader({ table, columns, captures: [] }).read(page, new AbortController().signal)) {
  rows += batch.rowCount;
}
const seconds = (performance.now() - started) / 1_000;
const maxRssMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ rows, expected: sentRecords, maxRssMb, seconds }));
