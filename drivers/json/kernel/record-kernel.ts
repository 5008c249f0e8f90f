import { columnCode } from '../../kernel/column-code.js';
import { type DeferredCellWriter, putRoom, Run, takeRows } from '../../kernel/kernel-rows.js';
import type { RowWriter } from '../../row-writer.js';
import type { Window } from '../../window.js';
import { Between } from '../record-scanner.js';
import type { RecordShape } from '../record-shape.js';
import { MAX_DEPTH } from '../syntax-error.js';
import { unescapeString } from '../tokens.js';
import { writeValueCell } from '../value-cell.js';
import { type KernelMemory, kernelMemory, Layout } from './memory.js';

/** What a state of the kernel's memory has room for. */
const MAX_NODES = 500;
const MAX_ENTRIES = 1000;

const ENTRY = 32;
const NODES = 0x100;
const ELEMENTS = 0x4100;
const COLUMNS = 0x5100;
const CONSTANTS = 0x17900;
const CONSTANT_BYTES = 0x7f00;
const SLOT_ENTRY = 16;
const CONSTANT_TYPE = 13;

/** Of a value: that it does not come from the record. */
const OUTER = 8;

/** A column's cell for records that do not have its field, or for all of a page's: null is NULL, undefined is not known here. */
export type FixedCell = Buffer | null | undefined;

export interface KernelOptions {
  readonly writer: RowWriter;
  readonly shape: RecordShape;
  /** By column: the slot in the record, -1 for none. */
  readonly slots: Int32Array;
  /** By column without a slot: the cell that all records have for now. */
  readonly outerCell: (c: number) => FixedCell;
  readonly writeOuterCell: (c: number) => void;
}

/**
 * Reads the usual records of a scan with the compiled kernel, from the window into the writer's batch. Cells that the kernel
 * cannot write come out of it as they stand in the page and are coerced here; a record that it cannot read is left to the
 * general path.
 */
export class RecordKernel {
  readonly #memory: KernelMemory;
  readonly #options: KernelOptions;
  readonly #token = {};
  readonly #columnCount: number;
  #inputStart = 0;
  #inputEnd = -1;

