import type { Expression } from './expression.js';
import type { Lexeme } from './lexer.js';
import { giveUp } from './untranslatable.js';

/** Rules within rules, two or three to a parenthesis or subquery: more than any real query has; bounds the recursion. */
const MAX_DEPTH = 200;

/** The two rules that all others come back to: queries hold expressions, which hold queries. */
export interface Grammar {
  /** Reads a query with its CTEs and ORDER BY. */
  readonly readQuery: (reader: Reader) => string;
  readonly readExpression: (reader: Reader) => Expression;
}

/** The position in a T-SQL text, and what all parts of the translator ask of it. */
export class Reader {
  /** The position behind each opening parenthesis's closing one. */
  readonly #behind: ReadonlyMap<number, number>;
  #at = 0;
  #depth = 0;

  /**
   * @param maxLength characters that the translation of an expression may have: some repeat their operands
   */
  constructor(
    readonly lexemes: readonly Lexeme[],
    private readonly grammar: Grammar,
    readonly maxLength: number,
  ) {
    const behind = new Map<number, number>();
    const open: number[] = [];
    lexemes.forEach(({ upper }, index) => {
      if (upper === '(') open.push(index);
      if (upper === ')') behind.set(open.pop() ?? giveUp('unbalanced parentheses'), index + 1);
    });
    if (open.length > 0) giveUp('unbalanced parentheses');
    this.#behind = behind;
  }

  readQuery(): string {
    return this.grammar.readQuery(this);
  }

  readExpression(): Expression {
    return this.grammar.readExpression(this);
  }

  get at(): number {
    return this.#at;
  }

  peek(ahead = 0): Lexeme {
    return this.lexemes[Math.min(this.#at + ahead, this.lexemes.length - 1)]!;
  }

  next(): Lexeme {
    const lexeme = this.peek();
    if (lexeme.kind !== 'end') this.#at++;
    return lexeme;
  }

  /** Whether the keywords or symbols given, in upper case, come next. */
  sees(...uppers: readonly string[]): boolean {
    return uppers.every((upper, ahead) => this.peek(ahead).upper === upper);
  }

  seesOneOf(uppers: ReadonlySet<string>): boolean {
    return uppers.has(this.peek().upper);
  }

  /** Steps over the keywords or symbols given when they come next. */
  takes(...uppers: readonly string[]): boolean {
    const found = this.sees(...uppers);
    if (found) this.#at += uppers.length;
    return found;
  }

  expect(...uppers: readonly string[]): void {
    if (!this.takes(...uppers)) giveUp(`expected ${uppers.join(' ')} at ${this.peek().start}`);
  }

  /** What comes behind the parenthesis that opens `ahead` from here. */
  behindParentheses(ahead = 0): number {
    return (this.#behind.get(this.#at + ahead) ?? giveUp('no parenthesis')) - this.#at;
  }

  /** Steps over a parenthesis and everything in it. */
  skipParentheses(): void {
    this.#at += this.behindParentheses();
  }

  /** Reads `(…)`. */
  inParentheses<T>(read: () => T): T {
    this.expect('(');
    const value = this.nested(read);
    this.expect(')');
    return value;
  }

  /** Reads one level deeper. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) giveUp('nested too deep');
    const value = read();
    this.#depth--;
    return value;
  }

  /** Reads `item, item, …`. */
  list<T>(read: () => T): T[] {
    const items = [read()];
    while (this.takes(',')) items.push(read());
    return items;
  }

  /** Whether a query follows, in parentheses or not: `SELECT …`, `(SELECT …) UNION …`; not `(a JOIN b …)`. */
  seesQuery(ahead = 0): boolean {
    let depth = 0;
    while (this.peek(ahead + depth).upper === '(') depth++;
    if (!['SELECT', 'WITH'].includes(this.peek(ahead + depth).upper)) return false;
    // Each closed parenthesis has to go on as a query does: `(SELECT 1) x JOIN y` is none, nor is `(SELECT 1) + 2`.
    while (--depth >= 0) {
      const { upper } = this.peek(this.behindParentheses(ahead + depth));
      if (![')', 'UNION', 'EXCEPT', 'INTERSECT', 'ORDER'].includes(upper)) return false;
    }
    return true;
  }
}
