import { isAscii } from 'node:buffer';
import { SingleByteCharset } from '../core/encode/single-byte.js';
import type { Engine } from '../engine/engine.js';
import { FRAME_HEADER_BYTES } from '../wire/frames.js';
import { readErrorFields } from '../wire/messages.js';
import { errorFields } from '../wire/write.js';
import type { ReportedSettings } from './settings.js';

/** Types whose values are text in the client's encoding, in either format: text, varchar, bpchar, name, "char", json, xml, unknown. */
const TEXT_OIDS: ReadonlySet<number> = new Set([25, 1043, 1042, 19, 18, 114, 142, 705]);

/**
 * What a client says and is told, where its encoding is not UTF-8. The engine converts what it is sent and what it
 * sends; this is for texts that the gateway itself has to read or write.
 */
export class ClientText {
  readonly #reported: ReportedSettings;
  readonly #engine: Pick<Engine, 'query'>;

  constructor(reported: ReportedSettings, engine: Pick<Engine, 'query'>) {
    this.#reported = reported;
    this.#engine = engine;
  }

  /** Reads bytes of the client; takes a promise where only the engine knows the encoding. */
  decode(bytes: Buffer): string | Promise<string> {
    if (this.#reported.isUtf8 || isAscii(bytes)) return bytes.toString('utf8');
    const encoding = this.#reported.clientEncoding;
    const charset = SingleByteCharset.named(encoding);
    return charset === null ? this.#decodeInEngine(bytes, encoding) : (charset.decode(bytes) ?? bytes.toString('utf8'));
  }

  /** Parameter values in UTF-8; binary ones only where their type is text. */
  async decodeParameters(
    values: readonly (Buffer | null)[],
    formats: readonly number[],
    oids: readonly number[],
  ): Promise<readonly (Buffer | null)[]> {
    if (this.#reported.isUtf8) return values;
    const isText = (index: number): boolean => {
      const format = formats.length === 1 ? formats[0] : (formats[index] ?? 0);
      return format === 0 || TEXT_OIDS.has(oids[index] ?? 0);
    };
    return Promise.all(
      values.map(async (value, index) =>
        value === null || !isText(index) ? value : Buffer.from(await this.decode(value)),
      ),
    );
  }

  /** Text of the gateway's own; a question mark for each character that the client's encoding does not have. */
  encode(text: string): Buffer {
    if (this.#reported.isUtf8) return Buffer.from(text);
    const charset = SingleByteCharset.named(this.#reported.clientEncoding);
    return charset === null ? Buffer.from(text.replace(/[^\0-\x7f]/gu, '?')) : charset.encode(text);
  }

  /** An ErrorResponse or NoticeResponse in UTF-8, as the client gets it. */
  encodeFields(frame: Buffer): Buffer {
    if (this.#reported.isUtf8 || isAscii(frame.subarray(FRAME_HEADER_BYTES))) return frame;
    return errorFields(frame[0] === ERROR ? 'E' : 'N', readErrorFields(frame), (text) => this.encode(text));
  }

  /** What is no text in that encoding stays unread: the engine says so when it gets the statement. */
  async #decodeInEngine(bytes: Buffer, encoding: string): Promise<string> {
    try {
      const sql = "SELECT pg_catalog.convert_from(pg_catalog.decode($1, 'hex'), $2)";
      const [row] = await this.#engine.query(sql, [bytes.toString('hex'), encoding]);
      return row![0]!;
    } catch {
      return bytes.toString('utf8');
    }
  }
}

const ERROR = 'E'.charCodeAt(0);
