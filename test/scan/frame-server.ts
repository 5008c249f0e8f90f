import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { HeaderDecoder } from '../../src/http/http2/decode-headers.js';
import { encodeHeaders } from '../../src/http/http2/encode-headers.js';
import { encodeFrame, Flag, FrameReader, FrameType } from '../../src/http/http2/frames.js';
import type { HeaderField } from '../../src/http/http2/header-table.js';
import type { Certificates } from '../support/certificates.js';
import type { TestApi } from './fixtures.js';

const PREFACE_BYTES = 24;

/** A request as it came in, and what can be done about it, whether the rules allow it or not. */
export interface FrameStream {
  readonly id: number;
  readonly url: URL;
  readonly headers: ReadonlyMap<string, string>;
  readonly isOpen: () => boolean;
  readonly respond: (status: number, headers: Readonly<Record<string, string>>, isEnd?: boolean) => void;
  readonly data: (data: string, isEnd?: boolean) => void;
  readonly reset: (code: number) => void;
  readonly goAway: (code: number, lastId?: number) => void;
  readonly lose: () => void;
  readonly send: (frame: Buffer) => void;
}

/**
 * A server of HTTP/2 that sends the frames it is told to, for what Node's own will not do or does not survive. It takes
 * requests without bodies.
 */
export async function startFrameServer(
  certificates: Certificates,
  handler: (stream: FrameStream) => void,
): Promise<TestApi> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(
    { key: certificates.pem('server.key'), cert: certificates.pem('server.pem'), ALPNProtocols: ['h2'] },
    (socket) => serve(socket, requests, handler),
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    requests,
    openSockets: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(socket: TLSSocket, requests: string[], handler: (stream: FrameStream) => void): void {
  const reader = new FrameReader();
  const decoder = new HeaderDecoder();
  const open = new Set<number>();
  let preface = PREFACE_BYTES;
  let isFirst = true;
  let lastId = 0;
  const send = (frame: Buffer): void => {
    if (socket.writable) socket.write(frame);
  };
  const sendNumber = (type: number, id: number, value: number): void => {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(value);
    send(encodeFrame(type, 0, id, payload));
  };
  const received = (id: number, fields: readonly HeaderField[]): void => {
    const headers = new Map(fields);
    const path = headers.get(':path') ?? '/';
    requests.push(`${headers.get(':method')} ${path}`);
    open.add(id);
    lastId = id;
    const end = (isEnd: boolean): number => {
      if (isEnd) open.delete(id);
      return isEnd ? Flag.endStream : 0;
    };
    handler({
      id,
      url: new URL(path, 'https://api'),
      headers,
      send,
      isOpen: () => open.has(id) && socket.writable,
      respond: (status, more, isEnd = false) => {
        const block = encodeHeaders([[':status', String(status)], ...Object.entries(more)], isFirst);
        isFirst = false;
        send(encodeFrame(FrameType.headers, Flag.endHeaders | end(isEnd), id, block));
      },
      data: (data, isEnd = false) => send(encodeFrame(FrameType.data, end(isEnd), id, Buffer.from(data))),
      reset: (code) => {
        open.delete(id);
        sendNumber(FrameType.resetStream, id, code);
      },
      goAway: (code, last = lastId) => {
        const payload = Buffer.alloc(8);
        payload.writeUInt32BE(last, 0);
        payload.writeUInt32BE(code, 4);
        send(encodeFrame(FrameType.goAway, 0, 0, payload));
      },
      lose: () => socket.destroy(),
    });
  };
  send(encodeFrame(FrameType.settings, 0, 0, Buffer.alloc(0)));
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    const skipped = Math.min(preface, chunk.length);
    preface -= skipped;
    for (const frame of reader.read(chunk.subarray(skipped))) {
      if (frame.type === FrameType.headers) received(frame.streamId, decoder.decode(frame.payload));
      else if (frame.type === FrameType.resetStream) open.delete(frame.streamId);
      else if (frame.type === FrameType.settings && (frame.flags & Flag.ack) === 0) {
        send(encodeFrame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0)));
      }
    }
  });
}
