import { errors } from '../../src/core/errors.js';
import { excerpt } from '../page-error.js';
import type { Window } from '../window.js';
import { CharacterError, resolveAttribute, resolveCdata, resolveText } from './character-data.js';
import { isName } from './name.js';

/** An attribute as written, its value resolved. */
export interface Attribute {
  readonly name: string;
  readonly value: string;
}

/** Takes what the tokenizer finds, in the order of the document. */
export interface XmlHandler {
  startElement(name: string, attributes: readonly Attribute[]): void;
  endElement(): void;
  text(text: string): void;
}

/** Deepest nesting of elements that is read. */
const MAX_DEPTH = 512;

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const SPACE = /^[ \t\r\n]*$/;
const ATTRIBUTE = /([ \t\r\n]*)([^ \t\r\n=/>"'<]+)[ \t\r\n]*=[ \t\r\n]*(?:"([^"<]*)"|'([^'<]*)')/y;

/**
 * Reads XML 1.0 token by token as far as the window reaches, and checks that it is well-formed. No DTD: a DOCTYPE is refused, so
 * there are no entities but XML's own, and nothing to expand or to fetch.
 */
export class XmlTokenizer {
  readonly #handler: XmlHandler;
  readonly #open: string[] = [];
  /** Names seen, so that their syntax is checked once. */
  readonly #names = new Set<string>();
  #where = '';
  #hasRoot = false;
  #isAtStart = true;

  constructor(handler: XmlHandler) {
    this.#handler = handler;
  }

  /** Starts a page; `where` names it in errors. */
  startPage(where: string): void {
    this.#where = where;
    this.#open.length = 0;
    this.#hasRoot = false;
    this.#isAtStart = true;
  }

  /** How many levels of elements more may be opened. */
  get depthLeft(): number {
    return MAX_DEPTH - this.#open.length;
  }

  /** Reads one token; false when the window does not hold a whole one. */
  next(window: Window): boolean {
    const { bytes, position, end } = window;
    if (position >= end) return false;
    if (bytes[position] !== LT) return this.#text(window);
    const second = bytes[position + 1]!;
    if (position + 1 >= end) return false;
    if (second === SLASH) return this.#endTag(window);
    if (second === 0x3f) return this.#instruction(window);
    if (second === 0x21) return this.#declaration(window);
    return this.#startTag(window);
  }

  /** The page has ended: throws unless the document has, too. */
  checkEnd(window: Window): void {
    if (window.pending === 0 && this.#hasRoot && this.#open.length === 0) return;
    if (!this.#hasRoot && this.#open.length === 0 && window.pending === 0) {
      throw errors.apiError('the page is empty where an XML document was expected', {
        detail: this.#where,
        hint: 'If an empty body means no more rows, declare it under errors with do: stop or do: empty.',
      });
    }
    const open = this.#open.at(-1);
    throw errors.apiError(`the page is cut off: it ends ${open === undefined ? 'within a tag' : `within <${open}>`}`, {
      detail: `${this.#where}, byte ${window.base + window.end}`,
      hint: 'The connection or the file ended early: run the query again, or check the source.',
    });
  }

  #fail(window: Window, what: string): never {
    throw errors.apiError(`the page is not well-formed XML: ${what}`, {
      detail: `${this.#where}, byte ${window.base + window.position}`,
      hint: "Check what the source sends, and the table's driver.",
    });
  }

  #resolved(window: Window, resolve: (raw: string) => string, raw: string): string {
    try {
      return resolve(raw);
    } catch (error) {
      if (error instanceof CharacterError) this.#fail(window, error.message);
      throw error;
    }
  }

  #text(window: Window): boolean {
    const { bytes, position, end } = window;
    const limit = bytes.indexOf(LT, position);
    const stop = limit < 0 || limit > end ? end : limit;
    const isWhole = stop < end;
    if (this.#open.length > 0 && !isWhole) return false;
    const raw = bytes.toString('utf8', position, stop);
    if (this.#open.length === 0) {
      // White space may come in pieces; anything else is no XML.
      if (!SPACE.test(raw)) {
        if (!this.#hasRoot) throw this.#notXml(window);
        this.#fail(window, 'text behind the root element');
      }
      if (raw !== '') this.#isAtStart = false;
      window.position = stop;
      return isWhole;
    }
    if (raw.includes(']]>')) this.#fail(window, '"]]>" within text');
    this.#handler.text(this.#resolved(window, resolveText, raw));
    window.position = stop;
    return true;
  }

  #notXml(window: Window): Error {
    return errors.apiError(
      `the page is not XML: it begins with "${excerpt(window.bytes.subarray(window.position, window.end))}"`,
      {
        detail: this.#where,
        hint: "Check the table's path, authentication and Accept header, or its driver.",
      },
    );
  }

  #startTag(window: Window): boolean {
    const { bytes, position } = window;
    // The tag's end is the first ">" outside of quotes.
    let i = position + 1;
    let quote = 0;
    for (; i < window.end; i++) {
      const byte = bytes[i]!;
      if (quote !== 0) {
        if (byte === quote) quote = 0;
        else if (byte === LT) this.#fail(window, 'a "<" within an attribute');
      } else if (byte === GT) break;
      else if (byte === 0x22 || byte === 0x27) quote = byte;
      else if (byte === LT) this.#fail(window, 'a "<" within a tag');
    }
    if (i >= window.end) return false;
    const isEmpty = bytes[i - 1] === SLASH && i - 1 > position;
    const tag = bytes.toString('utf8', position + 1, isEmpty ? i - 1 : i);
    const space = /[ \t\r\n]/.exec(tag);
    const name = space === null ? tag : tag.slice(0, space.index);
    this.#checkName(window, name);
    if (this.#open.length === 0) {
      if (this.#hasRoot) this.#fail(window, `a second root element <${name}>`);
      this.#hasRoot = true;
    }
    if (this.#open.length >= MAX_DEPTH) {
      throw errors.limitExceeded(`the page's XML is nested deeper than ${MAX_DEPTH} levels`, {
        detail: `${this.#where}, byte ${window.base + position}`,
        hint: 'Such documents are not read: ask the source for less nested data.',
      });
    }
    const attributes = space === null ? NO_ATTRIBUTES : this.#attributes(window, tag.slice(space.index));
    window.position = i + 1;
    this.#isAtStart = false;
    this.#open.push(name);
    this.#handler.startElement(name, attributes);
    if (isEmpty) {
      this.#open.pop();
      this.#handler.endElement();
    }
    return true;
  }

  #attributes(window: Window, text: string): readonly Attribute[] {
    const attributes: Attribute[] = [];
    let at = 0;
    while (!SPACE.test(text.slice(at))) {
      ATTRIBUTE.lastIndex = at;
      const match = ATTRIBUTE.exec(text);
      if (match === null || match[1] === '') this.#fail(window, 'an attribute that is not written name="value"');
      const name = match[2]!;
      this.#checkName(window, name);
      if (attributes.some((other) => other.name === name)) this.#fail(window, `the attribute "${name}" twice`);
      attributes.push({ name, value: this.#resolved(window, resolveAttribute, match[3] ?? match[4]!) });
      if (attributes.length > MAX_ATTRIBUTES) this.#fail(window, `more than ${MAX_ATTRIBUTES} attributes`);
      at = ATTRIBUTE.lastIndex;
    }
    return attributes;
  }

  #endTag(window: Window): boolean {
    const { bytes, position } = window;
    const close = bytes.indexOf(GT, position);
    if (close < 0 || close >= window.end) return false;
    const name = bytes.toString('utf8', position + 2, close).replace(/[ \t\r\n]+$/, '');
    const open = this.#open.at(-1);
    if (open === undefined) this.#fail(window, `</${name.slice(0, 60)}> without a start tag`);
    if (open !== name) this.#fail(window, `</${name.slice(0, 60)}> where </${open}> was expected`);
    this.#open.pop();
    window.position = close + 1;
    this.#handler.endElement();
    return true;
  }

  #instruction(window: Window): boolean {
    const { bytes, position } = window;
    const close = bytes.indexOf('?>', position + 2, 'latin1');
    if (close < 0 || close + 2 > window.end) return false;
    const content = bytes.toString('utf8', position + 2, close);
    const target = /^[^ \t\r\n]*/.exec(content)![0];
    this.#checkName(window, target);
    if (/^xml$/i.test(target)) {
      if (target !== 'xml' || !this.#isAtStart) this.#fail(window, 'an XML declaration that is not at the beginning');
      if (!DECLARATION.test(content)) this.#fail(window, 'an XML declaration that is not as XML 1.0 has it');
    } else this.#resolved(window, resolveCdata, content);
    this.#isAtStart = false;
    window.position = close + 2;
    return true;
  }

  /** Comments, CDATA sections, and the DOCTYPE that is not read. */
  #declaration(window: Window): boolean {
    const { bytes, position, end } = window;
    const head = bytes.toString('latin1', position, Math.min(position + 9, end));
    if (head.startsWith('<!--')) {
      const dashes = bytes.indexOf('--', position + 4, 'latin1');
      if (dashes < 0 || dashes + 3 > end) return false;
      if (bytes[dashes + 2] !== GT) this.#fail(window, '"--" within a comment');
      this.#resolved(window, resolveCdata, bytes.toString('utf8', position + 4, dashes));
      this.#isAtStart = false;
      window.position = dashes + 3;
      return true;
    }
    if (head === '<![CDATA[') {
      if (this.#open.length === 0) this.#fail(window, 'a CDATA section outside the root element');
      const close = bytes.indexOf(']]>', position + 9, 'latin1');
      if (close < 0 || close + 3 > end) return false;
      this.#handler.text(this.#resolved(window, resolveCdata, bytes.toString('utf8', position + 9, close)));
      window.position = close + 3;
      return true;
    }
    if (/^<!DOCTYPE/i.test(head)) this.#refuseDoctype(window);
    if (['<!--', '<![CDATA[', '<!DOCTYPE'].some((word) => word.startsWith(head.toUpperCase()))) return false;
    this.#fail(window, 'a "<!" that begins neither a comment nor a CDATA section');
  }

  #refuseDoctype(window: Window): never {
    const text = excerpt(window.bytes.subarray(window.position, window.end));
    if (/^<!DOCTYPE\s+html/i.test(text)) throw this.#notXml(window);
    throw errors.apiError('the page has a DOCTYPE, which is not read', {
      detail: this.#where,
      hint: 'Document type definitions can make a small page expand to a huge one or fetch files: ask the source for XML without one.',
    });
  }

  #checkName(window: Window, name: string): void {
    if (this.#names.has(name)) return;
    if (!isName(name)) this.#fail(window, `"${excerpt(Buffer.from(name)).slice(0, 40)}" is no name`);
    if (this.#names.size < 1000) this.#names.add(name);
  }
}

const NO_ATTRIBUTES: readonly Attribute[] = [];
const MAX_ATTRIBUTES = 1000;
const DECLARATION =
  /^xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(["'])1\.[0-9]+\1(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(["'])[A-Za-z][\w.-]*\2)?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(["'])(?:yes|no)\3)?[ \t\r\n]*$/;
