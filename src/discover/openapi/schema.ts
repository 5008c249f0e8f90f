import { type ApiDescription, asList, asText, isObject, type Json } from './description.js';

/** A schema as far as columns need it: references followed, `allOf` merged, alternatives with one shape taken. */
export interface Shape {
  readonly kind: 'object' | 'array' | 'scalar' | 'any';
  readonly type: string;
  readonly description: string | null;
  readonly isNullable: boolean;
  readonly properties: ReadonlyMap<string, unknown>;
  readonly required: ReadonlySet<string>;
  readonly items: unknown;
  readonly values: readonly string[];
}

const MAX_DEPTH = 12;

/** What a schema describes. */
export function shapeOf(schema: unknown, api: ApiDescription, depth = 0): Shape {
  const resolved = depth > MAX_DEPTH ? null : api.resolve(schema);
  if (resolved === null) return ANY;
  const own = ownShape(resolved);
  const all = asList(resolved.allOf).map((part) => shapeOf(part, api, depth + 1));
  const alternatives = [...asList(resolved.anyOf), ...asList(resolved.oneOf)];
  const some = alternatives.map((part) => shapeOf(part, api, depth + 1)).filter((shape) => shape.type !== 'null');
  const hasNull = alternatives.length > some.length;
  const merged = all.reduce(merge, own);
  const joined = some.length === 0 ? merged : merge(merged, alternate(some));
  return hasNull ? { ...joined, isNullable: true } : joined;
}

const ANY: Shape = {
  kind: 'any',
  type: '',
  description: null,
  isNullable: true,
  properties: new Map(),
  required: new Set(),
  items: null,
  values: [],
};

function ownShape(schema: Json): Shape {
  const types = Array.isArray(schema.type) ? schema.type.filter((type) => type !== 'null') : [schema.type];
  const isNull = schema.type === 'null';
  const type = types.length === 1 ? (asText(types[0]) ?? '') : '';
  const properties = isObject(schema.properties)
    ? new Map(Object.entries(schema.properties))
    : new Map<string, unknown>();
  const kind =
    type === 'object' || properties.size > 0
      ? 'object'
      : type === 'array' || (schema.items !== undefined && type === '')
        ? 'array'
        : type === ''
          ? 'any'
          : 'scalar';
  const isNullable =
    schema.nullable === true ||
    schema['x-nullable'] === true ||
    (Array.isArray(schema.type) && schema.type.includes('null'));
  return {
    kind: isNull ? 'any' : kind,
    type: isNull
      ? 'null'
      : kind === 'scalar'
        ? scalarType(type, asText(schema.format) ?? '')
        : kind === 'any'
          ? ''
          : 'json',
    description: asText(schema.description) ?? asText(schema.title),
    isNullable,
    properties,
    required: new Set(asList(schema.required).filter((name): name is string => typeof name === 'string')),
    items: schema.items ?? null,
    values: asList(schema.enum).flatMap((value) => (typeof value === 'string' ? [value] : [])),
  };
}

function scalarType(type: string, format: string): string {
  switch (type) {
    case 'integer':
      return 'bigint';
    case 'number':
      return format === 'double' || format === 'float' ? 'double precision' : 'numeric';
    case 'boolean':
      return 'boolean';
    default:
      return format === 'date-time' ? 'timestamptz' : format === 'date' ? 'date' : format === 'uuid' ? 'uuid' : 'text';
  }
}

function merge(a: Shape, b: Shape): Shape {
  if (b.kind === 'any') return { ...a, isNullable: a.isNullable || b.isNullable };
  if (a.kind === 'any')
    return { ...b, description: a.description ?? b.description, isNullable: a.isNullable || b.isNullable };
  return {
    ...a,
    properties: new Map([...a.properties, ...b.properties]),
    required: new Set([...a.required, ...b.required]),
    items: a.items ?? b.items,
    isNullable: a.isNullable || b.isNullable,
  };
}

/** One of several: objects have the members of all, equal scalars stay, anything else is json, or text. */
function alternate(shapes: readonly Shape[]): Shape {
  const [first] = shapes;
  if (shapes.every(({ kind }) => kind === 'object')) {
    return { ...shapes.reduce(merge), required: new Set() };
  }
  if (shapes.every(({ kind, type }) => kind === first!.kind && type === first!.type)) return first!;
  const isScalar = shapes.every(({ kind }) => kind === 'scalar');
  const isNumber = isScalar && shapes.every(({ type }) => type === 'bigint' || type === 'numeric');
  return { ...ANY, kind: 'scalar', type: isNumber ? 'numeric' : isScalar ? 'text' : 'json' };
}
