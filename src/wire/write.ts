import type { GatewayError } from '../core/errors.js';

/** Builds one message: `start` the type, add fields, `end` gives the frame. */
class FrameWriter {
  readonly #parts: Buffer[] = [];
  readonly #type: number;

  constructor(type: string) {
    this.#type = type.charCodeAt(0);
  }

  int16(value: number): this {
    const part = Buffer.allocUnsafe(2);
    part.writeInt16BE(value);
    return this.bytes(part);
  }

  int32(value: number): this {
    const part = Buffer.allocUnsafe(4);
    part.writeInt32BE(value);
    return this.bytes(part);
  }

  uint32(value: number): this {
    return this.int32(value | 0);
  }

  cstring(text: string): this {
    return this.bytes(Buffer.from(`${text}\0`, 'utf8'));
  }

  bytes(part: Buffer): this {
    this.#parts.push(part);
    return this;
  }

  end(): Buffer {
    const header = Buffer.allocUnsafe(5);
    header[0] = this.#type;
    header.writeInt32BE(4 + this.#parts.reduce((sum, part) => sum + part.length, 0), 1);
    return Buffer.concat([header, ...this.#parts]);
  }
}

const empty = (type: string): Buffer => new FrameWriter(type).end();

/** Frontend messages that the gateway itself sends to the engine. */
export const frontend = {
  parse: (name: string, query: Buffer | string, parameterOids: readonly number[] = []): Buffer => {
    const text = typeof query === 'string' ? Buffer.from(query, 'utf8') : query;
    const frame = new FrameWriter('P')
      .cstring(name)
      .bytes(text)
      .bytes(Buffer.from([0]))
      .int16(parameterOids.length);
    for (const oid of parameterOids) frame.uint32(oid);
    return frame.end();
  },
  /** Bind with the parameter and result part of another Bind message. */
  bindWithTail: (portal: string, statement: string, tail: Buffer): Buffer =>
    new FrameWriter('B').cstring(portal).cstring(statement).bytes(tail).end(),
  /** Bind with text parameters and text results. */
  bindText: (portal: string, statement: string, parameters: readonly (string | null)[] = []): Buffer =>
    frontend.bindWithTail(portal, statement, textBindTail(parameters)),
  describe: (kind: 'statement' | 'portal', name: string): Buffer =>
    new FrameWriter('D')
      .bytes(Buffer.from(kind === 'portal' ? 'P' : 'S'))
      .cstring(name)
      .end(),
  execute: (portal: string, maxRows = 0): Buffer => new FrameWriter('E').cstring(portal).int32(maxRows).end(),
  close: (kind: 'statement' | 'portal', name: string): Buffer =>
    new FrameWriter('C')
      .bytes(Buffer.from(kind === 'portal' ? 'P' : 'S'))
      .cstring(name)
      .end(),
  password: (text: string): Buffer => new FrameWriter('p').cstring(text).end(),
  saslInitialResponse: (mechanism: string, response: string): Buffer => {
    const bytes = Buffer.from(response, 'utf8');
    return new FrameWriter('p').cstring(mechanism).int32(bytes.length).bytes(bytes).end();
  },
  saslResponse: (response: string): Buffer => new FrameWriter('p').bytes(Buffer.from(response, 'utf8')).end(),
  query: (text: string): Buffer => new FrameWriter('Q').cstring(text).end(),
  sync: empty('S'),
  flush: empty('H'),
  terminate: empty('X'),
};

/** The tail of a Bind message with these parameters as text and all results as text. */
export function textBindTail(
  parameters: readonly (string | null)[] = [],
  resultFormats: readonly number[] = [],
): Buffer {
  const parts: Buffer[] = [int16(0), int16(parameters.length)];
  for (const parameter of parameters) {
    if (parameter === null) {
      parts.push(int32(-1));
      continue;
    }
    const bytes = Buffer.from(parameter, 'utf8');
    parts.push(int32(bytes.length), bytes);
  }
  parts.push(int16(resultFormats.length), ...resultFormats.map(int16));
  return Buffer.concat(parts);
}

/** The tail of a Bind message with another message's parameters and text results. */
export function bindTailWithTextResults(formats: readonly number[], parameters: readonly (Buffer | null)[]): Buffer {
  const parts: Buffer[] = [int16(formats.length), ...formats.map(int16), int16(parameters.length)];
  for (const parameter of parameters) {
    parts.push(int32(parameter === null ? -1 : parameter.length));
    if (parameter !== null) parts.push(parameter);
  }
  parts.push(int16(0));
  return Buffer.concat(parts);
}

/** Backend messages that the gateway itself sends to a client. */
export const backend = {
  error: (error: GatewayError, severity: 'ERROR' | 'FATAL' = 'ERROR'): Buffer =>
    errorFields('E', [
      ['S', severity],
      ['V', severity],
      ['C', error.sqlstate],
      ['M', error.message],
      ['D', error.detail],
      ['H', error.hint],
      ['P', error.position?.toString()],
    ]),
  notice: (message: string, sqlstate = '00000'): Buffer =>
    errorFields('N', [
      ['S', 'NOTICE'],
      ['V', 'NOTICE'],
      ['C', sqlstate],
      ['M', message],
    ]),
  commandComplete: (tag: string): Buffer => new FrameWriter('C').cstring(tag).end(),
  dataRow: (cells: readonly (Buffer | null)[]): Buffer => {
    const frame = new FrameWriter('D').int16(cells.length);
    for (const bytes of cells) {
      frame.int32(bytes === null ? -1 : bytes.length);
      if (bytes !== null) frame.bytes(bytes);
    }
    return frame.end();
  },
  portalSuspended: empty('s'),
};

/** Writes an ErrorResponse or NoticeResponse; fields without a value are left out. */
export function errorFields(
  type: 'E' | 'N',
  fields: Iterable<readonly [string, string | undefined]>,
  encode: (text: string) => Buffer = (text) => Buffer.from(text, 'utf8'),
): Buffer {
  const frame = new FrameWriter(type);
  for (const [code, value] of fields) {
    if (value !== undefined)
      frame
        .bytes(Buffer.from(code))
        .bytes(encode(value))
        .bytes(Buffer.from([0]));
  }
  return frame.bytes(Buffer.from([0])).end();
}

function int16(value: number): Buffer {
  const part = Buffer.allocUnsafe(2);
  part.writeInt16BE(value);
  return part;
}

function int32(value: number): Buffer {
  const part = Buffer.allocUnsafe(4);
  part.writeInt32BE(value);
  return part;
}
