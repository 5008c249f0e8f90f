import { errors } from '../../core/errors.js';
import { SampleNumber, type SampleValue } from './sample-value.js';

/** Deeper values are skipped: a column of them is json whatever they hold. */
const MAX_DEPTH = 40;
/** The skipped value: it looks like an object without members. */
const OPAQUE: SampleValue = new Map();
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** The text ended within a value. */
class EndOfText extends Error {}

/**
 * Reads the JSON values of a text, one after the other: a document has one, NDJSON one a line. Of a truncated text the
 * complete part counts. Throws HV000 for what is no JSON.
 */
export function parseJsonSample(text: string, isTruncated: boolean, name: string): SampleValue[] {
  const parser = new SampleParser(text, isTruncated, name);
  const values: SampleValue[] = [];
  while (!parser.isAtEnd()) {
    const value = parser.parse(0);
    if (parser.hasEnded) {
      if (!isTruncated) throw parser.refuse('it ends within a value');
      // Of several values a cut one is one too few to matter; a document is worth what came of it.
      if (values.length === 0 && value !== undefined) values.push(value);
      break;
    }
    values.push(value!);
  }
  return values;
}

class SampleParser {
  /** True once the text ended within a value; what was complete by then is still given. */
  hasEnded = false;
  #at = 0;

  constructor(
    readonly text: string,
    readonly isTruncated: boolean,
    readonly name: string,
  ) {}

  isAtEnd(): boolean {
    this.#skipSpace();
    return this.#at >= this.text.length;
  }

  /** Undefined for a scalar that was cut. */
  parse(depth: number): SampleValue | undefined {
    this.#skipSpace();
    try {
      switch (this.text[this.#at]) {
        case '{':
          return depth >= MAX_DEPTH ? this.#skip() : this.#object(depth);
        case '[':
          return depth >= MAX_DEPTH ? this.#skip() : this.#array(depth);
        case '"':
          return this.#string();
        case 't':
          return this.#word('true', true);
        case 'f':
          return this.#word('false', false);
        case 'n':
          return this.#word('null', null);
        default:
          return this.#number();
      }
    } catch (error) {
      if (!(error instanceof EndOfText)) throw error;
      this.hasEnded = true;
      return undefined;
    }
  }

  #object(depth: number): SampleValue {
    const members = new Map<string, SampleValue>();
    this.#at++;
    for (;;) {
      this.#skipSpace();
      const next = this.#peek();
      if (next === null) return members;
      if (next === '}') break;
      if (next !== '"') throw this.refuse('a key is missing');
      const key = this.parse(depth + 1) as string | undefined;
      this.#skipSpace();
      if (key === undefined || this.#peek() === null) return members;
      this.#expect(':');
      const value = this.parse(depth + 1);
      if (value !== undefined) members.set(key, value);
      if (this.hasEnded) return members;
      this.#skipSpace();
      if (this.#peek() === ',') this.#at++;
      else if (this.#peek() === null) return members;
      else if (this.text[this.#at] !== '}') throw this.refuse('a comma is missing');
    }
    this.#at++;
    return members;
  }

  #array(depth: number): SampleValue {
    const elements: SampleValue[] = [];
    this.#at++;
    for (;;) {
      this.#skipSpace();
      const next = this.#peek();
      if (next === null) return elements;
      if (next === ']') break;
      const value = this.parse(depth + 1);
      if (value !== undefined) elements.push(value);
      if (this.hasEnded) return elements;
      this.#skipSpace();
      if (this.#peek() === ',') this.#at++;
      else if (this.#peek() === null) return elements;
      else if (this.text[this.#at] !== ']') throw this.refuse('a comma is missing');
    }
    this.#at++;
    return elements;
  }

  /** The next character; null, and the end is noted, where there is none. */
  #peek(): string | null {
    const next = this.text[this.#at];
    if (next !== undefined) return next;
    this.hasEnded = true;
    return null;
  }

  #string(): string {
    let result = '';
    let start = this.#at + 1;
    for (let at = start; ; at++) {
      const char = this.text[at];
      if (char === undefined) throw new EndOfText();
      if (char === '"') {
        this.#at = at + 1;
        return result + this.text.slice(start, at);
      }
      if (char !== '\\') continue;
      const escaped = this.text[at + 1];
      if (escaped === undefined) throw new EndOfText();
      result += this.text.slice(start, at);
      if (escaped === 'u') {
        result += String.fromCharCode(Number.parseInt(this.text.slice(at + 2, at + 6), 16) || 0);
        at += 5;
      } else {
        result += ESCAPES[escaped] ?? escaped;
        at++;
      }
      start = at + 1;
    }
  }

  #word<T>(word: string, value: T): T {
    const found = this.text.slice(this.#at, this.#at + word.length);
    if (found !== word) {
      if (this.#at + found.length >= this.text.length && word.startsWith(found)) throw new EndOfText();
      throw this.refuse('a value is missing');
    }
    this.#at += word.length;
    return value;
  }

  #number(): SampleNumber {
    NUMBER.lastIndex = this.#at;
    const found = NUMBER.exec(this.text);
    if (found === null) {
      if (this.#at >= this.text.length) throw new EndOfText();
      throw this.refuse('a value is missing');
    }
    // What ends the text may go on in what was cut off.
    if (NUMBER.lastIndex >= this.text.length && this.isTruncated) throw new EndOfText();
    this.#at = NUMBER.lastIndex;
    return new SampleNumber(found[0]);
  }

  /** Passes over an object or array without recursion. */
  #skip(): SampleValue {
    let depth = 0;
    for (; this.#at < this.text.length; this.#at++) {
      const char = this.text[this.#at]!;
      if (char === '"') {
        this.#string();
        this.#at--;
      } else if (char === '{' || char === '[') depth++;
      else if ((char === '}' || char === ']') && --depth === 0) {
        this.#at++;
        return OPAQUE;
      }
    }
    throw new EndOfText();
  }

  #expect(char: string): void {
    if (this.text[this.#at] !== char) throw this.refuse(`"${char}" is missing`);
    this.#at++;
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.text);
    this.#at = SPACE.lastIndex;
  }

  refuse(reason: string): Error {
    const shown = this.text.slice(this.#at, this.#at + 40).replace(/[\0-\x1f\x7f-\x9f]+/g, ' ');
    return errors.apiError(`the sample is not JSON: ${reason}`, {
      detail: `${this.name}, character ${this.#at + 1}: ${shown}`,
      hint: 'Check the address; for another format set driver to xml or csv.',
    });
  }
}
