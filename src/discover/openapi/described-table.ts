import { NameMaker, toIdentifier } from '../infer/column-names.js';
import { describedPagination } from './described-pagination.js';
import { type ApiDescription, asText, type Json } from './description.js';
import { listAnswer } from './list-answer.js';
import { columnKeys, columnsOf, type DescribedColumn, shorten } from './list-columns.js';
import { shapeOf } from './schema.js';

export interface DescribedOperation {
  readonly path: string;
  readonly operation: Json;
  readonly parameters: readonly Json[];
}

/** A table of a list operation in the DSN format; null for an operation that answers no list or needs what no filter gives. */
export function describedTable({ path, operation, parameters }: DescribedOperation, api: ApiDescription): Json | null {
  const answer = listAnswer(operation, api);
  if (answer === null) return null;
  const pagination = describedPagination(parameters, answer, api);
  const columns = columnsOf(answer.item, api);
  const names = new NameMaker(columns.map(({ name }) => name));
  const filters: Record<string, Json> = {};
  const query: Record<string, string> = {};
  for (const parameter of parameters) {
    const name = String(parameter.name ?? '');
    const place = parameter.in;
    if (place === 'body' || place === 'formData' || place === 'cookie') {
      if (parameter.required === true) return null;
      continue;
    }
    if (place === 'path') {
      // `{+path}` and the like are templates that no filter fills.
      if (!path.includes(`{${name}}`)) continue;
      const column = filterColumn(parameter, columns, names, filters, api);
      filters[column] = { operators: ['='], path: name };
    } else if (place === 'query' && !(pagination?.parameters.has(name) ?? false)) {
      addQuery(parameter, name);
    }
  }
  if (/\{[^{}]*\}/.test(fillPath(path, filters))) return null;
  return {
    ...describe(operation),
    path,
    ...(Object.keys(query).length === 0 ? {} : { query }),
    records: answer.selector,
    ...(pagination === null ? {} : { pagination: pagination.keys }),
    columns: Object.fromEntries(columns.map((column) => [column.name, columnKeys(column)])),
    ...(Object.keys(filters).length === 0 ? {} : { filters }),
  };

  /** A parameter named like a column filters by it; a required one of another name makes a column of its own. */
  function addQuery(parameter: Json, name: string): void {
    const isRequired = parameter.required === true;
    const shape = parameterShape(parameter, api);
    if (isRequired && shape.values.length === 1) {
      query[name] = shape.values[0]!;
      return;
    }
    if (shape.kind !== 'scalar') return;
    const own = columns.find((column) => isSameName(column, name));
    if (own === undefined && !isRequired) return;
    // A number or a text that is compared by some rule of the API's own is only known to be roughly equal.
    const column = filterColumn(parameter, columns, names, filters, api);
    filters[column] = { operators: ['='], query: name, ...(isRequired ? { required: true } : {}), exact: false };
  }
}

function filterColumn(
  parameter: Json,
  columns: DescribedColumn[],
  names: NameMaker,
  filters: Readonly<Record<string, unknown>>,
  api: ApiDescription,
): string {
  const name = String(parameter.name);
  const shape = parameterShape(parameter, api);
  const type = shape.kind === 'scalar' ? shape.type : 'text';
  const own = columns.find((column) => isSameName(column, name) && column.type !== 'json');
  // The path's `{id}` is another record's id more often than not, so only a query parameter means the column.
  if (own !== undefined && parameter.in !== 'path' && !Object.hasOwn(filters, own.name)) return own.name;
  const column = { name: names.make(name), type, path: null, description: shorten(asText(parameter.description)) };
  columns.push(column);
  return column.name;
}

function isSameName(column: DescribedColumn, name: string): boolean {
  return (
    column.path?.length === 1 &&
    (column.path[0] === name || column.name === toIdentifier(name)) &&
    column.type !== 'json'
  );
}

function parameterShape(parameter: Json, api: ApiDescription): ReturnType<typeof shapeOf> {
  return shapeOf(api.isSwagger ? { ...parameter, required: undefined, in: undefined } : parameter.schema, api);
}

function fillPath(path: string, filters: Readonly<Record<string, Json>>): string {
  return Object.values(filters).reduce<string>((text, filter) => text.replaceAll(`{${String(filter.path)}}`, ''), path);
}

function describe(operation: Json): { readonly description?: string } {
  const text = shorten(asText(operation.summary) ?? asText(operation.description));
  return text === null ? {} : { description: text };
}

/** What a table is called: the path's fixed parts; an operation's own name is often a sentence. */
export function tableName(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && !part.includes('{') && !/^v\d+(?:\.\d+)*$/i.test(part));
  return parts.length === 0 ? 'root' : toIdentifier(parts.join('_'));
}
