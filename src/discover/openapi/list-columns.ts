import { NameMaker } from '../infer/column-names.js';
import { jsonField } from '../infer/field-path.js';
import type { ApiDescription } from './description.js';
import { type Shape, shapeOf } from './schema.js';

/** A column of a table made from a description. */
export interface DescribedColumn {
  readonly name: string;
  readonly type: string;
  /** The property's path; null where the value comes from a filter. */
  readonly path: readonly string[] | null;
  readonly description: string | null;
}

const MOST_COLUMNS = 400;
const MOST_DESCRIPTION = 200;

/** The columns of a list's items: objects one level down are flattened, lists and deeper objects are json. */
export function columnsOf(item: Shape, api: ApiDescription): DescribedColumn[] {
  const names = new NameMaker();
  const columns: DescribedColumn[] = [];
  const add = (path: readonly string[], shape: Shape): void => {
    if (columns.length >= MOST_COLUMNS) return;
    const type = shape.kind === 'scalar' ? shape.type : 'json';
    columns.push({ name: names.make(path.join('_')), type, path, description: shorten(shape.description) });
  };
  if (item.kind !== 'object') {
    columns.push({
      name: 'value',
      type: item.kind === 'scalar' ? item.type : 'json',
      path: [],
      description: shorten(item.description),
    });
    return columns;
  }
  if (item.properties.size === 0) {
    columns.push({ name: 'value', type: 'json', path: [], description: null });
    return columns;
  }
  for (const [name, schema] of item.properties) {
    const shape = shapeOf(schema, api);
    if (shape.kind !== 'object' || shape.properties.size === 0) add([name], shape);
    else for (const [member, inner] of shape.properties) add([name, member], shapeOf(inner, api));
  }
  return columns;
}

/** A column as DSN files write it. */
export function columnKeys({ name, type, path, description }: DescribedColumn): unknown {
  const field = path === null ? null : jsonField(path);
  const details = {
    type,
    ...(path === null ? { from: 'filter' } : field === name ? {} : { field }),
    ...(description === null ? {} : { description }),
  };
  return Object.keys(details).length === 1 ? type : details;
}

/** The first sentence, without line ends. */
export function shorten(text: string | null): string | null {
  if (text === null) return null;
  const [line] = text
    .replace(/<[^>]{1,200}>/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .split(/(?<=\.)\s/, 1);
  // `${` would be an interpolation.
  const plain = (line ?? '').replaceAll('${', '$ {');
  if (plain === '') return null;
  return plain.length > MOST_DESCRIPTION ? `${plain.slice(0, MOST_DESCRIPTION - 1)}…` : plain;
}
