import { jsonPath } from '../infer/field-path.js';
import { type ApiDescription, isObject, type Json } from './description.js';
import { type Shape, shapeOf } from './schema.js';

/** A list that an operation answers with. */
export interface ListAnswer {
  readonly selector: string;
  /** The items. */
  readonly item: Shape;
  /** The object around the list; null where the answer is the list. */
  readonly envelope: Shape | null;
  readonly headers: ReadonlySet<string>;
}

const USUAL_NAMES = ['data', 'items', 'results', 'records', 'value', 'rows', 'entries', 'list', 'content', 'objects'];

/** The list of an operation's success answer; null where it has none, or several and no usual name among them. */
export function listAnswer(operation: Json, api: ApiDescription): ListAnswer | null {
  const responses = isObject(operation.responses) ? operation.responses : {};
  const status = ['200', '2XX', '206', 'default'].find((name) => responses[name] !== undefined);
  const response = status === undefined ? null : api.resolve(responses[status]);
  if (response === null) return null;
  const schema = api.isSwagger ? response.schema : jsonSchema(response.content);
  if (schema === undefined || schema === null) return null;
  const headers = new Set(
    Object.keys(isObject(response.headers) ? response.headers : {}).map((name) => name.toLowerCase()),
  );
  const shape = shapeOf(schema, api);
  if (shape.kind === 'array') return { selector: '$[*]', item: shapeOf(shape.items, api), envelope: null, headers };
  if (shape.kind !== 'object') return null;
  const lists = listsOf(shape, [], api, 0);
  const best =
    lists.find(({ name }) => USUAL_NAMES.includes(name)) ??
    (lists.filter(({ depth }) => depth === 0).length === 1 ? lists[0] : undefined);
  if (best === undefined || !isEnvelope(shape, best.name)) return null;
  return { selector: `${best.path}[*]`, item: best.item, envelope: shape, headers };
}

interface FoundList {
  readonly name: string;
  readonly path: string;
  readonly depth: number;
  readonly item: Shape;
}

/** Lists of objects in the answer itself or one object down. */
function listsOf(shape: Shape, path: readonly string[], api: ApiDescription, depth: number): FoundList[] {
  const found: FoundList[] = [];
  const inner: FoundList[] = [];
  for (const [name, schema] of shape.properties) {
    const property = shapeOf(schema, api);
    if (property.kind === 'array') {
      const item = shapeOf(property.items, api);
      if (item.kind === 'object') found.push({ name, path: jsonPath([...path, name]), depth, item });
    } else if (property.kind === 'object' && depth === 0 && (USUAL_NAMES.includes(name) || name === '_embedded')) {
      inner.push(...listsOf(property, [...path, name], api, 1));
    }
  }
  return [...found, ...inner];
}

/** An object with an id of its own, or with many members, is one record that has a list among other things. */
function isEnvelope(shape: Shape, list: string): boolean {
  return !shape.properties.has('id') && (USUAL_NAMES.includes(list) || shape.properties.size <= 8);
}

function jsonSchema(content: unknown): unknown {
  if (!isObject(content)) return null;
  const type =
    Object.keys(content).find((name) => /^application\/(?:[\w.+-]*\+)?json\b/i.test(name)) ??
    Object.keys(content).find((name) => name === '*/*');
  const media = type === undefined ? undefined : content[type];
  return isObject(media) ? media.schema : null;
}
