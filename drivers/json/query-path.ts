import { errors } from '../../src/core/errors.js';
import { FilterParser, type Predicate } from './filter-expression.js';

/** One step of a path with filters, slices, unions, wildcards or `..`, as RFC 9535 has them. */
export type QueryStep =
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'children' }
  | { readonly type: 'slice'; readonly start: number | null; readonly end: number | null; readonly step: number }
  | { readonly type: 'union'; readonly steps: readonly QueryStep[] }
  | { readonly type: 'filter'; readonly predicate: Predicate }
  /** The values here and everywhere below. */
  | { readonly type: 'descend' };

/** A parsed path: `climb` enclosing objects or elements up (`^`), then down the steps. */
export interface QueryPath {
  readonly climb: number;
  readonly steps: readonly QueryStep[];
}

/** Longer ones are nobody's path, and reading one takes time. */
const MAX_LENGTH = 1_000;
/** Each further one can multiply what is found by the document's size. */
const MAX_DESCENTS = 3;

/** Whether a path needs the whole page: it has filters, slices, unions, wildcards or `..`. */
export function isQueryPath(text: string): boolean {
  const bare = text.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/gs, "''");
  return /^(?:\$|\^)/.test(bare) && /\.\.|\.\*|\[\s*(?:[?:(-]|\d+\s*[,:]|''\s*,)/.test(bare);
}

/** Reads `$..a[?(@.b > 1)].c[0:2]`; `what` names it in errors. No part of it is ever run as code. */
export function parseQueryPath(text: string, what: string): QueryPath {
  const climb = /^\^*/.exec(text)![0].length;
  if (text.length > MAX_LENGTH) throw unreadable(text, MAX_LENGTH, what);
  const parser = new PathParser(text, climb === 0 ? 1 : climb, what);
  return { climb, steps: parser.steps() };
}

function unreadable(text: string, at: number, what: string): Error {
  return errors.configuration(`${what} "${text.slice(0, 100)}" cannot be read at character ${at + 1}`, {
    hint: "Write a JSONPath such as $.a[?(@.type == 'x' && @.n > 1)].b or $..item; functions and scripts are not taken.",
  });
}

const NAME = /[\p{L}\p{N}_-]+/uy;
const INTEGER = /-?\d{1,9}/y;
const QUOTED = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/suy;
const SPACE = /\s*/y;

class PathParser {
  readonly #text: string;
  readonly #what: string;
  #at: number;
  #descents = 0;

  constructor(text: string, at: number, what: string) {
    this.#text = text;
    this.#at = at;
    this.#what = what;
  }

  steps(): QueryStep[] {
    const steps: QueryStep[] = [];
    while (this.#at < this.#text.length) {
      if (this.#take('..')) {
        if (++this.#descents > MAX_DESCENTS) throw this.#fail();
        steps.push({ type: 'descend' });
        steps.push(this.#text[this.#at] === '[' ? this.#bracket() : this.#name());
      } else if (this.#take('.')) steps.push(this.#name());
      else if (this.#text[this.#at] === '[') steps.push(this.#bracket());
      else throw this.#fail();
    }
    return steps;
  }

  #name(): QueryStep {
    if (this.#take('*')) return { type: 'children' };
    const name = this.#match(NAME);
    if (name === null) throw this.#fail();
    return { type: 'key', key: name[0] };
  }

  #bracket(): QueryStep {
    this.#take('[');
    const steps = [this.#selector()];
    this.#match(SPACE);
    while (this.#take(',')) {
      steps.push(this.#selector());
      this.#match(SPACE);
    }
    if (!this.#take(']')) throw this.#fail();
    return steps.length === 1 ? steps[0]! : { type: 'union', steps };
  }

  #selector(): QueryStep {
    this.#match(SPACE);
    if (this.#take('*')) return { type: 'children' };
    if (this.#take('?')) return this.#filter();
    const quoted = this.#match(QUOTED);
    if (quoted !== null) return { type: 'key', key: (quoted[1] ?? quoted[2]!).replace(/\\(.)/gsu, '$1') };
    const first = this.#match(INTEGER);
    this.#match(SPACE);
    if (!this.#take(':')) {
      if (first === null) throw this.#fail();
      return { type: 'index', index: Number(first[0]) };
    }
    this.#match(SPACE);
    const end = this.#match(INTEGER);
    this.#match(SPACE);
    let step = 1;
    if (this.#take(':')) {
      this.#match(SPACE);
      step = Number(this.#match(INTEGER)?.[0] ?? 1);
    }
    if (step < 1) throw this.#fail();
    const number = (match: RegExpExecArray | null): number | null => (match === null ? null : Number(match[0]));
    return { type: 'slice', start: number(first), end: number(end), step };
  }

  #filter(): QueryStep {
    const parser = new FilterParser(this.#text, this.#at);
    const predicate = parser.parse();
    this.#at = parser.at;
    if (predicate === null) throw this.#fail();
    return { type: 'filter', predicate };
  }

  #take(sign: string): boolean {
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }

  #fail(): Error {
    return unreadable(this.#text, this.#at, this.#what);
  }
}
