import type { Page, RecordReader } from '../../drivers/driver.js';
import type { ColumnModel, DriverOptions, TableModel } from '../../src/config/model.js';
import { plainColumn, plainTable } from '../../src/config/plain-model.js';
import { GatewayError } from '../../src/core/errors.js';
import { cellText, type RowBatch, rowStart } from '../../src/core/row-batch.js';

export type Row = (string | null)[];

export interface ReadResult {
  readonly rows: Row[];
  readonly captured: Record<string, string | null>;
  readonly recordCount: number;
  readonly batches: number;
}

/** A column by short form: its type, or any part of the model. */
export function column(
  name: string,
  spec: string | (Partial<Omit<ColumnModel, 'type'>> & { type: string }),
): ColumnModel {
  const { type, ...rest } = typeof spec === 'string' ? { type: spec } : spec;
  return plainColumn(name, type, rest);
}

export function table(
  driver: DriverOptions,
  columns: readonly ColumnModel[],
  overrides: Partial<TableModel> = {},
): TableModel {
  return plainTable('shop', 'orders', { driver, columns, ...overrides });
}

export async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) {
    // A fresh buffer whose memory is spoilt afterwards: readers may not keep what they were lent.
    const chunk = Buffer.from(bytes.subarray(i, i + size));
    yield chunk;
    chunk.fill(0x7e);
  }
}

export interface PageOptions extends Partial<Omit<Page, 'body'>> {
  readonly chunk?: number;
}

export function page(body: string | Uint8Array, options: PageOptions = {}): Page {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const { chunk = 1 << 20, ...rest } = options;
  return {
    contentType: null,
    number: 3,
    name: 'orders.dat',
    constants: new Map(),
    ...rest,
    body: inChunks(bytes, chunk),
  };
}

/** Reads a page to its end, and checks that each batch is a sound run of DataRow frames. */
export async function readPage(reader: RecordReader, source: Page): Promise<ReadResult> {
  const generator = reader.read(source, new AbortController().signal);
  const rows: Row[] = [];
  let batches = 0;
  for (;;) {
    const step = await generator.next();
    if (step.done === true) {
      const { recordCount, captured } = step.value;
      return { rows, recordCount, captured: Object.fromEntries(captured), batches };
    }
    batches++;
    rows.push(...rowsOf(step.value));
  }
}

export function rowsOf(batch: RowBatch): Row[] {
  const rows: Row[] = [];
  for (let r = 0; r < batch.rowCount; r++) {
    const start = rowStart(batch, r);
    if (batch.bytes[start] !== 0x44) throw new Error('a row that is no DataRow');
    if (start + 1 + batch.bytes.readInt32BE(start + 1) !== rowStart(batch, r + 1))
      throw new Error('a row of wrong length');
    if (batch.bytes.readInt16BE(start + 5) !== batch.columnCount) throw new Error('a row of wrong width');
    const row: Row = [];
    for (let c = 0; c < batch.columnCount; c++) {
      const index = r * batch.columnCount + c;
      if (batch.bytes.readInt32BE(batch.offsets[index]! - 4) !== batch.lengths[index])
        throw new Error('a wrong cell length');
      row.push(cellText(batch, r, c));
    }
    rows.push(row);
  }
  return rows;
}

/** What reading fails with, as a client would see it. */
export async function failure(
  reading: Promise<unknown>,
): Promise<{ sqlstate: string; message: string; detail: string; hint: string }> {
  try {
    await reading;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { sqlstate: error.sqlstate, message: error.message, detail: error.detail ?? '', hint: error.hint ?? '' };
  }
  throw new Error('no error was thrown');
}

/** A small seeded generator (mulberry32): the same documents in every run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
