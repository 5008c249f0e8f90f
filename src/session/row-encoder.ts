import type { ColumnModel } from '../config/model.js';
import { binaryEncoder } from '../core/encode/binary.js';
import type { SingleByteCharset } from '../core/encode/single-byte.js';
import type { RowBatch } from '../core/row-batch.js';
import { DATA_ROW_HEADER_BYTES, rowStart } from '../core/row-batch.js';
import type { ScalarName } from '../core/sql-type.js';
import type { RowPredicate } from '../plan/predicate.js';

/** Session settings that change how PostgreSQL prints values. */
export interface PrintSettings {
  /** The client's. */
  readonly encoding: 'utf8' | 'other' | SingleByteCharset;
  readonly hasIsoDates: boolean;
  readonly isUtc: boolean;
  readonly hasExactFloats: boolean;
  readonly hasHexBytea: boolean;
}

/** Turns rows of batches into DataRow frames in the formats a portal asks for. */
export interface RowEncoder {
  /**
   * Encodes rows `[from, to)` that satisfy the predicate, but no more than `maxRows` of them.
   * @returns the frames, how many rows are in them, and the first row not looked at
   */
  encode(batch: RowBatch, from: number, to: number, predicate: RowPredicate | null, maxRows: number): EncodedRows;
}

export interface EncodedRows {
  readonly bytes: Buffer;
  readonly rowCount: number;
  readonly nextRow: number;
}

type CellEncoder = (text: Uint8Array, start: number, end: number, target: Buffer, at: number) => number;

/**
 * An encoder for output columns that are cells `outputs` of the batches, in format codes `formats` (0 text, 1 binary).
 * @returns null when the session's settings print such a value other than canonically, or there is no binary encoder
 */
export function createRowEncoder(
  columns: readonly ColumnModel[],
  outputs: readonly number[],
  formats: readonly number[],
  settings: PrintSettings,
): RowEncoder | null {
  const { encoding } = settings;
  if (encoding === 'other') return null;
  const encoders: (CellEncoder | null)[] = [];
  for (const [index, output] of outputs.entries()) {
    const { type } = columns[output]!;
    const isBinary = formats[index] === 1;
    const encoder = isBinary ? binaryEncoder(type) : null;
    if (isBinary ? encoder === null : !printsCanonically(type.scalar, settings)) return null;
    if (encoding === 'utf8' || !TEXTUAL.has(type.scalar)) {
      encoders.push(encoder);
      continue;
    }
    // A version number stands before the text.
    if (isBinary && type.scalar === 'jsonb') return null;
    encoders.push((text, start, end, target, at) => encoding.encodeCell(text, start, end, target, at));
  }
  const isVerbatim =
    outputs.length === columns.length &&
    outputs.every((output, index) => output === index) &&
    encoders.every((encoder) => encoder === null);
  return isVerbatim ? verbatimEncoder : new CellRowEncoder(outputs, encoders);
}

/** Types whose values are not always ASCII. */
const TEXTUAL: ReadonlySet<ScalarName> = new Set(['text', 'varchar', 'json', 'jsonb']);

function printsCanonically(scalar: ScalarName, settings: PrintSettings): boolean {
  switch (scalar) {
    case 'timestamptz':
      return settings.hasIsoDates && settings.isUtc;
    case 'date':
    case 'timestamp':
      return settings.hasIsoDates;
    case 'real':
    case 'double':
      return settings.hasExactFloats;
    case 'bytea':
      return settings.hasHexBytea;
    default:
      return true;
  }
}

/** The batch's own frames are what the client wants: whole batches pass as they are, chosen rows as runs of bytes. */
const verbatimEncoder: RowEncoder = {
  encode(batch, from, to, predicate, maxRows) {
    if (predicate === null) {
      const end = Math.min(to, from + maxRows);
      const bytes = batch.bytes.subarray(rowStart(batch, from), rowStart(batch, end));
      return { bytes, rowCount: end - from, nextRow: end };
    }
    const runs: Buffer[] = [];
    let rowCount = 0;
    let runStart = -1;
    let row = from;
    for (; row < to && rowCount < maxRows; row++) {
      if (predicate(batch, row)) {
        rowCount++;
        if (runStart < 0) runStart = row;
      } else if (runStart >= 0) {
        runs.push(batch.bytes.subarray(rowStart(batch, runStart), rowStart(batch, row)));
        runStart = -1;
      }
    }
    if (runStart >= 0) runs.push(batch.bytes.subarray(rowStart(batch, runStart), rowStart(batch, row)));
    return { bytes: runs.length === 1 ? runs[0]! : Buffer.concat(runs), rowCount, nextRow: row };
  },
};

class CellRowEncoder implements RowEncoder {
  readonly #outputs: readonly number[];
  readonly #encoders: readonly (CellEncoder | null)[];

  constructor(outputs: readonly number[], encoders: readonly (CellEncoder | null)[]) {
    this.#outputs = outputs;
    this.#encoders = encoders;
  }

  encode(batch: RowBatch, from: number, to: number, predicate: RowPredicate | null, maxRows: number): EncodedRows {
    const outputs = this.#outputs;
    const encoders = this.#encoders;
    const { bytes: source, offsets, lengths, columnCount } = batch;
    let target: Buffer = Buffer.allocUnsafe((rowStart(batch, to) - rowStart(batch, from)) * 2 + 4096);
    let at = 0;
    let rowCount = 0;
    let row = from;
    for (; row < to && rowCount < maxRows; row++) {
      if (predicate !== null && !predicate(batch, row)) continue;
      const base = row * columnCount;
      const room = this.#roomNeeded(lengths, base);
      if (at + room > target.length) target = enlarge(target, at, room);
      const start = at;
      target[at] = 0x44;
      target.writeInt16BE(outputs.length, at + 5);
      at += DATA_ROW_HEADER_BYTES;
      for (let index = 0; index < outputs.length; index++) {
        const cell = base + outputs[index]!;
        const length = lengths[cell]!;
        if (length < 0) {
          target.writeInt32BE(-1, at);
          at += 4;
          continue;
        }
        const encoder = encoders[index]!;
        const offset = offsets[cell]!;
        let written = length;
        if (encoder === null) source.copy(target, at + 4, offset, offset + length);
        else written = encoder(source, offset, offset + length, target, at + 4);
        target.writeInt32BE(written, at);
        at += 4 + written;
      }
      target.writeInt32BE(at - start - 1, start + 1);
      rowCount++;
    }
    return { bytes: target.subarray(0, at), rowCount, nextRow: row };
  }

  /** Upper bound of one row's frame: a binary cell takes at most twice its text and a bit. */
  #roomNeeded(lengths: Int32Array, base: number): number {
    let room = DATA_ROW_HEADER_BYTES;
    for (const output of this.#outputs) room += 4 + 64 + 2 * Math.max(0, lengths[base + output]!);
    return room;
  }
}

function enlarge(target: Buffer, used: number, room: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(target.length * 2, used + room));
  target.copy(larger, 0, 0, used);
  return larger;
}
