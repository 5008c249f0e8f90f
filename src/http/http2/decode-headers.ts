import { type HeaderField, HeaderTable } from './header-table.js';
import { decodeHuffman } from './huffman.js';

/** The size of the table that a sender may use without being told (RFC 9113, section 6.5.2). */
const TABLE_BYTES = 4096;
/** Numbers in a block are lengths and positions; longer ones are no honest ones. */
const LARGEST_NUMBER = 2 ** 24;

/** A block of headers that is not encoded as RFC 7541 has it; the connection is of no use then. */
export class HeaderCodingError extends Error {}

/** Decodes the blocks of headers of one connection, every one of them in order. */
export class HeaderDecoder {
  readonly #table = new HeaderTable(TABLE_BYTES);

  /** The fields of a whole block. Throws a `HeaderCodingError`. */
  decode(block: Buffer): HeaderField[] {
    const fields: HeaderField[] = [];
    const reader = new BlockReader(block);
    while (!reader.isAtEnd) {
      const first = reader.peek();
      if ((first & 0x80) !== 0) fields.push(this.#indexed(reader.number(7)));
      else if ((first & 0x40) !== 0) {
        const field = this.#literal(reader, 6);
        this.#table.add(field);
        fields.push(field);
      } else if ((first & 0x20) !== 0) {
        if (fields.length > 0 || !this.#table.resize(reader.number(5))) throw new HeaderCodingError('table size');
      } else fields.push(this.#literal(reader, 4));
    }
    return fields;
  }

  #indexed(index: number): HeaderField {
    const field = this.#table.at(index);
    if (field === null) throw new HeaderCodingError(`no header has the number ${index}`);
    return field;
  }

  #literal(reader: BlockReader, prefixBits: number): HeaderField {
    const index = reader.number(prefixBits);
    const name = index === 0 ? reader.text() : this.#indexed(index)[0];
    return [name, reader.text()];
  }
}

class BlockReader {
  #position = 0;

  constructor(readonly block: Buffer) {}

  get isAtEnd(): boolean {
    return this.#position >= this.block.length;
  }

  peek(): number {
    const byte = this.block[this.#position];
    if (byte === undefined) throw new HeaderCodingError('it ends too early');
    return byte;
  }

  /** RFC 7541, section 5.1. */
  number(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1;
    let value = this.peek() & mask;
    this.#position++;
    if (value < mask) return value;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.peek();
      this.#position++;
      value += (byte & 0x7f) * factor;
      if (value > LARGEST_NUMBER) throw new HeaderCodingError('a number is too large');
      if ((byte & 0x80) === 0) return value;
      if (factor > LARGEST_NUMBER) throw new HeaderCodingError('a number is too long');
    }
  }

  /** RFC 7541, section 5.2. */
  text(): string {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const length = this.number(7);
    const end = this.#position + length;
    if (end > this.block.length) throw new HeaderCodingError('it ends too early');
    const bytes = this.block.subarray(this.#position, end);
    this.#position = end;
    const text = isHuffman ? decodeHuffman(bytes) : bytes;
    if (text === null) throw new HeaderCodingError('a text is not encoded properly');
    return text.toString('latin1');
  }
}
