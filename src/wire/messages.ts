import { BodyReader } from './frames.js';

/**
 * The bodies of the frontend messages that the gateway looks into. Field names are the protocol's own.
 * https://www.postgresql.org/docs/18/protocol-message-formats.html
 */
export interface ParseMessage {
  readonly name: string;
  /** In the client's encoding. */
  readonly query: Buffer;
  readonly parameterOids: readonly number[];
}

export interface BindMessage {
  readonly portal: string;
  readonly statement: string;
  /** Parameter format codes, parameter values and result format codes as they stand in the frame. */
  readonly tail: Buffer;
  readonly parameterFormats: readonly number[];
  readonly parameters: readonly (Buffer | null)[];
  readonly resultFormats: readonly number[];
}

export interface ExecuteMessage {
  readonly portal: string;
  /** 0: all rows. */
  readonly maxRows: number;
}

/** Describe and Close: what kind of object, and its name. */
export interface TargetMessage {
  readonly kind: 'statement' | 'portal';
  readonly name: string;
}

export interface FieldDescription {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
  readonly format: number;
}

/** The text of a Query message, in the client's encoding. */
export function readQuery(frame: Buffer): Buffer {
  return new BodyReader(frame).cstringBytes();
}

export function readParse(frame: Buffer): ParseMessage {
  const body = new BodyReader(frame);
  const name = body.cstring();
  const query = body.cstringBytes();
  const parameterOids = Array.from({ length: body.uint16() }, () => body.uint32());
  return { name, query, parameterOids };
}

/** The names at the start of a Bind message. */
export function readBindNames(frame: Buffer): Pick<BindMessage, 'portal' | 'statement'> {
  const body = new BodyReader(frame);
  return { portal: body.cstring(), statement: body.cstring() };
}

export function readBind(frame: Buffer): BindMessage {
  const body = new BodyReader(frame);
  const portal = body.cstring();
  const statement = body.cstring();
  const tailStart = body.position;
  const parameterFormats = Array.from({ length: body.uint16() }, () => body.int16());
  const parameters = Array.from({ length: body.uint16() }, () => {
    const length = body.int32();
    return length === -1 ? null : body.slice(length);
  });
  const resultFormats = Array.from({ length: body.uint16() }, () => body.int16());
  return { portal, statement, tail: frame.subarray(tailStart), parameterFormats, parameters, resultFormats };
}

export function readExecute(frame: Buffer): ExecuteMessage {
  const body = new BodyReader(frame);
  return { portal: body.cstring(), maxRows: body.int32() };
}

export function readTarget(frame: Buffer): TargetMessage {
  const body = new BodyReader(frame);
  const kind = body.byte() === 0x50 ? 'portal' : 'statement';
  return { kind, name: body.cstring() };
}

export function readRowDescription(frame: Buffer): FieldDescription[] {
  const body = new BodyReader(frame);
  return Array.from({ length: body.uint16() }, () => {
    const name = body.cstring();
    body.slice(6); // table OID and attribute number
    const typeOid = body.uint32();
    body.slice(2); // type size
    const typeModifier = body.int32();
    return { name, typeOid, typeModifier, format: body.int16() };
  });
}

export function readParameterDescription(frame: Buffer): number[] {
  const body = new BodyReader(frame);
  return Array.from({ length: body.uint16() }, () => body.uint32());
}

/** The cells of a DataRow in text format; with `latin1` one character per byte. */
export function readDataRow(frame: Buffer, encoding: 'utf8' | 'latin1' = 'utf8'): (string | null)[] {
  const body = new BodyReader(frame);
  return Array.from({ length: body.uint16() }, () => {
    const length = body.int32();
    return length === -1 ? null : body.slice(length).toString(encoding);
  });
}

/** The fields of an ErrorResponse or NoticeResponse by their one-letter codes; with `latin1` one character per byte. */
export function readErrorFields(frame: Buffer, encoding: 'utf8' | 'latin1' = 'utf8'): Map<string, string> {
  const body = new BodyReader(frame);
  const fields = new Map<string, string>();
  for (let code = body.byte(); code !== 0; code = body.byte())
    fields.set(String.fromCharCode(code), body.cstringBytes().toString(encoding));
  return fields;
}
