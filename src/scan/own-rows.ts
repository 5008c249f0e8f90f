import { type RowBatch, RowBatchBuilder } from '../core/row-batch.js';
import type { ScanSpec, ScanStatistics } from './scan.js';

/** One row of a table of the gateway's own: canonical text or null for each of the table's columns, in their order. */
export type OwnRow = readonly (string | null)[];

/** The rows that such a table has now. */
export type OwnRows = (table: string) => Iterable<OwnRow>;

/** Puts rows that the gateway itself has into batches of the columns that are wanted. */
export function* readOwnRows(
  spec: ScanSpec,
  rows: Iterable<OwnRow>,
  statistics: ScanStatistics,
): Generator<RowBatch, void, void> {
  const places = spec.columns.map((name) => spec.table.columns.findIndex((column) => column.name === name));
  const builder = new RowBatchBuilder(places.length);
  for (const row of rows) {
    builder.beginRow();
    for (const place of places) {
      const text = row[place] ?? null;
      if (text === null) builder.writeNull();
      else builder.writeText(text);
    }
    builder.endRow();
    statistics.rows++;
    if (builder.isFull) yield builder.finish();
  }
  if (builder.rowCount > 0) yield builder.finish();
}
