import type { RowWriter } from '../row-writer.js';
import type { RecordScanner } from './record-scanner.js';
import { writeValueCell } from './value-cell.js';

/** Writes the rows of records that the kernel does not take, from where a scanner says that their values stand. */
export class RecordWriter {
  readonly #writer: RowWriter;
  readonly #scanner: RecordScanner;
  /** By column: the value's slot in the scanner, -1 where it does not come from the record. */
  readonly #slots: Int32Array;
  readonly #writeOuterCell: (c: number) => void;

  /** `writeOuterCell` writes the cells of columns without a slot. */
  constructor(writer: RowWriter, scanner: RecordScanner, slots: Int32Array, writeOuterCell: (c: number) => void) {
    this.#writer = writer;
    this.#scanner = scanner;
    this.#slots = slots;
    this.#writeOuterCell = writeOuterCell;
  }

  /** Writes the row of the record that the scanner holds; `bytes`: the window's. */
  writeRow(bytes: Buffer): void {
    const writer = this.#writer;
    const { kinds, starts, ends } = this.#scanner;
    const slots = this.#slots;
    writer.builder.beginRow();
    for (let c = 0; c < slots.length; c++) {
      const slot = slots[c]!;
      if (slot < 0) this.#writeOuterCell(c);
      else writeValueCell(writer, c, kinds[slot]!, bytes, starts[slot]!, ends[slot]!);
    }
    writer.builder.endRow();
    writer.recordCount++;
  }
}
