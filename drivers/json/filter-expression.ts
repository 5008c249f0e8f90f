import { numberValue, type Scalar, type TreeNode } from './document-tree.js';

/** A filter's condition on a value; `root`: the document's, for paths from `$`. */
export type Predicate = (current: TreeNode, root: TreeNode) => boolean;

type Operand = (current: TreeNode, root: TreeNode) => Scalar;

/** More parentheses and exclamation marks than a person writes. */
const MAX_DEPTH = 32;

const OPERATOR = /===?|!==?|<=|>=|<|>/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /(?:true|false|null)(?![\p{L}\p{N}_])/uy;
const QUOTED = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/suy;
const STEP = /\.([\p{L}\p{N}_-]+)|\[\s*(\d{1,9})\s*\]|\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/suy;
const SPACE = /\s*/y;

/**
 * Reads filter expressions: comparisons of paths and literals, existence, `&&`, `||`, `!` and parentheses. There is nothing in
 * the language that calls, assigns, loops or matches by pattern, so a hostile expression can do no more than be false.
 */
export class FilterParser {
  readonly #text: string;
  /** Where reading has come to. */
  at: number;
  #depth = 0;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  /** The condition that starts at `at`; null when none can be read. */
  parse(): Predicate | null {
    return this.#or();
  }

  #or(): Predicate | null {
    const terms: Predicate[] = [];
    do {
      const term = this.#and();
      if (term === null) return null;
      terms.push(term);
    } while (this.#take('||'));
    return terms.length === 1 ? terms[0]! : (current, root) => terms.some((term) => term(current, root));
  }

  #and(): Predicate | null {
    const terms: Predicate[] = [];
    do {
      const term = this.#not();
      if (term === null) return null;
      terms.push(term);
    } while (this.#take('&&'));
    return terms.length === 1 ? terms[0]! : (current, root) => terms.every((term) => term(current, root));
  }

  #not(): Predicate | null {
    if (++this.#depth > MAX_DEPTH) return null;
    try {
      this.#match(SPACE);
      if (this.#text[this.at] === '!' && this.#text[this.at + 1] !== '=') {
        this.at++;
        const inner = this.#not();
        return inner === null ? null : (current, root) => !inner(current, root);
      }
      if (this.#take('(')) {
        const inner = this.#or();
        return inner === null || !this.#take(')') ? null : inner;
      }
      return this.#comparison();
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Predicate | null {
    const path = this.#path();
    const left = path ?? this.#literal();
    if (left === null) return null;
    this.#match(SPACE);
    const operator = this.#match(OPERATOR)?.[0];
    if (operator === undefined) {
      if (path === null) return null;
      return (current, root) => path.find(current, root) !== null;
    }
    const right = this.#path() ?? this.#literal();
    if (right === null) return null;
    const compare = COMPARE[operator]!;
    const a: Operand = typeof left === 'function' ? left : left.read;
    const b: Operand = typeof right === 'function' ? right : right.read;
    return (current, root) => compare(a(current, root), b(current, root));
  }

  #literal(): Operand | null {
    this.#match(SPACE);
    const quoted = this.#match(QUOTED);
    if (quoted !== null) {
      const text = (quoted[1] ?? quoted[2]!).replace(/\\(.)/gsu, '$1');
      return () => text;
    }
    const word = this.#match(WORD)?.[0];
    if (word !== undefined) {
      const value = word === 'null' ? null : word === 'true';
      return () => value;
    }
    const number = this.#match(NUMBER)?.[0];
    if (number === undefined) return null;
    const value = numberValue(number);
    return () => value;
  }

  #path(): { find: (current: TreeNode, root: TreeNode) => TreeNode | null; read: Operand } | null {
    this.#match(SPACE);
    const start = this.#text[this.at];
    if (start !== '@' && start !== '$') return null;
    this.at++;
    const steps: (string | number)[] = [];
    for (let step = this.#match(STEP); step !== null; step = this.#match(STEP)) {
      const [, name, position, single, double] = step;
      if (position !== undefined) steps.push(Number(position));
      else steps.push(name ?? (single ?? double!).replace(/\\(.)/gsu, '$1'));
    }
    const find = (current: TreeNode, root: TreeNode): TreeNode | null => {
      let node: TreeNode | undefined = start === '@' ? current : root;
      for (const step of steps) {
        node = typeof step === 'number' ? node.items?.[step] : node.members?.get(step);
        if (node === undefined) return null;
      }
      return node;
    };
    return { find, read: (current, root) => find(current, root)?.scalar() };
  }

  #take(sign: string): boolean {
    this.#match(SPACE);
    if (!this.#text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.at = pattern.lastIndex;
    return found;
  }
}

type Comparison = (a: Scalar, b: Scalar) => boolean;

const isNumber = (value: Scalar): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';

const isLess: Comparison = (a, b) =>
  (isNumber(a) && isNumber(b) && a < b) || (typeof a === 'string' && typeof b === 'string' && a < b);
// biome-ignore lint/suspicious/noDoubleEquals: 1n == 1, as they are one number.
const isEqual: Comparison = (a, b) => a !== undefined && (isNumber(a) && isNumber(b) ? a == b : a === b);

/** As RFC 9535, 2.3.5.2.2: values of different kinds are unequal, and in no order. */
const COMPARE: Readonly<Record<string, Comparison>> = {
  '==': isEqual,
  '===': isEqual,
  '!=': (a, b) => !isEqual(a, b),
  '!==': (a, b) => !isEqual(a, b),
  '<': isLess,
  '>': (a, b) => isLess(b, a),
  '<=': (a, b) => isLess(a, b) || isEqual(a, b),
  '>=': (a, b) => isLess(b, a) || isEqual(a, b),
};
