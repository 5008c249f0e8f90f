import { errors } from '../core/errors.js';

/** One frontend or backend message: its type byte and the whole frame, header included. */
export interface Frame {
  /** ASCII code of the type byte. */
  readonly type: number;
  /** Type byte, int32 length, body. */
  readonly bytes: Buffer;
}

/** Bytes of a frame before its body. */
export const FRAME_HEADER_BYTES = 5;

/** Longest frame of any kind that is taken from a client. PostgreSQL takes 1 GB; nobody types that much SQL. */
export const MAX_CLIENT_FRAME_BYTES = 64 * 1024 * 1024;

/** Longest frame of the kinds that hold no SQL and no data, as PostgreSQL's PQ_SMALL_MESSAGE_LIMIT. */
const MAX_SMALL_FRAME_BYTES = 10_000;

const LARGE_CLIENT_TYPES = new Set([...'QPBdFp'].map((letter) => letter.charCodeAt(0)));

/** Codes of the messages a client may send after the start-up. */
const CLIENT_TYPES = new Set([...'QPBEDCSHXFdcfp'].map((letter) => letter.charCodeAt(0)));

/**
 * Cuts a client's byte stream into frames. Declared lengths are checked before anything is buffered for them; what is
 * not the protocol throws 08P01, after which the stream cannot be followed any further.
 */
export class ClientFrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** The complete frames up to and including `chunk`; their bytes are views that stay valid. */
  *push(chunk: Buffer): Generator<Frame, void, void> {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    this.#pending = bytes;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      const type = bytes[at]!;
      const length = bytes.readInt32BE(at + 1);
      checkClientFrame(type, length);
      const end = at + 1 + length;
      if (end > bytes.length) break;
      const frame = { type, bytes: bytes.subarray(at, end) };
      at = end;
      this.#pending = bytes.subarray(at);
      yield frame;
    }
  }

  /** Bytes that wait for the rest of their frame. */
  get pendingBytes(): number {
    return this.#pending.length;
  }
}

function checkClientFrame(type: number, length: number): void {
  if (!CLIENT_TYPES.has(type)) {
    throw errors.protocolViolation(`invalid frontend message type ${type}`);
  }
  const limit = LARGE_CLIENT_TYPES.has(type) ? MAX_CLIENT_FRAME_BYTES : MAX_SMALL_FRAME_BYTES;
  if (length < 4 || length > limit) {
    throw errors.protocolViolation(`invalid message length ${length}`, {
      detail: `A message of type "${String.fromCharCode(type)}" may be 4 to ${limit} bytes long.`,
    });
  }
}

/** Reads the fields of one message body in order; a body that is too short throws 08P01. */
export class BodyReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = FRAME_HEADER_BYTES) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get position(): number {
    return this.#at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** A null-terminated string, without the terminator. */
  cstring(): string {
    return this.cstringBytes().toString('utf8');
  }

  /** The same as the bytes it has in the sender's encoding. */
  cstringBytes(): Buffer {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw errors.protocolViolation('invalid string in message');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    return bytes;
  }

  slice(length: number): Buffer {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Whatever is left. */
  rest(): Buffer {
    return this.slice(this.#bytes.length - this.#at);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  #take(length: number): number {
    const start = this.#at;
    if (length < 0 || start + length > this.#bytes.length) {
      throw errors.protocolViolation('insufficient data left in message');
    }
    this.#at = start + length;
    return start;
  }
}
