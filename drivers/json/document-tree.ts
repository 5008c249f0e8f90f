import { errors } from '../../src/core/errors.js';
import type { Window } from '../window.js';
import { depthError, type Expected, MAX_DEPTH, syntaxError } from './syntax-error.js';
import { Kind, numberEnd, stringEnd, unescapeString, wordEnd, wordKind } from './tokens.js';

/** A value as filters compare it; undefined for what is not there and for objects and arrays, which equal nothing. */
export type Scalar = string | number | bigint | boolean | null | undefined;

/** Integers of more digits than a double holds; those of more than this are no one's identifiers. */
const LONG_INTEGER = /^-?\d{16,400}$/;

/** A number literal's value: exact for integers of any size, which JavaScript compares with numbers by their values. */
export function numberValue(literal: string): number | bigint {
  return LONG_INTEGER.test(literal) ? BigInt(literal) : Number(literal);
}

/** Values in one document; each takes some hundred bytes of memory. */
const MAX_NODES = 1_000_000;

/** A value of a document that is held as a whole: where it stands, and what it holds. */
export class TreeNode {
  readonly kind: number;
  /** Range in `bytes`; a string's is without its quotes. */
  readonly start: number;
  end: number;
  readonly parent: TreeNode | null;
  items: TreeNode[] | undefined;
  members: Map<string, TreeNode> | undefined;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, kind: number, start: number, end: number, parent: TreeNode | null) {
    this.#bytes = bytes;
    this.kind = kind;
    this.start = start;
    this.end = end;
    this.parent = parent;
  }

  /** The value for comparisons; undefined for an object or an array. */
  scalar(): Scalar {
    switch (this.kind) {
      case Kind.null:
        return null;
      case Kind.true:
      case Kind.false:
        return this.kind === Kind.true;
      case Kind.number:
        return numberValue(this.#bytes.toString('latin1', this.start, this.end));
      case Kind.escaped:
        return unescapeString(this.#bytes, this.start, this.end);
      default:
        return undefined;
    }
  }

  /** What it holds, in order. */
  children(): Iterable<TreeNode> {
    return this.items ?? this.members?.values() ?? [];
  }
}

/** Reads the document at the window's position into a tree; `where` names the page in errors. */
export class TreeParser {
  readonly #window: Window;
  readonly #bytes: Buffer;
  readonly #where: string;
  #count = 0;

  constructor(window: Window, where: string) {
    this.#window = window;
    this.#bytes = window.bytes;
    this.#where = where;
  }

  /** Leaves the window's position behind the document. */
  parse(): TreeNode {
    const start = this.#skipSpace(this.#window.position);
    const root = this.#value(start, null, 0);
    this.#window.position = this.#behind(root);
    return root;
  }

  #value(i: number, parent: TreeNode | null, depth: number): TreeNode {
    const bytes = this.#bytes;
    const byte = bytes[i]!;
    if (++this.#count > MAX_NODES) throw this.#tooMany();
    if (byte === 0x7b || byte === 0x5b) return this.#container(i, byte === 0x7b, parent, depth);
    if (byte === 0x22) {
      const end = this.#whole(stringEnd(bytes, i + 1), 'a string character');
      return new TreeNode(bytes, Kind.escaped, i + 1, end, parent);
    }
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      return new TreeNode(bytes, Kind.number, i, this.#whole(numberEnd(bytes, i), 'a number'), parent);
    }
    return new TreeNode(bytes, wordKind(byte), i, this.#whole(wordEnd(bytes, i), 'a value'), parent);
  }

  #container(start: number, isObject: boolean, parent: TreeNode | null, depth: number): TreeNode {
    if (depth >= MAX_DEPTH) throw depthError(this.#window, start, this.#where);
    const bytes = this.#bytes;
    const node = new TreeNode(bytes, Kind.json, start, start, parent);
    const items: TreeNode[] = [];
    const members = new Map<string, TreeNode>();
    if (isObject) node.members = members;
    else node.items = items;
    const closing = isObject ? 0x7d : 0x5d;
    let i = this.#skipSpace(start + 1);
    if (bytes[i] === closing) {
      node.end = i + 1;
      return node;
    }
    for (;;) {
      let key = '';
      if (isObject) {
        if (bytes[i] !== 0x22) throw this.#wrong(i, 'a key');
        const end = this.#whole(stringEnd(bytes, i + 1), 'a string character');
        key = unescapeString(bytes, i + 1, end);
        i = this.#skipSpace(end + 1);
        if (bytes[i] !== 0x3a) throw this.#wrong(i, '":"');
        i = this.#skipSpace(i + 1);
      }
      const child = this.#value(i, node, depth + 1);
      if (isObject) members.set(key, child);
      else items.push(child);
      i = this.#skipSpace(this.#behind(child));
      if (bytes[i] === closing) break;
      if (bytes[i] !== 0x2c) throw this.#wrong(i, isObject ? '"," or "}"' : '"," or "]"');
      i = this.#skipSpace(i + 1);
    }
    node.end = i + 1;
    return node;
  }

  #behind(node: TreeNode): number {
    return node.kind === Kind.escaped ? node.end + 1 : node.end;
  }

  #skipSpace(from: number): number {
    let i = from;
    while (this.#bytes[i] === 0x20 || this.#bytes[i] === 0x0a || this.#bytes[i] === 0x0d || this.#bytes[i] === 0x09)
      i++;
    return i;
  }

  #whole(end: number, expected: Expected): number {
    if (end < 0) throw this.#wrong(-1 - end, expected);
    return end;
  }

  #wrong(at: number, expected: Expected): Error {
    return syntaxError(this.#window, at, expected, this.#where);
  }

  #tooMany(): Error {
    return errors.limitExceeded(`the page has more than ${MAX_NODES} JSON values`, {
      detail: this.#where,
      hint: 'A path with filters or ".." holds the whole page: use a plain path such as $.a.b[*], or ask the API for smaller pages.',
    });
  }
}
