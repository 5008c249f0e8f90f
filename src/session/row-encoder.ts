import { binaryEncoder, binaryExpansion } from '../core/encode/binary.js';
import type { SingleByteCharset } from '../core/encode/single-byte.js';
import type { RowBatch } from '../core/row-batch.js';
import { DATA_ROW_HEADER_BYTES, rowStart } from '../core/row-batch.js';
import type { ScalarName } from '../core/sql-type.js';
import type { RowPredicate } from '../plan/predicate.js';
import type { StreamOutput } from '../plan/stream-output.js';

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
 * An encoder for output columns that are cells of the batches, which have `cellCount` of them a row, or constants, in format
 * codes `formats` (0 text, 1 binary).
 * @returns null when the session's settings or its encoding print such a value other than canonically
 */
export function createRowEncoder(
  cellCount: number,
  outputs: readonly StreamOutput[],
  formats: readonly number[],
  settings: PrintSettings,
): RowEncoder | null {
  const { encoding } = settings;
  if (encoding === 'other') return null;
  const encoders: (CellEncoder | null)[] = [];
  for (const [index, output] of outputs.entries()) {
    const type = output.as;
    const isBinary = formats[index] === 1;
    const encoder = isBinary ? binaryEncoder(type) : null;
    if (!isBinary && !printsCanonically(type.scalar, settings)) return null;
    if (encoding === 'utf8' || !TEXTUAL.has(type.scalar)) {
      encoders.push(encoder);
      continue;
    }
    // A version number stands before the text, lengths among the elements.
    if (isBinary && (type.scalar === 'jsonb' || type.isArray)) return null;
    encoders.push((text, start, end, target, at) => encoding.encodeCell(text, start, end, target, at));
  }
  const isVerbatim =
    outputs.length === cellCount &&
    outputs.every((output, index) => output.type === 'cell' && output.cell === index) &&
    encoders.every((encoder) => encoder === null);
  if (isVerbatim) return verbatimEncoder;
  const expansions = outputs.map((output, index) => (formats[index] === 1 ? binaryExpansion(output.as) : 2));
  return new CellRowEncoder(outputs, encoders, expansions);
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
  /** Output → its cell; -1 where it is a constant. */
  readonly #cells: readonly number[];
  /** The constants with their lengths, as they stand in every row. */
  readonly #constants: readonly Buffer[];
  readonly #encoders: readonly (CellEncoder | null)[];
  /** By output: how many bytes one byte of text may become. */
  readonly #expansions: readonly number[];

  constructor(
    outputs: readonly StreamOutput[],
    encoders: readonly (CellEncoder | null)[],
    expansions: readonly number[],
  ) {
    this.#expansions = expansions;
    this.#cells = outputs.map((output) => (output.type === 'cell' ? output.cell : -1));
    this.#constants = outputs.map((output, index) =>
      output.type === 'cell' ? NO_BYTES : encodedConstant(output.text, encoders[index]!, expansions[index]!),
    );
    this.#encoders = encoders;
  }

  encode(batch: RowBatch, from: number, to: number, predicate: RowPredicate | null, maxRows: number): EncodedRows {
    const cells = this.#cells;
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
      target.writeInt16BE(cells.length, at + 5);
      at += DATA_ROW_HEADER_BYTES;
      for (let index = 0; index < cells.length; index++) {
        if (cells[index]! < 0) {
          at += this.#constants[index]!.copy(target, at);
          continue;
        }
        const cell = base + cells[index]!;
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

  /** Upper bound of one row's frame. */
  #roomNeeded(lengths: Int32Array, base: number): number {
    let room = DATA_ROW_HEADER_BYTES;
    for (let index = 0; index < this.#cells.length; index++) {
      const cell = this.#cells[index]!;
      room +=
        cell < 0
          ? this.#constants[index]!.length
          : 4 + 64 + this.#expansions[index]! * Math.max(0, lengths[base + cell]!);
    }
    return room;
  }
}

const NO_BYTES = Buffer.alloc(0);

/** A constant as a DataRow has it: int32 length and bytes, or -1. */
function encodedConstant(text: string | null, encoder: CellEncoder | null, expansion: number): Buffer {
  const source = Buffer.from(text ?? '', 'utf8');
  const target = Buffer.alloc(4 + 64 + expansion * source.length);
  if (text === null) target.writeInt32BE(-1, 0);
  const written =
    text === null ? 0 : encoder === null ? source.copy(target, 4) : encoder(source, 0, source.length, target, 4);
  if (text !== null) target.writeInt32BE(written, 0);
  return target.subarray(0, 4 + written);
}

function enlarge(target: Buffer, used: number, room: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(target.length * 2, used + room));
  target.copy(larger, 0, 0, used);
  return larger;
}
