import { errors, type GatewayError } from '../../src/core/errors.js';

/** One step of a plain path: into an object's member, an array's element by position, or every element. */
export type Step =
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'each' };

/** A parsed field path: `climb` enclosing objects or elements up (`^`), then down the steps. */
export interface FieldPath {
  readonly climb: number;
  readonly steps: readonly Step[];
}

const NAME = /[\p{L}\p{N}_-]+/uy;
const POSITION = /\[\s*(\d{1,4})\s*\]/y;
const EACH = /\[\s*\*\s*\]/y;
const QUOTED = /\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/suy;

/** Reads a record selector: `$`, `$.a.b[*].c[*]`, `$['odd name']`, `a.b`; `what` names it in errors. */
export function parseSelector(text: string, what: string): readonly Step[] {
  if (text.startsWith('$')) return parseSteps(text, 1, what);
  return parseSteps(`$.${text}`, 1, what);
}

/**
 * Reads a column's field: `$.a.b`, `^.id`, or bare. A bare text is the one key of that name, unless it is written as a path
 * (`customer.name`) and `isKey` does not say that it is a key for sure.
 */
export function parseField(text: string, isKey: boolean, what: string): FieldPath {
  const climb = /^\^*/.exec(text)![0].length;
  if (climb > 0) return { climb, steps: withoutEach(parseSteps(text, climb, what), text, what) };
  if (text === '$' || text.startsWith('$.') || text.startsWith('$[')) {
    return { climb: 0, steps: withoutEach(parseSteps(text, 1, what), text, what) };
  }
  if (!isKey && /^[\p{L}_][\p{L}\p{N}_-]*(?:\.[\p{L}_][\p{L}\p{N}_-]*|\[\d+\])+$/u.test(text)) {
    return { climb: 0, steps: parseSteps(`$.${text}`, 1, what) };
  }
  return { climb: 0, steps: [{ type: 'key', key: text }] };
}

function withoutEach(steps: readonly Step[], text: string, what: string): readonly Step[] {
  if (!steps.some((step) => step.type === 'each')) return steps;
  throw errors.configuration(`${what} "${text}" leads to many values`, {
    hint: 'Name one element by its position, such as [0], or take the whole array in a json column.',
  });
}

function parseSteps(text: string, from: number, what: string): Step[] {
  const steps: Step[] = [];
  let at = from;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  while (at < text.length) {
    if (text[at] === '.' && text[at + 1] !== '.' && text[at + 1] !== '*') {
      at++;
      const name = match(NAME);
      if (name === null) throw unreadable(text, at, what);
      steps.push({ type: 'key', key: name[0] });
      continue;
    }
    const position = match(POSITION);
    if (position !== null) {
      steps.push({ type: 'index', index: Number(position[1]) });
      continue;
    }
    if (match(EACH) !== null) {
      steps.push({ type: 'each' });
      continue;
    }
    const quoted = match(QUOTED);
    if (quoted === null) throw notPlain(text, at, what);
    steps.push({ type: 'key', key: (quoted[1] ?? quoted[2]!).replace(/\\(.)/gsu, '$1') });
  }
  return steps;
}

/** Filters, slices, unions and `..` are query paths; here is no place for one, or it is not readable as one. */
function notPlain(text: string, at: number, what: string): GatewayError {
  if (/^(?:\.\.|\.\*|\[\s*[?(:,*-]|\[[^'"\]]*[:,])/.test(text.slice(at))) {
    return errors.configuration(`${what} "${text}" is not a plain path`, {
      detail: `unsupported at character ${at + 1}: ${text.slice(at, at + 20)}`,
      hint: "Use only members, positions and [*], such as $.a.b[*] or $['odd name'], and leave filtering to the query's WHERE.",
    });
  }
  return unreadable(text, at, what);
}

function unreadable(text: string, at: number, what: string): GatewayError {
  return errors.configuration(`${what} "${text}" cannot be read at character ${at + 1}`, {
    hint: "Write a path such as $.a.b[*], with names that hold other characters in brackets and quotes: $['@odata.nextLink'].",
  });
}
