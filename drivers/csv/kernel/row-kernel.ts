import { isJsonDocument } from '../../../src/core/coerce/json-bytes.js';
import { columnCode } from '../../kernel/column-code.js';
import { instantiateKernel, type KernelInstance } from '../../kernel/kernel-module.js';
import { type DeferredCellWriter, putRoom, Rows, Run, takeRows } from '../../kernel/kernel-rows.js';
import { listsEmpty, type RowWriter } from '../../row-writer.js';
import type { Window } from '../../window.js';
import type { Dialect } from '../dialect.js';

/** Where things are in the kernel's memory besides `Rows`, as kernels/csv/layout.ts has it. */
const Layout = {
  lines: 0x10040,
  width: 0x20000,
  columns: 0x20100,
  columnBytes: 32,
  constants: 0x30000,
  constantBytes: 0x8000,
  input: 0x40000,
  inputBytes: 0x40000,
} as const;

const MAX_COLUMNS = 1000;
const MAX_WIDTH = 16_000;
/** Behind the input, so that the last block ends. */
const ZERO_BYTES = 128;

/** A quote or comment that there is none of. */
const NO_BYTE = 256;
const NO_FIELD = -1;
const CONSTANT_TYPE = 13;
const JSON_TYPE = 11;
const DEFERRED_TYPE = 0;

/** What a deferred cell is, as kernels/csv/layout.ts has it; anything else is text. */
const Kind = { json: 7, outer: 8, empty: 9 } as const;

interface KernelExports {
  scan(): number;
}

/** The process's kernel, and whose bytes and wishes it holds: readers take turns, each call works from beginning to end. */
interface SharedKernel extends KernelInstance<KernelExports> {
  owner: object | null;
}

let shared: SharedKernel | null | undefined;

/** The process's kernel; null where there is none. */
export function csvKernel(): SharedKernel | null {
  if (shared !== undefined) return shared;
  const instance = instantiateKernel<KernelExports>('csv');
  shared = instance === null ? null : { ...instance, owner: null };
  return shared;
}

/**
 * Reads the usual rows of a page with the compiled kernel, from the window into the writer's batch. Cells that the kernel cannot
 * write come out as text and are coerced here; a row that is not as all others is left to the general path.
 */
export class RowKernel {
  readonly #kernel: SharedKernel;
  readonly #writer: RowWriter;
  readonly #dialect: Dialect;
  readonly #places: Int32Array;
  readonly #width: number;
  readonly #token = {};
  #inputStart = 0;
  #inputEnd = -1;

  /** Null where only the general path will do: other escapes than doubled quotes, a delimiter of several bytes, very many fields. */
  static create(writer: RowWriter, dialect: Dialect, places: Int32Array, width: number): RowKernel | null {
    const kernel = csvKernel();
    if (kernel === null || dialect.delimiter.length > 1 || dialect.quote !== dialect.escapeByte) return null;
    if (places.length > MAX_COLUMNS || width > MAX_WIDTH || places.some((place) => place >= width)) return null;
    return new RowKernel(kernel, writer, dialect, places, width);
  }

  private constructor(kernel: SharedKernel, writer: RowWriter, dialect: Dialect, places: Int32Array, width: number) {
    this.#kernel = kernel;
    this.#writer = writer;
    this.#dialect = dialect;
    this.#places = places;
    this.#width = width;
  }

  /** Whether it was made for rows of these fields. */
  fits(places: Int32Array, width: number): boolean {
    return width === this.#width && places.every((place, c) => place === this.#places[c]);
  }

