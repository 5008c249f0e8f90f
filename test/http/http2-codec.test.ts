import { describe, expect, it } from 'vitest';
import { HeaderCodingError, HeaderDecoder } from '../../src/http/http2/decode-headers.js';
import { encodeHeaders } from '../../src/http/http2/encode-headers.js';
import { encodeFrame, type Frame, FrameReader, FrameType, ProtocolError } from '../../src/http/http2/frames.js';
import { decodeHuffman } from '../../src/http/http2/huffman.js';
import { Random } from '../core/random.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');

describe('headers of HTTP/2', () => {
  it('are decoded as the examples of RFC 7541, appendix C.4 and C.6, have them', () => {
    const requests = new HeaderDecoder();
    expect(requests.decode(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'))).toEqual([
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'www.example.com'],
    ]);
    expect(requests.decode(hex('8286 84be 5886 a8eb 1064 9cbf'))).toContainEqual(['cache-control', 'no-cache']);
    expect(requests.decode(hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'))).toEqual([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/index.html'],
      [':authority', 'www.example.com'],
      ['custom-key', 'custom-value'],
    ]);
    const answers = new HeaderDecoder();
    const first = hex(
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
    );
    expect(answers.decode(first)).toEqual([
      [':status', '302'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ['location', 'https://www.example.com'],
    ]);
    expect(answers.decode(hex('4883 640e ffc1 c0bf'))).toContainEqual([':status', '307']);
  });

  it('are encoded so that they come back, whatever bytes they have', () => {
    const random = new Random(7);
    const decoder = new HeaderDecoder();
    for (let round = 0; round < 200; round++) {
      const fields = Array.from({ length: 1 + Math.floor(random.next() * 8) }, () => {
        const length = Math.floor(random.next() * 400);
        const value = Array.from({ length }, () => String.fromCharCode(Math.floor(random.next() * 256))).join('');
        return [random.next() < 0.5 ? 'content-type' : `x-${Math.floor(random.next() * 50)}`, value] as const;
      });
      expect(decoder.decode(encodeHeaders(fields, round === 0))).toEqual(fields);
    }
  });

  it.each([
    ['a number that no header has', 'ff80 8001'],
    ['an index of 0', '80'],
    ['a text that is cut off', '4005 6162'],
    ['a number without an end', '7fff ffff ffff ffff ff'],
    ['a table larger than allowed', '3fe2 3f'],
    ['a size of the table behind a header', '8220'],
    ['an end of text within it', '4084 ffff ffff 0161'],
    ['padding that is no padding', '4081 0001 61'],
  ])('with %s are refused', (_name, block) => {
    expect(() => new HeaderDecoder().decode(hex(block))).toThrow(HeaderCodingError);
  });

  it('end in headers or in the one error for any bytes', () => {
    const random = new Random(11);
    for (let round = 0; round < 20_000; round++) {
      const block = Buffer.from(
        Array.from({ length: Math.floor(random.next() * 40) }, () => Math.floor(random.next() * 256)),
      );
      decodeHuffman(block);
      try {
        new HeaderDecoder().decode(block);
      } catch (error) {
        expect(error).toBeInstanceOf(HeaderCodingError);
      }
    }
  });
});

describe('frames of HTTP/2', () => {
  const whole = Buffer.concat([
    encodeFrame(FrameType.settings, 0, 0, Buffer.alloc(0)),
    encodeFrame(FrameType.headers, 4, 1, Buffer.from('headers')),
    encodeFrame(FrameType.data, 1, 1, Buffer.from('some data')),
    encodeFrame(FrameType.data, 9, 3, Buffer.from('\u0002padded\0\0')),
    encodeFrame(FrameType.ping, 0, 0, Buffer.alloc(8)),
  ]);

  /** What is read, the parts of a frame with data put together. */
  function framesOf(chunks: readonly Buffer[]): string[] {
    const reader = new FrameReader();
    const found: string[] = [];
    let data = '';
    const add = ({ type, flags, streamId, payload, isLast }: Frame): void => {
      data += payload.toString('latin1');
      if (!isLast) return;
      found.push(`${type} ${flags} ${streamId} ${data}`);
      data = '';
    };
    for (const chunk of chunks) for (const frame of reader.read(chunk)) add(frame);
    return found;
  }

  it('are the same wherever their bytes are cut', () => {
    const expected = framesOf([whole]);
    expect(expected).toHaveLength(5);
    for (let cut = 0; cut <= whole.length; cut++) {
      expect(framesOf([whole.subarray(0, cut), whole.subarray(cut)])).toEqual(expected);
    }
    expect(framesOf([...whole].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it('that are too long are refused before their bytes are there', () => {
    const head = encodeFrame(FrameType.headers, 4, 1, Buffer.alloc(16_385)).subarray(0, 9);
    expect(() => [...new FrameReader().read(head)]).toThrow(ProtocolError);
  });
});
