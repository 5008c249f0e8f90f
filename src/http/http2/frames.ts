/** The kinds of frames (RFC 9113, section 6). */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const Flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** RFC 9113, section 7. */
export const ErrorCode = {
  noError: 0,
  protocolError: 1,
  flowControlError: 3,
  frameSizeError: 6,
  cancel: 8,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const;

const HEAD_BYTES = 9;
/** Longer frames are not taken, as a receiver that says nothing does not (RFC 9113, section 4.2). */
export const LARGEST_FRAME_BYTES = 16_384;

/** A frame, or of one with data a part: `isLast` is false for all parts but the last. Its payload is of the chunk's memory. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
  readonly isLast: boolean;
}

/** What the other side sends is not HTTP/2, or breaks its rules. */
export class ProtocolError extends Error {
  constructor(
    message: string,
    readonly code: number = ErrorCode.protocolError,
  ) {
    super(message);
    this.name = 'ProtocolError';
  }
}

export function encodeFrame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame.writeUIntBE(payload.length, 0, 3);
  frame[3] = type;
  frame[4] = flags;
  frame.writeUInt32BE(streamId, 5);
  frame.set(payload, HEAD_BYTES);
  return frame;
}

/** Finds the frames in a connection's bytes, however they are cut. Data is passed on as it comes, other frames whole. */
export class FrameReader {
  /** Bytes of a frame that is not whole yet. */
  #kept: Buffer = Buffer.alloc(0);
  /** Of a frame with data whose rest is passed on part by part. */
  #open: { readonly flags: number; readonly streamId: number; left: number } | null = null;

  /** Throws a `ProtocolError`. */
  *read(chunk: Buffer): Generator<Frame, void, void> {
    let rest = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    while (rest.length > 0) {
      if (this.#open !== null) {
        const payload = rest.subarray(0, this.#open.left);
        const { flags, streamId } = this.#open;
        rest = rest.subarray(payload.length);
        this.#open.left -= payload.length;
        const isLast = this.#open.left === 0;
        if (isLast) this.#open = null;
        yield { type: FrameType.data, flags, streamId, payload, isLast };
        continue;
      }
      if (rest.length < HEAD_BYTES) break;
      const length = rest.readUIntBE(0, 3);
      if (length > LARGEST_FRAME_BYTES) throw new ProtocolError('a frame is too long', ErrorCode.frameSizeError);
      const type = rest[3]!;
      const flags = rest[4]!;
      const streamId = rest.readUInt32BE(5) & 0x7fffffff;
      if (rest.length < HEAD_BYTES + length) {
        if (type !== FrameType.data || (flags & Flag.padded) !== 0) break;
        this.#open = { flags, streamId, left: length };
        rest = rest.subarray(HEAD_BYTES);
        continue;
      }
      const payload = rest.subarray(HEAD_BYTES, HEAD_BYTES + length);
      rest = rest.subarray(HEAD_BYTES + length);
      yield { type, flags, streamId, payload, isLast: true };
    }
    // The chunk's memory is used again.
    this.#kept = Buffer.from(rest);
  }
}

/** The payload without its padding (RFC 9113, section 6.1). */
export function withoutPadding({ flags, payload }: Frame): Buffer {
  if ((flags & Flag.padded) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length)
    throw new ProtocolError('a frame has more padding than bytes');
  return payload.subarray(1, payload.length - padding);
}
