import { createReader } from '../../drivers/registry.js';
import type { ColumnModel, TableModel } from '../../src/config/model.js';
import { plainColumn, plainTable } from '../../src/config/plain-model.js';
import type { BenchFormat, Work } from './format.js';
import type { Field } from './records.js';

const CHUNK_BYTES = 64 * 1024;

const toTable = ({ driver, records }: BenchFormat, columns: readonly ColumnModel[]): TableModel =>
  plainTable('bench', 'rows', { driver, records, columns });

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let i = 0; i < bytes.length; i += CHUNK_BYTES) yield bytes.subarray(i, i + CHUNK_BYTES);
}

/** The driver itself, from a page's bytes in memory to row batches of the wanted fields. */
export function driveReader(format: BenchFormat, fields: readonly Field[], wanted: readonly number[]): Work {
  const all = fields.map(([name, type]) => plainColumn(name, type));
  const columns = wanted.map((index) => all[index]!);
  const reader = createReader({ table: toTable(format, all), columns, captures: [] });
  const { signal } = new AbortController();
  return async (bytes) => {
    let rows = 0;
    const body = chunksOf(bytes);
    const page = { body, contentType: null, number: 1, name: 'bench', constants: new Map<string, string>() };
    for await (const batch of reader.read(page, signal)) rows += batch.rowCount;
    return rows;
  };
}
