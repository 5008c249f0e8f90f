import { errors } from '../../src/core/errors.js';
import type { Window } from '../window.js';
import type { OutlineNode } from './outline.js';
import { Between } from './record-scanner.js';
import { notRecordsError, recordsMissingError } from './records-error.js';
import {
  depthError,
  type Expected,
  emptyPageError,
  MAX_DEPTH,
  notJsonError,
  syntaxError,
  truncatedError,
} from './syntax-error.js';
import { Kind, numberEnd, stringEnd, unescapeString, wordEnd, wordKind } from './tokens.js';

/** What the walker met when it stopped. */
export const Walk = { needsMore: 0, records: 1, end: 2 } as const;

/** A value found outside the records: its kind, and its bytes (a string's without quotes). */
export interface FoundValue {
  readonly kind: number;
  readonly bytes: Buffer;
}

/** What the walker asks of the reader that drives it. */
export interface WalkerHost {
  /** Rows that the page has given so far. */
  readonly recordCount: number;
  /** The object or element that a wanted value belongs to begins. */
  startScope(value: number): void;
  /** A value wanted by the outline was found; undefined: an equal key begins, and what the earlier one brought is void. */
  setValue(value: number, found: FoundValue | undefined): void;
}

export interface WalkerOptions {
  readonly root: OutlineNode;
  /** The selector as messages show it. */
  readonly selectorText: string;
  readonly format: 'auto' | 'json' | 'ndjson';
  /** Whether the selector is `$`. */
  readonly isRoot: boolean;
  readonly recordsMissing: 'error' | 'empty';
  /** Whether a scalar can be a record by itself, because a column takes it as `$`. */
  readonly takesScalars: boolean;
}

type Phase = 'value' | 'firstKey' | 'key' | 'colon' | 'firstElement' | 'after' | 'end';

interface Level {
  readonly isObject: boolean;
  readonly node: OutlineNode | null;
  readonly recordsBefore: number;
  /** Offset in the page where the value starts, if it is wanted as a whole; else -1. */
  readonly hold: number;
  index: number;
}

/**
 * Walks a document token by token, as far as the window reaches, from its root to the records and on behind them. It checks
 * what it passes over, keeps nothing of it, and collects the values that the outline wants.
 */
export class DocumentWalker {
  readonly #options: WalkerOptions;
  readonly #host: WalkerHost;
  readonly #levels: Level[] = [];
  #where = '';
  #phase: Phase = 'value';
  #node: OutlineNode | null = null;
  #isFirstToken = true;
  #hasLines = false;
  #mayHaveLines = false;
  #sawLineBreak = false;
  #isReached = false;
  /** How the scanner is to read the records that `walk` stopped at. */
  between: number = Between.first;

  constructor(options: WalkerOptions, host: WalkerHost) {
    this.#options = options;
    this.#host = host;
  }

  /** How many containers the walker is in. */
  get depth(): number {
    return this.#levels.length;
  }

  /** Starts a page; `where` names it in errors. */
  startPage(where: string): void {
    this.#where = where;
    this.#levels.length = 0;
    this.#isFirstToken = true;
    this.#hasLines = this.#options.format === 'ndjson';
    this.#mayHaveLines = this.#hasLines;
    this.#startDocument();
    // As if in front of a line: the page may hold nothing at all.
    if (this.#hasLines) this.#phase = 'end';
    this.#sawLineBreak = true;
  }

  #startDocument(): void {
    this.#phase = 'value';
    this.#node = this.#options.root;
    this.#isReached = false;
  }

  /** Goes on behind records that the scanner has read to their end. */
  resume(): void {
    if (this.between === Between.first) {
      const level = this.#levels.pop()!;
      this.#closeHold(level);
    }
    this.#afterValue();
  }

