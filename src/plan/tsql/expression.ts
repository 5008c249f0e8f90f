/** How tight PostgreSQL's operators bind: the operands of one need at least its own level, or parentheses. */
export const BINDING = {
  or: 10,
  and: 20,
  not: 30,
  is: 35,
  compare: 40,
  like: 50,
  other: 60, // || & |
  add: 70,
  multiply: 80,
  sign: 90,
  atom: 100,
} as const;

/** What the text alone says about an expression's T-SQL type; `unknown` for columns and parameters. */
export type Kind =
  | 'string'
  | 'padded' // char(n): PostgreSQL drops its blanks where T-SQL keeps them
  | 'integer'
  | 'decimal' // any number with a fraction
  | 'date'
  | 'datetime'
  | 'unknown';

/** A translated expression. */
export interface Expression {
  /** PostgreSQL text. */
  readonly sql: string;
  readonly binding: number;
  readonly kind: Kind;
  /** A string literal's value. */
  readonly literal: string | null;
  /** The text with each `+` as `||`, for a `+` of unknown operands that turns out to be one of strings. */
  readonly concatenation: string | null;
}

/** An expression that needs no parentheses anywhere: a name, a literal, a call. */
export function atom(sql: string, kind: Kind = 'unknown'): Expression {
  return { sql, binding: BINDING.atom, kind, literal: null, concatenation: null };
}

/** An expression whose outermost operator binds as given. */
export function operation(sql: string, binding: number, kind: Kind = 'unknown'): Expression {
  return { sql, binding, kind, literal: null, concatenation: null };
}

/** A string literal. `standard_conforming_strings` is on in PostgreSQL as in T-SQL: a backslash is one. */
export function stringLiteral(value: string): Expression {
  return { ...atom(`'${value.replaceAll("'", "''")}'`, 'string'), literal: value };
}

/** The text, in parentheses when it binds less tight than `binding`. */
export function wrap(expression: Expression, binding: number): string {
  return expression.binding >= binding ? expression.sql : `(${expression.sql})`;
}

/** The value of a whole number literal with or without a sign; null for everything else. */
export function integerValue(expression: Expression): number | null {
  return /^-?\d{1,9}$/.test(expression.sql) ? Number(expression.sql) : null;
}

/** Whether it is a bound parameter, whose type PostgreSQL infers from where it stands. */
export function isParameter(expression: Expression): boolean {
  return /^\$\d+$/.test(expression.sql);
}

export function isNumber(expression: Expression): boolean {
  return expression.kind === 'integer' || expression.kind === 'decimal';
}
