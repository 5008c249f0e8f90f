import { errors } from '../../src/core/errors.js';

/** One element on a path: a local name (`*` for any), and a namespace where the path's prefix is mapped to one. */
export interface ElementStep {
  readonly local: string;
  readonly namespace: string | null;
}

/** What of the element at the path's end is meant. */
export type PathEnd =
  | { readonly type: 'element' }
  | { readonly type: 'text' }
  | { readonly type: 'attribute'; readonly local: string; readonly namespace: string | null };

/** A parsed field: `climb` enclosing elements up (`^`), then down the steps. */
export interface XmlPath {
  readonly climb: number;
  readonly steps: readonly ElementStep[];
  readonly end: PathEnd;
}

const NAME = /^[\p{L}_][\p{L}\p{N}\p{M}_.\-·]*$/u;

/** Reads `/Envelope/Body/Orders/Order`. `namespaces`: prefix to URI; other prefixes are ignored. */
export function parseRecordsPath(text: string, namespaces: ReadonlyMap<string, string>): readonly ElementStep[] {
  if (!text.startsWith('/') || text === '/')
    throw unreadable('records', text, 'Write it from the root element on, such as /Envelope/Body/Orders/Order.');
  const path = parse(text.slice(1), 'records', text, namespaces);
  if (path.end.type !== 'element' || path.steps.length === 0)
    throw unreadable('records', text, 'It has to lead to an element.');
  return path.steps;
}

/** Reads a field (`Customer/Name`, `@id`, `text()`, `^/@id`) or, from the root, a capture (`/List/Next`). */
export function parseFieldPath(text: string, what: string, namespaces: ReadonlyMap<string, string>): XmlPath {
  const climb = /^\^*/.exec(text)![0].length;
  let rest = text.slice(climb);
  if (climb > 0 && rest !== '') {
    if (!rest.startsWith('/'))
      throw unreadable(what, text, 'Write ^/ in front of the path from the enclosing element.');
    rest = rest.slice(1);
  }
  return { ...parse(rest, what, text, namespaces), climb };
}

function parse(
  rest: string,
  what: string,
  text: string,
  namespaces: ReadonlyMap<string, string>,
): Omit<XmlPath, 'climb'> {
  const parts = rest === '' ? [] : rest.split('/');
  const steps: ElementStep[] = [];
  let end: PathEnd = { type: 'element' };
  parts.forEach((part, index) => {
    const isLast = index === parts.length - 1;
    if (part === '.') return;
    if (isLast && part === 'text()') end = { type: 'text' };
    else if (isLast && part.startsWith('@')) end = { type: 'attribute', ...qualified(part.slice(1)) };
    else steps.push(qualified(part));
  });
  return { steps, end };

  function qualified(name: string): ElementStep {
    const colon = name.indexOf(':');
    const local = name.slice(colon + 1);
    const prefix = colon < 0 ? null : name.slice(0, colon);
    if ((local !== '*' && !NAME.test(local)) || (prefix !== null && !NAME.test(prefix))) {
      throw unreadable(what, text, 'Use element names, @attribute and text(), such as Customer/Name or Customer/@id.');
    }
    return { local, namespace: prefix === null ? null : (namespaces.get(prefix) ?? null) };
  }
}

function unreadable(what: string, text: string, hint: string): Error {
  return errors.configuration(`${what} "${text}" is not a path that the xml driver reads`, { hint });
}