  /** Null when there is no kernel, or the table is beyond what it has room for. */
  static create(options: KernelOptions): RecordKernel | null {
    const { shape, writer } = options;
    const memory = kernelMemory();
    if (memory === null) return null;
    if (shape.ownSlot.length > MAX_NODES || writer.columns.length > MAX_ENTRIES) return null;
    if (shape.slotCount > MAX_ENTRIES || shape.elementNode.length > MAX_ENTRIES) return null;
    const defaultBytes = writer.columns.reduce((sum, _, c) => sum + (writer.defaultCell(c)?.length ?? 0), 0);
    if (defaultBytes > CONSTANT_BYTES / 2) return null;
    const kernel = new RecordKernel(memory, options);
    memory.stateOf(kernel.#token, kernel);
    return kernel.#isUsable ? kernel : null;
  }

  #isUsable = true;
  /** Where the kernel stands between records; the caller sets it before a run and takes it over after. */
  between: number = Between.first;

  private constructor(memory: KernelMemory, options: KernelOptions) {
    this.#memory = memory;
    this.#options = options;
    this.#columnCount = options.writer.columns.length;
  }

  /** Another page begins. */
  startPage(): void {
    this.#inputEnd = -1;
    this.outerChanged();
  }

  /** Cells of columns without a slot have changed. */
  outerChanged(): void {
    this.#areConstantsStale = true;
  }

  #areConstantsStale = true;

  /** Reads records from the window's position on into the batch; returns one of `Run`. `outerDepth`: containers around the records. */
  run(window: Window, outerDepth: number): number {
    const memory = this.#memory;
    const { numbers } = memory;
    const { writer } = this.#options;
    const { builder } = writer;
    const state = memory.stateOf(this.#token, this);
    if (this.#areConstantsStale) this.#loadConstants(state);
    for (;;) {
      this.#loadInput(window);
      const bias = putRoom(memory, writer);
      numbers[Layout.position >> 2] = Layout.input + window.base + window.position - this.#inputStart;
      numbers[Layout.end >> 2] = Layout.input + this.#inputEnd - this.#inputStart;
      numbers[Layout.between >> 2] = this.between;
      numbers[Layout.depthLimit >> 2] = Math.min(Layout.maxDepth, MAX_DEPTH - outerDepth);
      const result = memory.exports.scan(state);
      const before = window.position;
      window.position = numbers[Layout.position >> 2]! - Layout.input + this.#inputStart - window.base;
      this.between = numbers[Layout.between >> 2]!;
      if (numbers[Layout.rows >> 2]! > 0) takeRows(memory, writer, bias, this.#writeDeferred);
      if (result === Run.unknownKey) {
        if (!this.#learnKey(state)) return Run.unusual;
      } else if (result !== Run.needsMore || this.#inputEnd === window.base + window.end) return result;
      else if (window.position === before) return Run.unusual;
      if (builder.isFull) return Run.full;
    }
  }

  /** Has the window's bytes in the kernel's memory, as many as there is room for. */
  #loadInput(window: Window): void {
    const memory = this.#memory;
    const position = window.base + window.position;
    const end = window.base + window.end;
    if (memory.inputOwner === this.#token && position >= this.#inputStart && this.#inputEnd === end) return;
    const size = Math.min(window.end - window.position, Layout.inputBytes);
    memory.bytes.set(window.bytes.subarray(window.position, window.position + size), Layout.input);
    memory.bytes.fill(0, Layout.input + size, Layout.input + size + 64);
    memory.inputOwner = this.#token;
    this.#inputStart = position;
    this.#inputEnd = position + size;
  }

  readonly #writeDeferred: DeferredCellWriter = (c, kind, bytes, start, end) => {
    if (kind === OUTER) this.#options.writeOuterCell(c);
    else writeValueCell(this.#options.writer, c, kind, bytes, start, end);
  };

  /** A key with escapes that the kernel met for the first time. */
  #learnKey(state: number): boolean {
    const { bytes, numbers, exports } = this.#memory;
    const node = numbers[Layout.keyNode >> 2]!;
    const start = numbers[Layout.keyStart >> 2]!;
    const end = numbers[Layout.keyEnd >> 2]!;
    const text = unescapeString(bytes, start + 1, end - 1);
    const target = this.#options.shape.keys.targetOf((node - state - NODES) / ENTRY, text);
    const address = target === 0 ? 0 : state + NODES + target * ENTRY;
    return exports.addKey(state, node, start, end - start, address, target === 0 ? 3 : 4) !== 0;
  }

  /** See `StateOwner`. */
  load(state: number): void {
    const { numbers, exports, bytes } = this.#memory;
    const { shape, slots, writer } = this.#options;
    const put = (address: number, ...values: number[]): void => numbers.set(values, address >> 2);
    const slotAddress = (slot: number): number => (slot < 0 ? 0 : Layout.slots + slot * SLOT_ENTRY);
    const nodeAddress = (id: number): number => (id === 0 ? 0 : state + NODES + id * ENTRY);
    // No key has number 0.
    put(state, shape.slotCount, this.#columnCount, 1, 0);
    shape.elementNode.forEach((id, index) => {
      put(state + ELEMENTS + 4 * index, nodeAddress(id));
    });
    for (let id = 1; id < shape.ownSlot.length; id++) {
      put(
        nodeAddress(id),
        slotAddress(shape.leafSlot[id]!),
        slotAddress(shape.ownSlot[id]!),
        Layout.slots + shape.slotLow[id]! * SLOT_ENTRY,
        Layout.slots + shape.slotHigh[id]! * SLOT_ENTRY,
        shape.head[id] === 0 ? 0 : exports.addHead(state),
        state + ELEMENTS + 4 * shape.elementStart[id]!,
        shape.elementCount[id]!,
      );
    }
    this.#memory.inputOwner = null;
    for (const [id, keys] of shape.wanted.entries()) {
      for (const [key, target] of keys) {
        const raw = Buffer.from(`"${key}"`, 'utf8');
        // As such it can only stand there with escapes, and is learned when it does.
        if (/["\\\u0000-\u001f]/.test(key) || raw.toString('utf8') !== `"${key}"`) continue;
        if (raw.length > Layout.inputBytes) {
          this.#isUsable = false;
          continue;
        }
        bytes.set(raw, Layout.input);
        if (exports.addKey(state, nodeAddress(id), Layout.input, raw.length, nodeAddress(target), 4) === 0) {
          this.#isUsable = false;
        }
      }
    }
    writer.columns.forEach((column, c) => {
      const { type, first, second } = columnCode(writer.table, column);
      const address = state + COLUMNS + c * ENTRY;
      put(address, slots[c]! < 0 ? CONSTANT_TYPE : type, slotAddress(slots[c]!), column.notNull ? 1 : 0, first);
      this.#memory.view.setBigInt64(address + 16, BigInt(second), true);
    });
    this.#areConstantsStale = true;
  }

  /** Cells of columns without a slot, and defaults of the others. */
  #loadConstants(state: number): void {
    const { bytes, numbers } = this.#memory;
    const { slots, writer, outerCell } = this.#options;
    let used = 0;
    // Those of outer columns may be large, and are deferred when there is no room for them.
    const order = [...writer.columns.keys()].sort((a, b) => Math.sign(slots[b]!) - Math.sign(slots[a]!));
    for (const c of order) {
      const isOuter = slots[c]! < 0;
      let cell = isOuter ? outerCell(c) : writer.defaultCell(c);
      if (cell !== undefined && cell !== null && used + cell.length > CONSTANT_BYTES) cell = undefined;
      const address = state + COLUMNS + c * ENTRY;
      // Not known here: a type that is always deferred.
      if (isOuter) numbers[address >> 2] = cell === undefined ? 0 : CONSTANT_TYPE;
      numbers[(address + 24) >> 2] = cell === undefined || cell === null ? -1 : cell.length;
      numbers[(address + 28) >> 2] = state + CONSTANTS + used;
      if (cell !== undefined && cell !== null) {
        bytes.set(cell, state + CONSTANTS + used);
        used += cell.length;
      }
    }
    this.#areConstantsStale = false;
  }
}
