import { errors } from '../core/errors.js';
import { Secret } from '../core/secret.js';

/** A value that a JSON body gets as it stands: keeps all digits of a bigint or numeric. */
export class JsonLiteral {
  constructor(readonly text: string) {}
}

type Step = string | number;

const STEP = /\.([A-Za-z_$@][\w$@-]*)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;

/** Takes a path such as `$.a.b`, `$.items[0]` or `$['a b']` apart. Throws F0000 for one that names no single place. */
export function parseBodyPath(path: string): readonly Step[] {
  const steps: Step[] = [];
  STEP.lastIndex = 1;
  while (path.startsWith('$') && STEP.lastIndex < path.length) {
    const match = STEP.exec(path);
    if (match === null) break;
    if (match[2] !== undefined) steps.push(Number(match[2]));
    else steps.push(match[1] ?? (match[3] ?? match[4] ?? '').replace(/\\(.)/g, '$1'));
    if (STEP.lastIndex === path.length) return steps;
  }
  throw errors.configuration(`"${path}" does not name one place in a JSON body`, {
    hint: 'Write a path of names and positions, such as $.paging.page.',
  });
}

/** The document with `value` at the path; the original stays as it is, objects on the way are made where missing. */
export function setInBody(document: unknown, path: string, value: string | JsonLiteral): unknown {
  return setAt(document, parseBodyPath(path), 0, value, path);
}

function setAt(node: unknown, steps: readonly Step[], depth: number, value: unknown, path: string): unknown {
  const step = steps[depth];
  if (step === undefined) return value;
  if (typeof step === 'number') {
    if (node !== undefined && node !== null && !Array.isArray(node)) throw noPlace(path);
    const copy: unknown[] = Array.isArray(node) ? [...node] : [];
    if (step > copy.length) throw noPlace(path);
    copy[step] = setAt(copy[step], steps, depth + 1, value, path);
    return copy;
  }
  if (node !== undefined && node !== null && !isPlainObject(node)) throw noPlace(path);
  const entries = Object.entries((node ?? {}) as Record<string, unknown>);
  const child = setAt(entries.find(([name]) => name === step)?.[1], steps, depth + 1, value, path);
  const index = entries.findIndex(([name]) => name === step);
  if (index < 0) entries.push([step, child]);
  else entries[index] = [step, child];
  return Object.fromEntries(entries);
}

function isPlainObject(node: unknown): boolean {
  return (
    typeof node === 'object' && !Array.isArray(node) && !(node instanceof Secret) && !(node instanceof JsonLiteral)
  );
}

function noPlace(path: string): Error {
  return errors.configuration(`the request body has no place for "${path}"`, {
    hint: 'Make the body an object (or array) wherever the path leads through it.',
  });
}

/** The document as JSON text, secrets and literals included. */
export function writeJsonBody(node: unknown): string {
  if (node instanceof JsonLiteral) return node.text;
  if (node instanceof Secret) return JSON.stringify(node.reveal());
  if (Array.isArray(node)) return `[${node.map(writeJsonBody).join(',')}]`;
  if (node !== null && typeof node === 'object') {
    const members = Object.entries(node).filter(([, value]) => value !== undefined);
    return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${writeJsonBody(value)}`).join(',')}}`;
  }
  return JSON.stringify(node) ?? 'null';
}

/** All secrets within the document. */
export function* secretsInBody(node: unknown): Generator<string, void, void> {
  if (node instanceof Secret) yield node.reveal();
  else if (node !== null && typeof node === 'object') {
    for (const value of Array.isArray(node) ? node : Object.values(node)) yield* secretsInBody(value);
  }
}

/** True when there is a secret anywhere in the document. */
export function hasSecret(document: unknown): boolean {
  return secretsInBody(document).next().done !== true;
}
