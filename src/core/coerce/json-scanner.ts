import { errors } from '../errors.js';
import { invalidSyntax } from './failure.js';

/** Deepest nesting that is read. PostgreSQL's own limit depends on its stack and is of the same order. */
const MAX_DEPTH = 2000;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;

/** The kind of JSON value that starts at the scanner's position. */
export type JsonKind = 'string' | 'number' | 'object' | 'array' | 'true' | 'false' | 'null';

/**
 * Walks through a JSON text (RFC 8259) without turning numbers into doubles. The caller asks for the kind of the next value
 * and reads it with the matching method. Text that is not JSON throws 22P02.
 */
export class JsonScanner {
  readonly text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  get position(): number {
    return this.#at;
  }

  fail(): never {
    throw invalidSyntax('json', this.text);
  }

  /** The next value's kind; its first character is then at `position`. */
  kind(): JsonKind {
    this.#skipSpace();
    switch (this.text[this.#at]) {
      case '"':
        return 'string';
      case '{':
        return 'object';
      case '[':
        return 'array';
      case 't':
        return 'true';
      case 'f':
        return 'false';
      case 'n':
        return 'null';
      default:
        return 'number';
    }
  }

  readWord(word: 'true' | 'false' | 'null'): void {
    if (!this.text.startsWith(word, this.#at)) this.fail();
    this.#at += word.length;
  }

  /** The number as written. */
  readNumber(): string {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.text);
    if (match === null) this.fail();
    this.#at += match[0].length;
    return match[0];
  }

  /** The string's value, which may hold NUL and halves of surrogate pairs. */
  readString(): string {
    const start = this.#at;
    if (this.text[start] !== '"') this.fail();
    let at = start + 1;
    for (;;) {
      const code = this.text.charCodeAt(at);
      if (Number.isNaN(code)) this.fail();
      if (code === 0x22) break;
      at += code === 0x5c ? 2 : 1;
    }
    this.#at = at + 1;
    try {
      return JSON.parse(this.text.slice(start, at + 1)) as string;
    } catch {
      return this.fail();
    }
  }

  /** Calls `onItem` at the start of each item; it has to read the item. */
  readArray(onItem: () => void): void {
    this.#open();
    for (let isFirst = true; this.#next(']', isFirst); isFirst = false) onItem();
  }

  /** Calls `onMember` at the start of each member's value; it has to read the value. */
  readObject(onMember: (key: string) => void): void {
    this.#open();
    for (let isFirst = true; this.#next('}', isFirst); isFirst = false) {
      this.#skipSpace();
      const key = this.readString();
      this.#skipSpace();
      if (this.text[this.#at++] !== ':') this.fail();
      onMember(key);
    }
  }

  /** Reads over the next value and returns it as written. */
  readRaw(): string {
    const kind = this.kind();
    const start = this.#at;
    if (kind === 'string') this.readString();
    else if (kind === 'number') this.readNumber();
    else if (kind === 'array') this.readArray(() => this.readRaw());
    else if (kind === 'object') this.readObject(() => this.readRaw());
    else this.readWord(kind);
    return this.text.slice(start, this.#at);
  }

  /** Checks that nothing follows. */
  end(): void {
    this.#skipSpace();
    if (this.#at !== this.text.length) this.fail();
  }

  #open(): void {
    this.#at++;
    if (++this.#depth > MAX_DEPTH) {
      throw errors.limitExceeded(`json is nested more than ${MAX_DEPTH} levels deep`, {
        hint: 'Make the column text to take the value as it is.',
      });
    }
  }

  /** Stands before the next item (true) or behind the closing bracket (false). */
  #next(close: string, isFirst: boolean): boolean {
    this.#skipSpace();
    const mark = this.text[this.#at];
    if (mark === close) {
      this.#at++;
      this.#depth--;
      return false;
    }
    if (isFirst) return true;
    if (mark !== ',') this.fail();
    this.#at++;
    this.#skipSpace();
    if (this.text[this.#at] === close) this.fail();
    return true;
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.text);
    this.#at = SPACE.lastIndex;
  }
}
