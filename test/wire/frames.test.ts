import { describe, expect, it } from 'vitest';
import { errors } from '../../src/core/errors.js';
import { BodyReader, ClientFrameReader, MAX_CLIENT_FRAME_BYTES } from '../../src/wire/frames.js';
import { readBind, readErrorFields, readExecute, readParse, readTarget } from '../../src/wire/messages.js';
import { readStartupPacket, startupMessage } from '../../src/wire/startup.js';
import { backend, frontend, textBindTail } from '../../src/wire/write.js';

const pipeline = Buffer.concat([
  frontend.parse('s1', 'SELECT $1', [25]),
  frontend.bindText('p1', 's1', ['é', null]),
  frontend.describe('portal', 'p1'),
  frontend.execute('p1', 10),
  frontend.close('statement', 's1'),
  frontend.sync,
  frontend.query('SELECT 1'),
]);

function framesOf(chunks: Buffer[]): string[] {
  const reader = new ClientFrameReader();
  const frames = chunks.flatMap((chunk) => [...reader.push(chunk)]);
  expect(reader.pendingBytes).toBe(0);
  return frames.map((frame) => frame.bytes.toString('hex'));
}

describe('ClientFrameReader', () => {
  const whole = framesOf([pipeline]);

  it('reads the same frames wherever the stream is split', () => {
    expect(whole).toHaveLength(7);
    for (let at = 0; at <= pipeline.length; at++) {
      expect(framesOf([pipeline.subarray(0, at), pipeline.subarray(at)])).toEqual(whole);
    }
    for (const size of [1, 2, 3, 7]) {
      const chunks = [];
      for (let at = 0; at < pipeline.length; at += size) chunks.push(pipeline.subarray(at, at + size));
      expect(framesOf(chunks)).toEqual(whole);
    }
  });

  const frame = (type: string, length: number): Buffer => {
    const bytes = Buffer.alloc(5);
    bytes[0] = type.charCodeAt(0);
    bytes.writeInt32BE(length, 1);
    return bytes;
  };

  it.each([
    ['a length of 1 GB', frame('Q', 1024 * 1024 * 1024)],
    ['a length over the limit', frame('P', MAX_CLIENT_FRAME_BYTES + 1)],
    ['a negative length', frame('Q', -1)],
    ['a length shorter than itself', frame('S', 3)],
    ['a long message of a short kind', frame('S', 20_000)],
    ['an unknown type', frame('?', 4)],
  ])('refuses %s with 08P01 before its body comes', (_, bytes) => {
    const reader = new ClientFrameReader();
    expect(() => [...reader.push(bytes)]).toThrow(expect.objectContaining({ sqlstate: '08P01' }));
  });
});

describe('messages', () => {
  it('reads what it writes', () => {
    expect(readParse(frontend.parse('s', 'SELECT $1', [20, 25]))).toEqual({
      name: 's',
      query: Buffer.from('SELECT $1'),
      parameterOids: [20, 25],
    });
    const bind = readBind(frontend.bindText('p', 's', ['x', null]));
    expect(bind).toMatchObject({ portal: 'p', statement: 's', parameterFormats: [], resultFormats: [] });
    expect(bind.parameters).toEqual([Buffer.from('x'), null]);
    expect(bind.tail).toEqual(textBindTail(['x', null]));
    expect(readExecute(frontend.execute('p', 5))).toEqual({ portal: 'p', maxRows: 5 });
    expect(readTarget(frontend.close('portal', 'p'))).toEqual({ kind: 'portal', name: 'p' });
  });

  it('refuses a Bind whose counts say more than it holds', () => {
    const frame = Buffer.from(frontend.bindText('p', 's', ['abc']));
    for (let cut = 6; cut < frame.length; cut++) {
      expect(() => readBind(frame.subarray(0, cut))).toThrow(expect.objectContaining({ sqlstate: '08P01' }));
    }
  });

  it('writes errors with the fields that are set', () => {
    const fields = readErrorFields(backend.error(errors.apiError('no', { hint: 'do', position: 7 })));
    expect(Object.fromEntries(fields)).toEqual({ S: 'ERROR', V: 'ERROR', C: 'HV000', M: 'no', H: 'do', P: '7' });
  });

  it('never reads behind a body', () => {
    expect(() => new BodyReader(Buffer.from('Q\0\0\0\x08abc', 'latin1')).cstring()).toThrow('invalid string');
  });
});

describe('startup packets', () => {
  const parameters = [
    ['user', 'tidegate'],
    ['application_name', 'psql ü'],
  ] as const;
  const message = startupMessage(196608, parameters);

  it('reads a StartupMessage, and waits for one that is not complete', () => {
    for (let cut = 0; cut < message.length; cut++) expect(readStartupPacket(message.subarray(0, cut))).toBeNull();
    const read = readStartupPacket(Buffer.concat([message, Buffer.from('rest')]));
    expect(read?.length).toBe(message.length);
    expect(read?.packet).toEqual({ type: 'startup', protocol: 196608, parameters: new Map(parameters) });
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['zero bytes', Buffer.alloc(8)],
    ['a length of 1 GB', Buffer.from([0x40, 0, 0, 0, 0, 3, 0, 0])],
    ['parameters without an end', Buffer.from([0, 0, 0, 12, 0, 3, 0, 0, 0x75, 0, 0x61, 0x62])],
    ['a cancel request without a key', Buffer.from([0, 0, 0, 12, 4, 210, 22, 46, 0, 0, 0, 1])],
  ])('refuses %s with 08P01', (_, bytes) => {
    expect(() => readStartupPacket(bytes)).toThrow(expect.objectContaining({ sqlstate: '08P01' }));
  });

  it('refuses protocol 2', () => {
    expect(() => readStartupPacket(startupMessage(131072, parameters))).toThrow(
      expect.objectContaining({ sqlstate: '0A000' }),
    );
  });
});
