const NAMED = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** Characters that XML 1.0 has no place for (2.2), given that the bytes were valid UTF-8. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** A reference, whatever zeros it begins with. */
const REFERENCE = /&(?:#x([0-9a-fA-F]{1,64})|#([0-9]{1,64})|([^\s;&<]{1,64}));|&/g;

/** A text that cannot stand in XML, with what is wrong. */
export class CharacterError extends Error {}

/** The text that character data stands for: references resolved, line ends as LF (XML 1.0, 2.11). */
export function resolveText(raw: string): string {
  if (FORBIDDEN.test(raw)) throw forbidden(raw);
  const text = raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw;
  return text.includes('&') ? resolveReferences(text) : text;
}

/** The value that an attribute's text stands for: white space as spaces (XML 1.0, 3.3.3). */
export function resolveAttribute(raw: string): string {
  if (FORBIDDEN.test(raw)) throw forbidden(raw);
  const text = /[\t\r\n]/.test(raw) ? raw.replace(/\r\n|[\t\r\n]/g, ' ') : raw;
  return text.includes('&') ? resolveReferences(text) : text;
}

/** The text of a CDATA section. */
export function resolveCdata(raw: string): string {
  if (FORBIDDEN.test(raw)) throw forbidden(raw);
  return raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw;
}

function resolveReferences(text: string): string {
  return text.replace(REFERENCE, (whole: string, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) {
      const character = NAMED.get(name);
      if (character === undefined)
        throw new CharacterError(`the entity "&${name.slice(0, 40)};" is not one of XML's own`);
      return character;
    }
    const code = hex !== undefined ? Number.parseInt(hex, 16) : decimal !== undefined ? Number(decimal) : -1;
    if (code < 0) throw new CharacterError('an "&" begins no reference');
    const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    if (!isCharacter || FORBIDDEN.test(String.fromCodePoint(code))) {
      throw new CharacterError(`the reference "${whole}" is no character of XML`);
    }
    return String.fromCodePoint(code);
  });
}

function forbidden(raw: string): CharacterError {
  const code = FORBIDDEN.exec(raw)![0].charCodeAt(0);
  return new CharacterError(`the character U+${code.toString(16).toUpperCase().padStart(4, '0')} has no place in XML`);
}
