// Reads a body of so many bytes, made on the fly, through the compiled driver, and says how much memory that took.
import { existsSync, readFileSync } from 'node:fs';
import { createReader } from '../../../dist/drivers/registry.js';
import { plainColumn, plainTable } from '../../../dist/src/config/plain-model.js';

const [format, byteCount] = process.argv.slice(2);
const { default: large } = await import(`./${format}.mjs`);

/** Records that are distinct; then they come again, because making them takes longer than reading them. */
const DISTINCT = 5_000;
const CHUNK_BYTES = 64 * 1024;

const table = plainTable('large', format, {
  driver: large.driver.namespaces === undefined ? large.driver : { ...large.driver, namespaces: new Map() },
  records: large.records,
  columns: large.columns.map(([name, type, field]) => plainColumn(name, type, { field, timezone: 'UTC' })),
});
const { columns } = table;

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
// The kernel lets a child's resourceUsage().maxRSS begin with what its parent had; VmHWM is this process alone.
const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
const highWater = /^VmHWM:\s+(\d+) kB$/m.exec(status);
const maxRssMb = (highWater === null ? process.resourceUsage().maxRSS : Number(highWater[1])) / 1024;
process.stdout.write(JSON.stringify({ rows, expected: sentRecords, maxRssMb, seconds }));
