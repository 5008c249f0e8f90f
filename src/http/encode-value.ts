import { errors } from '../core/errors.js';

/** Characters that RFC 3986 allows in a query as they are, and that make `$filter=…` and `fields=a,b` readable. */
const READABLE_IN_QUERY: Readonly<Record<string, string>> = {
  '%24': '$',
  '%2C': ',',
  '%3A': ':',
  '%2F': '/',
  '%40': '@',
};

/** A query name or value, percent-encoded (RFC 3986, section 3.4). */
export function encodeQueryText(text: string): string {
  return encodeURIComponent(wellFormed(text)).replace(/%(?:24|2C|3A|2F|40)/g, (code) => READABLE_IN_QUERY[code]!);
}

/** A form field's name or value (application/x-www-form-urlencoded). */
export function encodeFormText(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

/** A value within a path segment. */
export function encodePathText(text: string): string {
  return encodeURIComponent(wellFormed(text));
}

/**
 * A header's value as the bytes of its UTF-8 text. Throws 22P02 for line breaks and other control characters, which could
 * start another header.
 */
export function encodeHeaderText(name: string, text: string): string {
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(text)) {
    throw errors.invalidText(`the value of header "${name}" has a line break or another control character`, {
      hint: 'Remove the control character from the value.',
    });
  }
  return Buffer.from(text, 'utf8').toString('latin1').trim();
}

const XML_REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A parser makes other characters of these as they are (XML 1.0, sections 2.11 and 3.3.3).
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Text between two XML tags or within an attribute. Throws 22P02 for a character that XML cannot hold (XML 1.0, section 2.2). */
export function encodeXmlText(name: string, text: string): string {
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text)) {
    throw errors.invalidText(`the value of "${name}" has a character that XML cannot hold`, {
      hint: 'Remove the control character from the value.',
    });
  }
  return wellFormed(text).replace(/[&<>"'\t\n\r]/g, (character) => XML_REFERENCES[character]!);
}

/** The text without halves of surrogate pairs, which no encoder takes. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
