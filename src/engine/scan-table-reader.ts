import { type RowBatch, RowBatchBuilder } from '../core/row-batch.js';
import { abortError, type ConnectionPool } from './connection-pool.js';
import { quoteIdentifier } from './names.js';

/** Blocks of 8 KiB that one query reads. */
const BLOCKS_AT_ONCE = 32;

/** Values as the engine prints them. */
const AS_TEXT = { getTypeParser: () => (value: string) => value };

/**
 * Reads a scan table by ranges of its rows' places, so that rows come in the order they were loaded, each range with a
 * connection of its own.
 * @param from the first row, 0-based
 */
export async function* readScanTable(
  pool: ConnectionPool,
  table: string,
  columns: readonly string[],
  from: number,
  signal: AbortSignal,
): AsyncGenerator<RowBatch, void, void> {
  const ask = async (text: string): Promise<(string | null)[][]> => {
    if (signal.aborted) throw abortError(signal);
    const query = { text, rowMode: 'array' as const, types: AS_TEXT as never };
    const { rows } = await pool.use((client) => client.query<(string | null)[]>(query), signal);
    return rows;
  };
  const [first] = await ask(`SELECT ctid FROM ${table} WHERE ctid >= '(0,0)' OFFSET ${from} LIMIT 1`);
  if (first === undefined) return;
  const [[blocks] = []] = await ask(
    `SELECT pg_relation_size('${table.replaceAll("'", "''")}') / current_setting('block_size')::int`,
  );
  const list = columns.map(quoteIdentifier).join(', ');
  let start = first[0]!;
  while (blockOf(start) < Number(blocks)) {
    const end = `(${blockOf(start) + BLOCKS_AT_ONCE},0)`;
    const rows = await ask(`SELECT ${list} FROM ${table} WHERE ctid >= '${start}' AND ctid < '${end}'`);
    if (rows.length > 0) yield toBatch(rows, columns.length);
    start = end;
  }
}

function blockOf(place: string): number {
  return Number(/\d+/.exec(place)![0]);
}

function toBatch(rows: readonly (readonly (string | null)[])[], columnCount: number): RowBatch {
  const builder = new RowBatchBuilder(columnCount, rows.length);
  for (const row of rows) {
    builder.beginRow();
    for (const cell of row) {
      if (cell === null) builder.writeNull();
      else builder.writeText(cell);
    }
    builder.endRow();
  }
  return builder.finish();
}
