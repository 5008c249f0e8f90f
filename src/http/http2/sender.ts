import type { Socket } from 'node:net';
import { encodeHeaders } from './encode-headers.js';
import { encodeFrame, Flag, FrameType } from './frames.js';
import type { HeaderField } from './header-table.js';
import { encodeSettings, PeerSettings, Setting } from './settings.js';
import { type Http2Stream, STREAM_WINDOW_BYTES } from './stream.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** For all bodies of a connection together; it is given back as bytes arrive, read or not. */
export const CONNECTION_WINDOW_BYTES = 16 * 2 ** 20;
const FIRST_WINDOW_BYTES = 65_535;
const LARGEST_WINDOW_BYTES = 2 ** 31 - 1;

/** Writes one connection's frames, and requests' bodies as fast as the server's windows allow. */
export class Http2Sender {
  readonly peer = new PeerSettings();
  readonly #socket: Socket;
  /** What waits for the server's leave. */
  readonly #unsent = new Map<Http2Stream, Buffer>();
  #window = FIRST_WINDOW_BYTES;
  #isFirst = true;

  /** Begins the connection. */
  constructor(socket: Socket) {
    this.#socket = socket;
    const settings = encodeSettings([
      [Setting.enablePush, 0],
      [Setting.initialWindowSize, STREAM_WINDOW_BYTES],
    ]);
    socket.write(Buffer.concat([PREFACE, encodeFrame(FrameType.settings, 0, 0, settings)]));
    this.windowUpdate(0, CONNECTION_WINDOW_BYTES - FIRST_WINDOW_BYTES);
  }

  send(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(encodeFrame(type, flags, streamId, payload));
  }

  /** A frame whose payload is one number. */
  sendNumber(type: number, streamId: number, value: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(value);
    this.send(type, 0, streamId, payload);
  }

  windowUpdate(streamId: number, bytes: number): void {
    this.sendNumber(FrameType.windowUpdate, streamId, bytes);
  }

  request(stream: Http2Stream, fields: readonly HeaderField[], body: Buffer | null): void {
    const block = encodeHeaders(fields, this.#isFirst);
    this.#isFirst = false;
    this.#socket.cork();
    const size = this.peer.maxFrameSize;
    for (let at = 0; at === 0 || at < block.length; at += size) {
      const type = at === 0 ? FrameType.headers : FrameType.continuation;
      const isLast = at + size >= block.length;
      const flags = (isLast ? Flag.endHeaders : 0) | (at === 0 && body === null ? Flag.endStream : 0);
      this.send(type, flags, stream.id, block.subarray(at, at + size));
    }
    if (body !== null) {
      this.#unsent.set(stream, body);
      this.sendBodies();
    }
    this.#socket.uncork();
  }

  /** Nothing of its body is sent any more. */
  forget(stream: Http2Stream): void {
    this.#unsent.delete(stream);
  }

  /** The server takes so many bytes more; false for more than there can be (RFC 9113, section 6.9.1). */
  widen(stream: Http2Stream | null, bytes: number): boolean {
    if (stream === null) this.#window += bytes;
    else stream.sendWindow += bytes;
    return Math.max(this.#window, stream?.sendWindow ?? 0) <= LARGEST_WINDOW_BYTES;
  }

  /** As much of the requests' bodies as the server takes now. */
  sendBodies(): void {
    for (const [stream, body] of this.#unsent) {
      let rest = body;
      for (;;) {
        const bytes = Math.min(rest.length, this.peer.maxFrameSize, this.#window, stream.sendWindow);
        if (bytes <= 0 && rest.length > 0) break;
        this.#window -= bytes;
        stream.sendWindow -= bytes;
        const isLast = bytes === rest.length;
        this.send(FrameType.data, isLast ? Flag.endStream : 0, stream.id, rest.subarray(0, bytes));
        rest = rest.subarray(bytes);
        if (isLast) break;
      }
      if (rest.length === 0) this.#unsent.delete(stream);
      else this.#unsent.set(stream, rest);
    }
  }
}