  /** Another page begins. */
  startPage(): void {
    if (this.#kernel.owner === this.#token) this.#kernel.owner = null;
  }

  /** Lines that the last run has read. */
  lines = 0;

  /** Reads rows from the window's position on into the batch; returns one of `Run`. */
  run(window: Window): number {
    const kernel = this.#kernel;
    const { numbers } = kernel;
    const { builder } = this.#writer;
    this.lines = 0;
    for (;;) {
      this.#loadInput(window);
      const bias = putRoom(kernel, this.#writer);
      numbers[Rows.position >> 2] = Layout.input + window.base + window.position - this.#inputStart;
      numbers[Rows.end >> 2] = Layout.input + this.#inputEnd - this.#inputStart;
      const result = kernel.exports.scan();
      const before = window.position;
      window.position = numbers[Rows.position >> 2]! - Layout.input + this.#inputStart - window.base;
      this.lines += numbers[Layout.lines >> 2]!;
      if (numbers[Rows.rows >> 2]! > 0) {
        this.#passDocuments();
        takeRows(kernel, this.#writer, bias, this.#writeDeferred);
      }
      if (result !== Run.needsMore || this.#inputEnd === window.base + window.end) return result;
      if (window.position === before) return Run.unusual;
      if (builder.isFull) return Run.full;
    }
  }

  /** Has the window's bytes in the kernel's memory, as many as there is room for. */
  #loadInput(window: Window): void {
    const kernel = this.#kernel;
    const position = window.base + window.position;
    const end = window.base + window.end;
    if (kernel.owner !== this.#token) this.#loadState();
    else if (position >= this.#inputStart && this.#inputEnd === end) return;
    const size = Math.min(window.end - window.position, Layout.inputBytes);
    kernel.bytes.set(window.bytes.subarray(window.position, window.position + size), Layout.input);
    kernel.bytes.fill(0, Layout.input + size, Layout.input + size + ZERO_BYTES);
    kernel.owner = this.#token;
    this.#inputStart = position;
    this.#inputEnd = position + size;
  }

  /** Tells the kernel what is wanted. */
  #loadState(): void {
    const { numbers, view, bytes } = this.#kernel;
    const { delimiter, quote, comment } = this.#dialect;
    const { columns } = this.#writer;
    const settings = [
      this.#width,
      columns.length,
      delimiter[0]!,
      quote < 0 ? NO_BYTE : quote,
      comment === null ? NO_BYTE : comment[0]!,
    ];
    numbers.set(settings, Layout.width >> 2);
    let used = 0;
    columns.forEach((column, c) => {
      const place = this.#places[c]!;
      const { type, first, second } = columnCode(this.#writer.table, column);
      const address = Layout.columns + c * Layout.columnBytes;
      let cell: Buffer | null = null;
      let cellType = type === JSON_TYPE && !this.#writer.keepsJson[c] ? DEFERRED_TYPE : type;
      if (place < 0) {
        cell = this.#writer.constantCell(c);
        const hasRoom = cell === null || used + cell.length <= Layout.constantBytes;
        cellType = hasRoom ? CONSTANT_TYPE : DEFERRED_TYPE;
        if (!hasRoom) cell = null;
      }
      const isSpecial = column.notNull || (place >= 0 && listsEmpty(column));
      numbers.set([cellType, place < 0 ? NO_FIELD : place, isSpecial ? 1 : 0, first], address >> 2);
      view.setBigInt64(address + 16, BigInt(second), true);
      numbers.set([cell === null ? -1 : cell.length, Layout.constants + used], (address + 24) >> 2);
      if (cell === null) return;
      bytes.set(cell, Layout.constants + used);
      used += cell.length;
    });
  }

  /** Takes the JSON documents that may stay as they are off the list of deferred cells. */
  #passDocuments(): void {
    const { numbers, bytes } = this.#kernel;
    const count = numbers[Rows.deferred >> 2]!;
    const first = Rows.deferredCells >> 2;
    const toBytes = Rows.output - numbers[Rows.bias >> 2]!;
    let kept = first;
    for (let entry = first; entry < first + 2 * count; entry += 2) {
      const cell = numbers[entry]!;
      const kind = numbers[entry + 1]!;
      if (kind === Kind.json) {
        const start = numbers[(Rows.offsets >> 2) + cell]! + toBytes;
        if (isJsonDocument(bytes, start, start + numbers[(Rows.lengths >> 2) + cell]!)) continue;
      }
      numbers[kept] = cell;
      numbers[kept + 1] = kind;
      kept += 2;
    }
    numbers[Rows.deferred >> 2] = (kept - first) >> 1;
  }

  readonly #writeDeferred: DeferredCellWriter = (c, kind, bytes, start, end) => {
    const writer = this.#writer;
    if (kind === Kind.outer) writer.writeConstant(c);
    else if (kind !== Kind.empty) writer.writeBytes(c, bytes, start, end);
    else if (listsEmpty(writer.columns[c]!)) writer.writeValue(c, 'fromString', '');
    else writer.writeNull(c);
  };
}
