import { ErrorCode, ProtocolError } from './frames.js';

/** RFC 9113, section 6.5.2. */
export const Setting = { enablePush: 2, maxConcurrentStreams: 3, initialWindowSize: 4, maxFrameSize: 5 } as const;

const ENTRY_BYTES = 6;
const LARGEST_WINDOW_BYTES = 2 ** 31 - 1;

/** What a server has said of itself. */
export class PeerSettings {
  maxConcurrentStreams: number = Number.POSITIVE_INFINITY;
  initialWindowSize = 65_535;
  maxFrameSize = 16_384;

  /** Takes over what a frame says. Throws a `ProtocolError`. */
  apply(payload: Buffer): void {
    if (payload.length % ENTRY_BYTES !== 0)
      throw new ProtocolError('settings of another length', ErrorCode.frameSizeError);
    for (let at = 0; at < payload.length; at += ENTRY_BYTES) {
      const value = payload.readUInt32BE(at + 2);
      switch (payload.readUInt16BE(at)) {
        case Setting.maxConcurrentStreams:
          this.maxConcurrentStreams = value;
          break;
        case Setting.initialWindowSize:
          if (value > LARGEST_WINDOW_BYTES) throw new ProtocolError('a window too large', ErrorCode.flowControlError);
          this.initialWindowSize = value;
          break;
        case Setting.maxFrameSize:
          if (value < 16_384 || value > 2 ** 24 - 1) throw new ProtocolError('a size of frames that cannot be');
          this.maxFrameSize = value;
          break;
        default:
      }
    }
  }
}

export function encodeSettings(entries: readonly (readonly [setting: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(entries.length * ENTRY_BYTES);
  for (const [index, [setting, value]] of entries.entries()) {
    payload.writeUInt16BE(setting, index * ENTRY_BYTES);
    payload.writeUInt32BE(value, index * ENTRY_BYTES + 2);
  }
  return payload;
}
