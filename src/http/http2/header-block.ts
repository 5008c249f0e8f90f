import { HeaderDecoder } from './decode-headers.js';
import { ErrorCode, Flag, type Frame, FrameType, ProtocolError, withoutPadding } from './frames.js';
import type { HeaderField } from './header-table.js';

/** Of one answer, as they are sent; HTTP/1.1 gets by with a quarter of it. */
const MOST_HEADER_BYTES = 64 * 1024;
const FRAME_OVERHEAD = 9;
const PRIORITY_BYTES = 5;

/** Puts the frames of a block of headers together and decodes it, also where nobody wants it: later ones refer to it. */
export class HeaderBlock {
  readonly #decoder = new HeaderDecoder();
  #parts: Buffer[] = [];
  #bytes = 0;
  #isEnd = false;
  streamId = 0;
  /** True while further parts of a block are due. */
  isOpen = false;

  /** The headers once they are whole; `isEnd`: nothing follows them. Throws a `ProtocolError` or a `HeaderCodingError`. */
  add(frame: Frame): { readonly streamId: number; readonly fields: HeaderField[]; readonly isEnd: boolean } | null {
    if (frame.type === FrameType.headers) {
      this.streamId = frame.streamId;
      this.#isEnd = (frame.flags & Flag.endStream) !== 0;
      this.#parts = [];
      this.#bytes = 0;
    } else if (!this.isOpen) throw new ProtocolError('a block of headers goes on that has not begun');
    const part = frame.type === FrameType.headers ? withoutPriority(frame) : frame.payload;
    // Its memory is used again before the rest has come.
    this.#parts.push(Buffer.from(part));
    this.#bytes += part.length + FRAME_OVERHEAD;
    if (this.#bytes > MOST_HEADER_BYTES) throw new ProtocolError('the headers are too long', ErrorCode.enhanceYourCalm);
    this.isOpen = (frame.flags & Flag.endHeaders) === 0;
    if (this.isOpen) return null;
    const fields = this.#decoder.decode(Buffer.concat(this.#parts));
    this.#parts = [];
    return { streamId: this.streamId, fields, isEnd: this.#isEnd };
  }
}

function withoutPriority(frame: Frame): Buffer {
  const payload = withoutPadding(frame);
  if ((frame.flags & Flag.priority) === 0) return payload;
  if (payload.length < PRIORITY_BYTES) throw new ProtocolError('a priority is cut off', ErrorCode.frameSizeError);
  return payload.subarray(PRIORITY_BYTES);
}
