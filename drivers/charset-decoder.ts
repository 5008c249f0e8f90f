import { TextDecoder } from 'node:util';

/** Bytes that ICU's tables of these two sets exchange among each other, as IBM once did. */
const EXCHANGES_CONTROLS: ReadonlySet<string> = new Set(['shift_jis', 'ibm866']);
const EXCHANGED = /[\x1a\x1c\x7f]/g;

/** What the standard's index of Big5 never leads to: where ICU's table has no character, as in most of Hong Kong's, it gives these. */
const PRIVATE_USE = /[\ue000-\uf8ff]/;

/**
 * Decodes a page in any encoding that the WHATWG Encoding Standard names, piece by piece: Node's own decoder, put right where its
 * tables (ICU's) lead elsewhere than the standard's.
 */
export class CharsetDecoder {
  /** The standard's name of the encoding. */
  readonly encoding: string;
  readonly #decoder: TextDecoder;
  /** By the character that the decoder gives: the one that is meant. */
  readonly #exchanged: ReadonlyMap<string, string> | null;

  /** Throws a RangeError for a label that nobody knows. */
  constructor(label: string) {
    const decoder = new TextDecoder(label, { fatal: true });
    this.encoding = decoder.encoding;
    // The standard decodes the one as the other; ICU's table of GBK is an older one, without a euro sign.
    this.#decoder = this.encoding === 'gbk' ? new TextDecoder('gb18030', { fatal: true }) : decoder;
    this.#exchanged = EXCHANGES_CONTROLS.has(this.encoding) ? controlsOf(this.encoding) : null;
  }

  /** Throws for bytes that are none of the encoding's. A character that is not whole waits for the next piece. */
  decode(piece: Uint8Array): string {
    return this.#checked(this.#decoder.decode(piece, { stream: true }));
  }

  /** What is left behind the last piece; throws for a character that is not whole. */
  end(): string {
    return this.#checked(this.#decoder.decode());
  }

  #checked(text: string): string {
    if (this.encoding === 'big5' && PRIVATE_USE.test(text)) throw new RangeError('no character of Big5');
    const exchanged = this.#exchanged;
    return exchanged === null ? text : text.replace(EXCHANGED, (character) => exchanged.get(character)!);
  }
}

function controlsOf(encoding: string): ReadonlyMap<string, string> {
  const decoder = new TextDecoder(encoding);
  const meant = ['\x1a', '\x1c', '\x7f'];
  return new Map(meant.map((character) => [decoder.decode(Buffer.from(character, 'latin1')), character]));
}
