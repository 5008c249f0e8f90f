import { Secret } from '../../core/secret.js';
import type { BodyModel } from '../model.js';
import type { SourceNode } from '../source-tree.js';
import { type BuildContext, isDamaged, type TableSettings } from './context.js';
import { readTexts } from './request-texts.js';

const KINDS = ['json', 'form', 'text', 'xml'] as const;

/** A table's request body; null where it has none, or with a problem. */
export function buildBody(settings: TableSettings, context: BuildContext): BodyModel | null {
  const { tree, problems } = context;
  const { body } = settings.table;
  if (body === undefined) return null;
  const path = [...settings.path, 'body'];
  const given = KINDS.filter((kind) => tree.node([...path, kind]) !== undefined);
  if (given.length !== 1) {
    const message = given.length === 0 ? '"body" is empty' : `"body" has more than one kind: ${given.join(', ')}`;
    problems.add(
      given.length === 0 ? tree.keyAt(path) : tree.keyAt([...path, given[1]!]),
      message,
      'Keep one of json, form, text and xml.',
    );
    return null;
  }
  const [kind] = given as [(typeof KINDS)[number]];
  const method = settings.table.method ?? 'GET';
  if (method === 'GET' && !isDamaged(context, [...settings.path, 'method'])) {
    problems.add(tree.keyAt(path), 'a GET request has no body', 'Add "method: POST", or whatever the API wants.');
  }
  const place = [...path, kind];
  if (isDamaged(context, place)) return null;
  switch (kind) {
    case 'json':
      return { type: 'json', value: jsonValue(tree.node(place)!, context) };
    case 'form':
      return { type: 'form', fields: readTexts(place, context) };
    default:
      return { type: kind, text: tree.configuredText(place) };
  }
}

/** The JSON to send, with a `Secret` in place of each text that was interpolated. */
export function jsonValue(node: SourceNode, context: BuildContext): unknown {
  if (node.interpolation !== 'none') return new Secret(node.value as string);
  if (Array.isArray(node.value)) return [...node.children.values()].map((child) => jsonValue(child, context));
  if (typeof node.value === 'object' && node.value !== null) {
    return Object.fromEntries([...node.children].map(([key, child]) => [key, jsonValue(child, context)]));
  }
  if (typeof node.value === 'number' && Number.isInteger(node.value) && !Number.isSafeInteger(node.value)) {
    context.problems.add(
      node.at,
      'this number is too large to be sent exactly',
      'Put it in quotes if the API takes it as text.',
    );
  }
  return node.value;
}
