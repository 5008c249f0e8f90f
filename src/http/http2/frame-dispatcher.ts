import { ErrorCode, Flag, type Frame, FrameReader, FrameType, ProtocolError } from './frames.js';
import { HeaderBlock } from './header-block.js';
import type { HeaderField } from './header-table.js';

/** A block of headers with the stream that it is for; `isEnd`: nothing follows it there. */
export interface HeaderedStream {
  readonly streamId: number;
  readonly fields: readonly HeaderField[];
  readonly isEnd: boolean;
}

/** What is done about frames, by their kind. */
export interface FrameHandlers {
  onHeaders(block: HeaderedStream): void;
  /** Or a part of a frame. */
  onData(frame: Frame): void;
  onReset(streamId: number, code: number): void;
  onSettings(payload: Buffer): void;
  onPing(payload: Buffer): void;
  onGoAway(lastId: number, code: number): void;
  onWindowUpdate(streamId: number, bytes: number): void;
}

/** Reads a connection's frames and hands each to what is done about it. */
export class FrameDispatcher {
  readonly #handlers: FrameHandlers;
  readonly #reader = new FrameReader();
  readonly #headers = new HeaderBlock();

  constructor(handlers: FrameHandlers) {
    this.#handlers = handlers;
  }

  /** Until `isOver`. Throws a `ProtocolError` or a `HeaderCodingError`. */
  dispatch(bytes: Buffer, isOver: () => boolean): void {
    for (const frame of this.#reader.read(bytes)) {
      if (isOver()) return;
      this.#dispatch(frame);
    }
  }

  #dispatch(frame: Frame): void {
    const { type, flags, streamId, payload } = frame;
    const handlers = this.#handlers;
    if (this.#headers.isOpen && (type !== FrameType.continuation || streamId !== this.#headers.streamId)) {
      throw new ProtocolError('a block of headers is interrupted');
    }
    if (type === FrameType.data) handlers.onData(frame);
    else if (type === FrameType.headers || type === FrameType.continuation) {
      const block = this.#headers.add(frame);
      if (block !== null) handlers.onHeaders(block);
    } else if (type === FrameType.resetStream) handlers.onReset(streamId, numberAt(payload, 0));
    else if (type === FrameType.goAway) handlers.onGoAway(numberAt(payload, 0) & 0x7fffffff, numberAt(payload, 4));
    else if (type === FrameType.windowUpdate) handlers.onWindowUpdate(streamId, numberAt(payload, 0) & 0x7fffffff);
    else if (type === FrameType.pushPromise) throw new ProtocolError('a push that was not asked for');
    else if ((flags & Flag.ack) !== 0) return;
    else if (type === FrameType.settings) handlers.onSettings(payload);
    else if (type === FrameType.ping) handlers.onPing(payload);
    // Priorities, and kinds that are not known, say nothing that would change an answer.
  }
}

function numberAt(payload: Buffer, offset: number): number {
  if (payload.length < offset + 4) throw new ProtocolError('a frame is cut off', ErrorCode.frameSizeError);
  return payload.readUInt32BE(offset);
}
