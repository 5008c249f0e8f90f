const DATA_ROW = 0x44;
const HEADER_BYTES = 5;
/** No message that is kept whole is longer than this; rows are only counted. */
const MAX_KEPT_BYTES = 1 << 20;

/** A backend message other than DataRow: its type letter and its body. */
export type OtherMessage = (type: string, body: Buffer) => void;

/**
 * Counts the DataRow messages in a stream of backend messages that may be split anywhere, without looking into them, so
 * that the client costs as little as a client can.
 */
export class RowCounter {
  rows = 0;
  /** Of DataRow messages, headers included. */
  bytes = 0;
  readonly #onOther: OtherMessage;
  #partial: Buffer = Buffer.alloc(0);
  /** Bytes of a DataRow that are still to come. */
  #skip = 0;

  constructor(onOther: OtherMessage) {
    this.#onOther = onOther;
  }

  /** Takes the next chunk from the socket. */
  push(chunk: Buffer): void {
    let data = chunk;
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, data.length);
      this.#skip -= skipped;
      if (skipped === data.length) return;
      data = data.subarray(skipped);
    }
    if (this.#partial.length > 0) {
      data = Buffer.concat([this.#partial, data]);
      this.#partial = Buffer.alloc(0);
    }
    let at = 0;
    while (data.length - at >= HEADER_BYTES) {
      const end = at + 1 + data.readUInt32BE(at + 1);
      if (data[at] === DATA_ROW) {
        this.rows++;
        this.bytes += end - at;
        if (end > data.length) {
          this.#skip = end - data.length;
          return;
        }
      } else {
        if (end - at > MAX_KEPT_BYTES)
          throw new Error(`a message of ${end - at} bytes: this is not the PostgreSQL protocol`);
        if (end > data.length) break;
        this.#onOther(String.fromCharCode(data[at]!), data.subarray(at + HEADER_BYTES, end));
      }
      at = end;
    }
    // A copy, so that a few bytes do not keep the whole chunk.
    if (at < data.length) this.#partial = Buffer.from(data.subarray(at));
  }
}
