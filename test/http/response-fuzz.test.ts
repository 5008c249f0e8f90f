import { type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { framingOf } from '../../src/http/connection/body-framing.js';
import { HeadReader } from '../../src/http/connection/response-head.js';
import { Random } from '../core/random.js';

/** Responses in all; TIDEGATE_FUZZ_RESPONSES=100000 for a long run. */
const RESPONSES = Number(process.env.TIDEGATE_FUZZ_RESPONSES ?? 3_000);
const SEED = Number(process.env.TIDEGATE_FUZZ_SEED ?? 1);

/** What a response came to: a fault, or status, headers and body. */
type Outcome = { readonly fault: string } | { readonly status: number; readonly fields: string; readonly body: string };

/** Reads a response that ends with its connection, in these pieces. */
function readHere(pieces: readonly Buffer[]): Outcome {
  const heads = new HeadReader();
  let framing: ReturnType<typeof framingOf> | null = null;
  let body = '';
  try {
    for (const piece of pieces) {
      // It is moved about while chunks are undone.
      const bytes = Buffer.from(piece);
      let at = 0;
      while (framing === null) {
        at = heads.take(bytes, at, bytes.length);
        if (at < 0) break;
        if (heads.head.status === 101) return { fault: 'another protocol' };
        if (heads.head.status >= 200) framing = framingOf(heads.head, false);
      }
      if (framing === null || at < 0) continue;
      const end = framing.take(bytes, at, bytes.length);
      body += bytes.toString('latin1', at, end);
      if (framing.isComplete) break;
    }
    const fault = framing === null ? new Error('no head') : framing.isComplete ? null : framing.atClose();
    if (fault !== null) return { fault: fault.message };
  } catch (error) {
    return { fault: (error as Error).message };
  }
  const fields = ['x-a', 'content-type', 'etag'].map((name) => `${name}: ${heads.head.headers.get(name)}`).join('\n');
  return { status: heads.head.status, fields, body };
}

/** The same by Node's own client. */
function readByNode(pieces: readonly Buffer[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
    const fail = (error: Error): void => resolve({ fault: error.message });
    const sent = request({ createConnection: () => socket as never }, (response: IncomingMessage) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString('latin1');
      });
      response.on('error', fail);
      response.on('end', () => {
        if (!response.complete) return resolve({ fault: 'incomplete' });
        const fields = ['x-a', 'content-type', 'etag'].map((name) => `${name}: ${response.headers[name] ?? null}`);
        resolve({ status: response.statusCode!, fields: fields.join('\n'), body });
      });
    });
    sent.on('error', fail);
    sent.on('upgrade', () => fail(new Error('another protocol')));
    sent.end();
    // Node takes the socket over in the turn after.
    sent.on('socket', () =>
      setImmediate(() => {
        for (const piece of pieces) socket.push(piece);
        socket.push(null);
      }),
    );
  });
}

const SEEDS = [
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nX-A: one\r\n\r\n{"a":[1,2]}',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "x"\r\n\r\n4\r\n{"a"\r\n7;x=y\r\n:[1,2]}\r\n0\r\n\r\n',
  'HTTP/1.1 206 \r\nX-A: \u00e9  \r\n\r\nuntil the end',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 Not Found\r\nX-A: a,b\r\nContent-Length: 2\r\n\r\nno',
  'HTTP/1.1 204 No Content\r\nX-A:\r\n\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n000\r\nX-T: t\r\n\r\n',
];
const SNIPPETS = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ':',
  ' ',
  '\t',
  '0',
  '1',
  'f',
  '\0',
  '\u00ff',
  ';',
  ',',
  'chunked',
  '-1',
  'X-A: z\r\n',
];

function mutated(random: Random): Buffer {
  let bytes = Buffer.from(random.pick(SEEDS), 'latin1');
  for (let times = random.int(0, 3); times > 0; times--) {
    const at = random.int(0, bytes.length);
    const snippet = Buffer.from(random.pick(SNIPPETS), 'latin1');
    const removed = random.pick([0, 0, 1, snippet.length, random.int(0, 8)]);
    const added = random.int(0, 3) === 0 ? Buffer.alloc(0) : snippet;
    bytes = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
  }
  return bytes;
}

function cut(bytes: Buffer, random: Random): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = random.pick([1, 2, 5, 20, bytes.length]);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

describe('mutated responses', () => {
  it(`are read like Node does, or refused: ${RESPONSES} of them`, async () => {
    const random = new Random(SEED);
    let agreed = 0;
    for (let turn = 0; turn < RESPONSES; turn++) {
      const bytes = mutated(random);
      const shown = `${turn}: ${JSON.stringify(bytes.toString('latin1'))}`;
      const here = readHere([bytes]);
      const inPieces = readHere(cut(bytes, random));
      expect('fault' in inPieces ? { fault: 'fault' in here && here.fault } : inPieces, shown).toEqual(here);
      const node = await readByNode([bytes]);
      // Either may be stricter; what both take they must take for the same.
      if ('fault' in here || 'fault' in node) continue;
      // A tab after a value is no part of it (RFC 9110, section 5.5), but hides the coding from Node's parser.
      if (/chunked ?\t/i.test(bytes.toString('latin1'))) continue;
      expect(here, shown).toEqual(node);
      agreed++;
    }
    expect(agreed).toBeGreaterThan(RESPONSES / 5);
  });
});