  /** The window holds all of the page: throws unless this is a place for it to end. `mayBeEmpty`: nothing at all is one. */
  checkEnd(window: Window, mayBeEmpty: boolean): void {
    if (this.#phase === 'end') return;
    if (this.#isLineMode && this.between === Between.line && window.position >= window.end) return;
    if (this.#isFirstToken && mayBeEmpty && this.#options.format === 'auto') return;
    if (this.#isFirstToken) throw emptyPageError(this.#where);
    throw truncatedError(window, this.#where);
  }

  /** Whether whole lines are records, which the scanner reads without coming back. */
  get #isLineMode(): boolean {
    return this.#hasLines && this.#options.isRoot;
  }

  #window: Window | null = null;

  /** Walks until records begin, the window ends, or the page does. */
  walk(window: Window): number {
    this.#window = window;
    const { bytes } = window;
    for (;;) {
      let i = window.position;
      let byte = bytes[i]!;
      while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
        if (byte === 0x0a) this.#sawLineBreak = true;
        byte = bytes[++i]!;
      }
      window.position = i;
      if (i >= window.end) return Walk.needsMore;
      if (this.#isFirstToken) this.#checkFirst(window, i, byte);
      let result: number;
      switch (this.#phase) {
        case 'value':
          result = this.#value(window, i, byte);
          break;
        case 'firstElement':
          if (byte === 0x5d) result = this.#close(window, i);
          else {
            this.#enterElement();
            result = this.#value(window, i, byte);
          }
          break;
        case 'firstKey':
          result = byte === 0x7d ? this.#close(window, i) : this.#key(window, i, byte);
          break;
        case 'key':
          result = this.#key(window, i, byte);
          break;
        case 'colon':
          if (byte !== 0x3a) return this.#bad(i, '":"');
          window.position = i + 1;
          this.#phase = 'value';
          continue;
        case 'after':
          result = this.#after(window, i, byte);
          break;
        case 'end':
          result = this.#nextLine(i);
          break;
      }
      if (result !== CONTINUE) return result;
    }
  }

  #bad(at: number, expected: Expected): number {
    const window = this.#window!;
    if (at >= window.end) return Walk.needsMore;
    throw syntaxError(window, at, expected, this.#where);
  }

  /** Something that is no JSON from its very beginning deserves to be shown, be it HTML or a word. */
  #checkFirst(window: Window, i: number, byte: number): void {
    const isWord = wordKind(byte) !== Kind.missing;
    const isStart = byte === 0x7b || byte === 0x5b || byte === 0x22 || byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
    if (!isStart && !isWord) throw notJsonError(window, i, this.#where);
    if (isWord) {
      const end = wordEnd(window.bytes, i);
      if (end < 0 && -1 - end < window.end) throw notJsonError(window, i, this.#where);
      if (end < 0) return;
    }
    this.#isFirstToken = false;
    if (this.#options.format === 'auto') this.#mayHaveLines = byte === 0x7b;
  }

  #nextLine(i: number): number {
    if (!this.#mayHaveLines) return this.#bad(i, 'the end of the page');
    if (!this.#sawLineBreak) return this.#bad(i, 'a line break');
    this.#hasLines = true;
    this.#startDocument();
    if (!this.#isLineMode) return CONTINUE;
    this.#isReached = true;
    this.between = Between.line;
    return Walk.records;
  }

  #value(window: Window, i: number, byte: number): number {
    const node = this.#node;
    const isContainer = byte === 0x7b || byte === 0x5b;
    let end = 0;
    if (!isContainer) {
      end =
        byte === 0x22
          ? stringEnd(window.bytes, i + 1)
          : isNumberStart(byte)
            ? numberEnd(window.bytes, i)
            : wordEnd(window.bytes, i);
      if (end < 0)
        return this.#bad(-1 - end, byte === 0x22 ? 'a string character' : isNumberStart(byte) ? 'a number' : 'a value');
      if (end >= window.end) return Walk.needsMore;
    }
    if (node !== null) {
      this.#takeBack(node);
      if (node.isOnPath && this.#isRepeated()) this.#failRepeated(window, i);
      if (node.records !== null) {
        const result = this.#enterRecords(window, i, byte, node);
        if (result !== CONTINUE) return result;
      }
    }
    if (isContainer) {
      this.#open(window, i, byte === 0x7b, node);
      return CONTINUE;
    }
    const isString = byte === 0x22;
    if (node !== null && node.values.length > 0) {
      const kind = isString ? Kind.escaped : isNumberStart(byte) ? Kind.number : wordKind(byte);
      this.#found(node, kind, window.bytes.subarray(isString ? i + 1 : i, end));
    }
    window.position = isString ? end + 1 : end;
    this.#afterValue();
    return CONTINUE;
  }

  #open(window: Window, i: number, isObject: boolean, node: OutlineNode | null): void {
    if (this.#levels.length >= MAX_DEPTH) throw depthError(window, i, this.#where);
    const isHeld = node !== null && node.values.length > 0;
    const hold = isHeld ? window.base + i : -1;
    if (isHeld && window.hold < 0) window.hold = hold;
    this.#levels.push({ isObject, node, recordsBefore: this.#host.recordCount, hold, index: -1 });
    window.position = i + 1;
    this.#phase = isObject ? 'firstKey' : 'firstElement';
  }

  #close(window: Window, i: number): number {
    window.position = i + 1;
    const level = this.#levels.pop()!;
    // No element at all on the way to the records: they are not missing, there are none.
    if (!level.isObject && level.index < 0 && level.node !== null && level.node.each !== null) this.#isReached = true;
    this.#closeHold(level);
    this.#afterValue();
    return CONTINUE;
  }

  #closeHold({ hold, node }: Level): void {
    if (hold < 0) return;
    const window = this.#window!;
    this.#found(node!, Kind.json, window.bytes.subarray(hold - window.base, window.position));
    if (window.hold === hold) window.hold = -1;
  }

  #found(node: OutlineNode, kind: number, bytes: Buffer): void {
    const found = { kind, bytes: Buffer.from(bytes) };
    for (const value of node.values) this.#host.setValue(value, found);
  }

  /** A value begins: what an earlier one of the same place brought no longer holds. */
  #takeBack(node: OutlineNode): void {
    for (const value of node.scoped) this.#host.startScope(value);
    for (const value of node.valuesBelow) this.#host.setValue(value, undefined);
  }

  #key(window: Window, i: number, byte: number): number {
    if (byte !== 0x22) return this.#bad(i, 'a key');
    const end = stringEnd(window.bytes, i + 1);
    if (end < 0) return this.#bad(-1 - end, 'a string character');
    const { node } = this.#levels[this.#levels.length - 1]!;
    this.#node =
      node === null || node.keys.size === 0 ? null : (node.keys.get(unescapeString(window.bytes, i + 1, end)) ?? null);
    window.position = end + 1;
    this.#phase = 'colon';
    return CONTINUE;
  }

  #after(window: Window, i: number, byte: number): number {
    const level = this.#levels[this.#levels.length - 1]!;
    if (byte === 0x2c) {
      window.position = i + 1;
      if (level.isObject) this.#phase = 'key';
      else {
        this.#enterElement();
        this.#phase = 'value';
      }
      return CONTINUE;
    }
    if (byte === (level.isObject ? 0x7d : 0x5d)) return this.#close(window, i);
    return this.#bad(i, level.isObject ? '"," or "}"' : '"," or "]"');
  }

  #enterElement(): void {
    const level = this.#levels[this.#levels.length - 1]!;
    // Tried again when the element's token was not whole: then it is in phase `value` already.
    level.index++;
    this.#phase = 'value';
    this.#node = level.node === null ? null : (level.node.elements.get(level.index) ?? level.node.each);
  }

  #afterValue(): void {
    if (this.#levels.length > 0) {
      this.#phase = 'after';
      return;
    }
    if (!this.#isReached && this.#options.recordsMissing === 'error') this.#failMissing();
    this.#phase = 'end';
    this.#sawLineBreak = false;
  }

  /** `CONTINUE`: the value is to be walked over like any other. */
  #enterRecords(window: Window, i: number, byte: number, node: OutlineNode): number {
    const isNull = byte === 0x6e;
    if (byte === 0x5b) {
      this.#isReached = true;
      this.#open(window, i, false, node);
      this.between = Between.first;
      return Walk.records;
    }
    if (node.records === 'end' && (byte === 0x7b || (this.#options.takesScalars && !isNull))) {
      this.#isReached = true;
      this.between = Between.single;
      if (node.values.length > 0) throw this.#wholeRecordCaptured();
      return Walk.records;
    }
    if (isNull) {
      this.#isReached = true;
      return CONTINUE;
    }
    const { selectorText } = this.#options;
    const kind = byte === 0x7b ? 'object' : isNumberStart(byte) ? Kind.number : wordKind(byte);
    throw notRecordsError(selectorText, kind, node.records === 'end', this.#where, window.base + i);
  }

  #wholeRecordCaptured(): Error {
    return errors.configuration(`the object at records "${this.#options.selectorText}" cannot be captured as a whole`, {
      hint: 'Take one of its fields.',
    });
  }

  /** Whether this member's object has given records already, which only an equal key can have done. */
  #isRepeated(): boolean {
    const level = this.#levels[this.#levels.length - 1];
    return level?.isObject === true && this.#host.recordCount > level.recordsBefore;
  }

  #failRepeated(window: Window, i: number): never {
    throw errors.apiError(`the page has the path of records "${this.#options.selectorText}" twice`, {
      detail: `${this.#where}, byte ${window.base + i}`,
      hint: 'Only the last of equal keys counts in JSON, but rows of the earlier one are read already: the source has to be mended.',
    });
  }

  #failMissing(): never {
    throw recordsMissingError(this.#options.selectorText, this.#where);
  }
}

/** Of a step of the walk: go on. */
const CONTINUE = -1;

function isNumberStart(byte: number): boolean {
  return byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
}
