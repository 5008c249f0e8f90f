import { ApiDescription, asList, isObject, type Json } from '../../src/discover/openapi/description.js';
import { type RecordedRequest, type ScriptedResponse, startApi, type TestApi } from '../support/api-server.js';

/** Records that every list of the mock has. */
export const RECORD_COUNT = 23;
const DEFAULT_SIZE = 10;

/**
 * An API made from its description: each GET operation answers what its schema says, lists have `RECORD_COUNT` records, and
 * pages are cut by the parameters that the operation has. It knows nothing of how Tidegate reads descriptions.
 */
export async function startDescribedApi(text: string): Promise<TestApi> {
  const api = ApiDescription.parse(text, 'mock');
  const routes = [...api.operations()].map(({ path, operation, parameters }) => ({
    pattern: new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^{}]+\}/g, '[^/]+')}$`),
    // Fixed paths come before those with parameters.
    weight: (path.match(/\{/g) ?? []).length,
    operation,
    parameters,
  }));
  routes.sort((a, b) => a.weight - b.weight);
  const server: TestApi = await startApi((request) => {
    const path = decodeURIComponent(request.path);
    const route = routes.find(({ pattern }) => pattern.test(path));
    return route === undefined ? { status: 404 } : answer(api, route.operation, route.parameters, request, server.url);
  });
  return server;
}

function answer(
  api: ApiDescription,
  operation: Json,
  parameters: readonly Json[],
  request: RecordedRequest,
  url: string,
): ScriptedResponse {
  const missing = parameters.find(({ name, required }) => required === true && !hasParameter(String(name), request));
  if (missing !== undefined && missing.in === 'query')
    return { status: 400, body: { message: `${missing.name} is missing` } };
  const response = api.resolve((operation.responses as Json)['200']);
  if (response === null) return { status: 204 };
  const names = parameters.map(({ name }) => String(name));
  const number = (pattern: RegExp): number | null => {
    const name = names.find((candidate) => pattern.test(candidate) && request.query.has(candidate));
    return name === undefined ? null : Number(request.query.get(name));
  };
  const isPaged = names.some((name) => /^(?:page|per_page|perPage|limit|after)$/.test(name));
  const size = isPaged ? (number(/^(?:per_page|perPage|limit)$/) ?? DEFAULT_SIZE) : RECORD_COUNT;
  const page = number(/^page$/) ?? 1;
  const count = Math.max(0, Math.min(size, RECORD_COUNT - (page - 1) * size));
  const first = (page - 1) * size;
  const schema = api.isSwagger ? response.schema : jsonSchema(response.content);
  const body = new Synthesizer(api, first, count).value(schema, 0, 0);
  const hasLink =
    isObject(response.headers) && Object.keys(response.headers).some((name) => name.toLowerCase() === 'link');
  const next = new URLSearchParams(request.query);
  next.set('page', String(page + 1));
  const isLast = first + count >= RECORD_COUNT;
  return {
    headers: hasLink && !isLast ? { link: `<${url}${request.path}?${next}>; rel="next"` } : {},
    body,
  };
}

function hasParameter(name: string, { query }: RecordedRequest): boolean {
  return query.has(name);
}

function jsonSchema(content: unknown): unknown {
  if (!isObject(content)) return null;
  const type = Object.keys(content).find((name) => name.includes('json'));
  return type === undefined ? null : (content[type] as Json).schema;
}

/** Makes values of a schema; lists at the top, or right below it, have the page's records. */
class Synthesizer {
  constructor(
    readonly api: ApiDescription,
    readonly first: number,
    readonly count: number,
  ) {}

  value(schema: unknown, depth: number, index: number): unknown {
    const resolved = depth > 6 ? null : this.api.resolve(schema);
    if (resolved === null) return null;
    for (const key of ['allOf', 'anyOf', 'oneOf']) {
      const parts = asList(resolved[key]);
      if (parts.length === 0) continue;
      const values = parts.map((part) => this.value(part, depth + 0.1, index));
      const chosen = key === 'allOf' ? Object.assign({}, ...values.filter(isObject)) : values[0];
      return isObject(chosen) ? { ...this.#object(resolved, depth, index), ...chosen } : chosen;
    }
    const type = asList(resolved.type).find((name) => name !== 'null') ?? resolved.type;
    if (Array.isArray(resolved.enum)) return resolved.enum[index % resolved.enum.length];
    if (type === 'array' || resolved.items !== undefined) {
      const length = depth < 1.9 ? this.count : 1;
      return Array.from({ length }, (_, at) =>
        this.value(resolved.items, depth + 2, depth < 1.9 ? this.first + at : at),
      );
    }
    if (type === 'object' || resolved.properties !== undefined) return this.#object(resolved, depth, index);
    switch (type) {
      case 'integer':
        return index + 1;
      case 'number':
        return index + 0.5;
      case 'boolean':
        return index % 2 === 0;
      case 'string':
        return this.#text(String(resolved.format ?? ''), index);
      default:
        return null;
    }
  }

  #object(schema: Json, depth: number, index: number): Json {
    const entries = Object.entries(isObject(schema.properties) ? schema.properties : {}).map(([name, part]) => {
      if (depth < 1 && /^total(?:_count)?$/.test(name)) return [name, RECORD_COUNT];
      return [name, this.value(part, depth + 1, index)];
    });
    return Object.fromEntries(entries);
  }

  #text(format: string, index: number): string {
    if (format === 'date-time') return new Date(Date.UTC(2024, 0, 1 + index)).toISOString();
    if (format === 'date') return new Date(Date.UTC(2024, 0, 1 + index)).toISOString().slice(0, 10);
    if (format === 'uuid') return `00000000-0000-0000-0000-${String(index).padStart(12, '0')}`;
    return `text ${index}`;
  }
}
