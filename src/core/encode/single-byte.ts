import { errors } from '../errors.js';

/**
 * The names that TextDecoder has for PostgreSQL's character sets of one byte. Where it knows a set by its successor on
 * Windows (LATIN5), or gives bytes that mean nothing the code points of control characters, `newTable` puts that right.
 * Left out are those on which the two do not agree (WIN1253, KOI8U), or that not every decoder has (LATIN10).
 * https://www.postgresql.org/docs/18/multibyte.html#MULTIBYTE-CHARSET-SUPPORTED
 */
const DECODERS: Readonly<Record<string, string>> = {
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN5: 'windows-1254',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  ISO_8859_5: 'iso-8859-5',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  KOI8R: 'koi8-r',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
  WIN1250: 'windows-1250',
  WIN1251: 'windows-1251',
  WIN1254: 'windows-1254',
  WIN1255: 'windows-1255',
  WIN1256: 'windows-1256',
  WIN1257: 'windows-1257',
  WIN1258: 'windows-1258',
};

/** Bytes 0x80 to 0x9f of WIN1252, spaces for none; else it is LATIN1. Node 20's decoder takes them for LATIN1 too. */
const WIN1252_ROWS = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

const NONE = 0;

/** A character set in which every character is one byte, those below 0x80 being ASCII. */
export class SingleByteCharset {
  readonly #name: string;
  /** Code points by byte; 0: no character. */
  readonly #codePoints: Uint16Array;
  /** Bytes by code point; 0: no such character. */
  readonly #bytes = new Uint8Array(0x10000);

  private constructor(name: string, codePoints: Uint16Array) {
    this.#name = name;
    this.#codePoints = codePoints;
    codePoints.forEach((codePoint, byte) => {
      if (codePoint !== NONE) this.#bytes[codePoint] = byte;
    });
  }

  /** By PostgreSQL's name; null when there is none of that name. */
  static named(name: string): SingleByteCharset | null {
    const known = CHARSETS.get(name);
    if (known !== undefined) return known;
    if (name !== 'LATIN1' && name !== 'WIN1252' && DECODERS[name] === undefined) return null;
    const charset = new SingleByteCharset(name, newTable(name));
    CHARSETS.set(name, charset);
    return charset;
  }

  /** The bytes' text; null when one of them is no character. */
  decode(bytes: Uint8Array): string | null {
    let text = '';
    for (const byte of bytes) {
      const codePoint = byte < 0x80 ? byte : this.#codePoints[byte]!;
      if (codePoint === NONE && byte !== 0) return null;
      text += String.fromCharCode(codePoint);
    }
    return text;
  }

  /** The text's bytes, with a question mark for each character that the set does not have. */
  encode(text: string): Buffer {
    return Buffer.from(
      [...text].map((character) => {
        const codePoint = character.codePointAt(0)!;
        return codePoint < 0x80 ? codePoint : this.#byteOf(codePoint) || 0x3f;
      }),
    );
  }

  /**
   * Writes the UTF-8 text `[start, end)` at `target[at]`; returns the bytes written.
   * @throws 22P05, as PostgreSQL does, for a character that the set does not have
   */
  encodeCell(text: Uint8Array, start: number, end: number, target: Buffer, at: number): number {
    let written = at;
    for (let i = start; i < end; ) {
      const first = text[i]!;
      if (first < 0x80) {
        target[written++] = first;
        i++;
        continue;
      }
      const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      let codePoint = first & (0x7f >> length);
      for (let k = 1; k < length; k++) codePoint = (codePoint << 6) | (text[i + k]! & 0x3f);
      const byte = this.#byteOf(codePoint);
      if (byte === NONE) throw this.#noEquivalent(text.subarray(i, i + length));
      target[written++] = byte;
      i += length;
    }
    return written - at;
  }

  #byteOf(codePoint: number): number {
    return codePoint < 0x10000 ? this.#bytes[codePoint]! : NONE;
  }

  #noEquivalent(character: Uint8Array): Error {
    const bytes = [...character].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(' ');
    return errors.untranslatableCharacter(
      `character with byte sequence ${bytes} in encoding "UTF8" has no equivalent in encoding "${this.#name}"`,
    );
  }
}

const CHARSETS = new Map<string, SingleByteCharset>();

/** Where a decoder puts bytes that its set leaves open. */
function isPrivate(codePoint: number): boolean {
  return codePoint >= 0xe000 && codePoint <= 0xf8ff;
}

function newTable(name: string): Uint16Array {
  const table = new Uint16Array(256);
  const label = DECODERS[name];
  const decoder = label === undefined ? null : new TextDecoder(label);
  const hasControls = !name.startsWith('WIN') && name !== 'KOI8R';
  for (let byte = 0x80; byte < 0x100; byte++) {
    const decoded = decoder === null ? byte : decoder.decode(Uint8Array.of(byte)).charCodeAt(0);
    const isControl = byte < 0xa0 && decoded === byte;
    if (hasControls && byte < 0xa0) table[byte] = byte;
    else if (name === 'WIN1252' && byte < 0xa0)
      table[byte] = WIN1252_ROWS[byte - 0x80] === ' ' ? NONE : WIN1252_ROWS.charCodeAt(byte - 0x80);
    else if (decoded !== 0xfffd && !isControl && !isPrivate(decoded)) table[byte] = decoded;
  }
  return table;
}
