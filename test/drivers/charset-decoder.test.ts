import { expect, it } from 'vitest';
import { CharsetDecoder } from '../../drivers/charset-decoder.js';

/** `bytes` decoded in pieces of one byte. */
function decoded(label: string, bytes: readonly number[]): string {
  const decoder = new CharsetDecoder(label);
  return bytes.map((byte) => decoder.decode(Uint8Array.of(byte))).join('') + decoder.end();
}

it.each(['windows-1252', 'iso-8859-1', 'ascii'])(
  '%s has what the standard has where control characters could be',
  (label) => {
    const bytes = Array.from({ length: 32 }, (_, index) => 0x80 + index);
    expect(decoded(label, bytes)).toBe('€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ');
  },
);

it.each(['shift_jis', 'ibm866', 'euc-jp', 'gbk', 'big5', 'euc-kr', 'koi8-r', 'windows-874'])(
  '%s leaves every byte of ASCII as it is',
  (label) => {
    const bytes = Array.from({ length: 128 }, (_, byte) => byte);
    expect(decoded(label, bytes)).toBe(String.fromCharCode(...bytes));
  },
);

it('GBK is decoded as GB18030, euro sign and all', () => {
  expect(decoded('gbk', [0x80, 0xa2, 0xe3, 0xd6, 0xd0])).toBe('€€中');
});

it('a character of Big5 that the decoder does not know is an error, not one of nobody', () => {
  expect(decoded('big5', [0xa4, 0xa4])).toBe('中');
  expect(() => decoded('big5', [0x87, 0x40])).toThrow(RangeError);
});
