import { reveal } from '../../core/secret.js';
import type { BodyModel, ValuePlace } from '../model.js';
import type { SourcePath } from '../source-tree.js';
import type { BuildContext } from './context.js';

const PLACES = ['query', 'path', 'header', 'body'] as const;

/** Reads the one of `query`, `path`, `header` and `body` that is set; null, with a problem, when it is not exactly one. */
export function readPlace(
  input: Readonly<Partial<Record<ValuePlace, string | undefined>>>,
  path: SourcePath,
  what: string,
  context: BuildContext,
): { readonly place: ValuePlace; readonly parameter: string } | null {
  const given = PLACES.filter((place) => context.tree.node([...path, place]) !== undefined);
  const { tree, problems } = context;
  if (given.length === 0) {
    problems.add(
      tree.keyAt(path),
      `${what} does not say where its value goes`,
      'Add one of query, path, header and body.',
    );
    return null;
  }
  if (given.length > 1) {
    const message = `${what} has more than one place: ${given.join(', ')}`;
    problems.add(tree.keyAt([...path, given[1]!]), message, 'Keep one of query, path, header and body.');
    return null;
  }
  const [place] = given as [ValuePlace];
  const parameter = input[place];
  return parameter === undefined ? null : { place, parameter };
}

/** Checks that a value placed in a header or body can be sent there. */
export function checkPlacement(
  { place, parameter }: { readonly place: ValuePlace; readonly parameter: string },
  path: SourcePath,
  body: BodyModel | null,
  context: BuildContext,
): void {
  const { tree, problems } = context;
  if (place === 'header' && !isHeaderName(parameter)) {
    problems.add(tree.at(path), `"${tree.written(path)}" is not a header name`, 'Use letters, digits and "-".');
  }
  if (place !== 'body') return;
  if (body === null) {
    const hint = 'Add "body: { json: {} }" or "body: { form: {} }" and a method such as POST.';
    problems.add(tree.at(path), 'a value can only be placed in a body, and this table has none', hint);
  } else if (body.type === 'text' || body.type === 'xml') {
    if (reveal(body.text).includes(`{${parameter}}`)) return;
    const hint = `Write {${parameter}} in the body's text where the value goes.`;
    problems.add(tree.at(path), `the body has no "{${parameter}}"`, hint);
  } else if (body.type === 'json' && !/^\$[.[]/.test(parameter)) {
    problems.add(
      tree.at(path),
      `"${tree.written(path)}" is not a place in a JSON body`,
      'Write a JSONPath such as $.filter.status.',
    );
  } else if (body.type === 'form' && parameter.startsWith('$')) {
    problems.add(tree.at(path), `"${tree.written(path)}" is not a field of a form`, 'Write the name of the field.');
  }
}

/** Whether a text is a header's name (RFC 9110, 5.1). */
export function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

/** Adds a problem for a key whose value is not a header's name. */
export function checkHeaderName(path: SourcePath, header: string, { tree, problems }: BuildContext): void {
  if (isHeaderName(header)) return;
  problems.add(tree.at(path), `"${tree.written(path)}" is not a header name`, 'Use letters, digits and "-".');
}
