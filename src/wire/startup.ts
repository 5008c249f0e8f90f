import { errors } from '../core/errors.js';

/** What a client sends first on a connection, before messages have type bytes. */
export type StartupPacket =
  | { readonly type: 'ssl' }
  | { readonly type: 'gssenc' }
  | { readonly type: 'cancel'; readonly processId: number; readonly secretKey: Buffer }
  | {
      readonly type: 'startup';
      readonly protocol: number;
      /** In the order sent; names may repeat, the last one counts. */
      readonly parameters: ReadonlyMap<string, string>;
    };

/** As PostgreSQL's MAX_STARTUP_PACKET_LENGTH. */
const MAX_STARTUP_PACKET_BYTES = 10_000;

const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;

/**
 * Reads the packet at the start of `bytes`.
 * @returns null while it is incomplete, else the packet and how many bytes it took
 * @throws 08P01 for what cannot be one
 */
export function readStartupPacket(bytes: Buffer): { packet: StartupPacket; length: number } | null {
  if (bytes.length < 4) return null;
  const length = bytes.readUInt32BE(0);
  if (length < 8 || length > MAX_STARTUP_PACKET_BYTES) {
    throw errors.protocolViolation('invalid length of startup packet', {
      hint: 'Connect with a PostgreSQL driver; this port speaks the PostgreSQL protocol only.',
    });
  }
  if (bytes.length < length) return null;
  const code = bytes.readUInt32BE(4);
  const body = bytes.subarray(8, length);
  return { packet: readPacket(code, body), length };
}

function readPacket(code: number, body: Buffer): StartupPacket {
  if (code === SSL_REQUEST) return { type: 'ssl' };
  if (code === GSSENC_REQUEST) return { type: 'gssenc' };
  if (code === CANCEL_REQUEST) {
    if (body.length < 8 || body.length > 260) throw errors.protocolViolation('invalid length of cancel request packet');
    return { type: 'cancel', processId: body.readUInt32BE(0), secretKey: Buffer.from(body.subarray(4)) };
  }
  if (code >>> 16 !== 3) {
    throw errors.featureNotSupported(
      `unsupported frontend protocol ${code >>> 16}.${code & 0xffff}: server supports 3.0 to 3.2`,
    );
  }
  return { type: 'startup', protocol: code, parameters: readParameters(body) };
}

function readParameters(body: Buffer): Map<string, string> {
  const texts = body.toString('utf8').split('\0');
  // name \0 value \0 … \0: split leaves two empty strings at the end
  if (texts.length < 2 || texts.at(-1) !== '' || texts.at(-2) !== '' || texts.length % 2 !== 0) {
    throw errors.protocolViolation('invalid startup packet layout: expected terminator as last byte');
  }
  const parameters = new Map<string, string>();
  for (let i = 0; i + 1 < texts.length - 1; i += 2) {
    if (texts[i] === '')
      throw errors.protocolViolation('invalid startup packet layout: expected terminator as last byte');
    parameters.set(texts[i]!, texts[i + 1]!);
  }
  return parameters;
}

/** Writes a StartupMessage. */
export function startupMessage(protocol: number, parameters: Iterable<readonly [string, string]>): Buffer {
  const texts = [...parameters].flat();
  const body = Buffer.from(`${texts.map((text) => `${text}\0`).join('')}\0`, 'utf8');
  const header = Buffer.allocUnsafe(8);
  header.writeUInt32BE(8 + body.length, 0);
  header.writeUInt32BE(protocol, 4);
  return Buffer.concat([header, body]);
}

/** Writes a CancelRequest. */
export function cancelRequest(processId: number, secretKey: Buffer): Buffer {
  const packet = Buffer.allocUnsafe(12 + secretKey.length);
  packet.writeUInt32BE(packet.length, 0);
  packet.writeUInt32BE(CANCEL_REQUEST, 4);
  packet.writeUInt32BE(processId, 8);
  secretKey.copy(packet, 12);
  return packet;
}
