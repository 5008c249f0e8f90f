import { jsonPath } from '../infer/field-path.js';
import type { ApiDescription, Json } from './description.js';
import type { ListAnswer } from './list-answer.js';
import { type Shape, shapeOf } from './schema.js';

/** `pagination` of the DSN format, and the parameters that it takes over. */
export interface DescribedPagination {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly parameters: ReadonlySet<string>;
}

const PAGES = /^(?:page|page_number|pageNumber|pageNo|page_no|page\[number\])$/;
const OFFSETS = /^(?:offset|skip|start|startAt|start_at|\$skip)$/;
const SIZES =
  /^(?:per_page|perPage|page_size|pageSize|limit|size|maxResults|max_results|first|\$top|top|page\[size\])$/;
const TOKENS =
  /^(?:cursor|next_cursor|nextCursor|page_token|pageToken|continue|continuationToken|continuation_token|next_token|nextToken|after|starting_after|marker)$/;
const NEXT_TOKENS =
  /^(?:next_cursor|nextCursor|next_page_token|nextPageToken|continue|continuationToken|continuation_token|next_token|nextToken|end_cursor|endCursor|after|next_marker|cursor)$/;
const NEXT_URLS = /^(?:next|next_url|nextUrl|next_page_url|nextPageUrl|nextLink|next_link|@odata\.nextLink|next_page)$/;
const PAGE_TOTALS = /^(?:total_pages|totalPages|last_page|lastPage|page_count|pageCount)$/;
const TOTALS = /^(?:total|total_count|totalCount|total_results|totalResults|total_items|totalItems|totalElements)$/;
const MORE = /^(?:has_more|hasMore|has_next|hasNext|has_next_page|hasNextPage)$/;
const PREFERRED_SIZE = 100;

/** How a list pages by its parameters and its answer; null where nothing tells. */
export function describedPagination(
  parameters: readonly Json[],
  answer: ListAnswer,
  api: ApiDescription,
): DescribedPagination | null {
  const query = parameters.filter((parameter) => parameter.in === 'query');
  const find = (pattern: RegExp): Json | undefined => query.find(({ name }) => pattern.test(String(name)));
  const page = find(PAGES);
  const offset = find(OFFSETS);
  const token = find(TOKENS);
  const size = sizeKeys(find(SIZES), api);
  const taken = (...list: (Json | undefined)[]): ReadonlySet<string> =>
    new Set([...list, find(SIZES)].flatMap((parameter) => (parameter === undefined ? [] : [String(parameter.name)])));
  if (answer.headers.has('link')) {
    return { keys: { type: 'link_header', ...size }, parameters: taken(page, offset, token) };
  }
  const field = (pattern: RegExp, types: readonly string[]): string | null =>
    answer.envelope === null ? null : findField(answer.envelope, pattern, types, api);
  const nextToken = token === undefined ? null : field(NEXT_TOKENS, ['text', 'bigint', 'json']);
  if (token !== undefined && nextToken !== null) {
    return { keys: { type: 'cursor', parameter: token.name, field: nextToken, ...size }, parameters: taken(token) };
  }
  const nextUrl = field(NEXT_URLS, ['text']);
  if (nextUrl !== null && page === undefined) {
    return { keys: { type: 'next_url', field: nextUrl, ...size }, parameters: taken(page, offset, token) };
  }
  if (page !== undefined) {
    const start = startOf(page, api);
    const keys = {
      type: 'page',
      parameter: page.name,
      ...(start === 0 ? { start } : {}),
      ...size,
      ...stop(field, size),
    };
    return { keys, parameters: taken(page) };
  }
  if (offset !== undefined) {
    const sized = size.size === undefined ? { size: 20 } : size;
    const keys = { type: 'offset', parameter: offset.name, ...sized, ...stop(field, sized) };
    return { keys, parameters: taken(offset) };
  }
  // A bare list has no place for a token: what takes one gives it in a Link header, and without that there is one page.
  if (token !== undefined && answer.envelope === null) {
    return { keys: { type: 'link_header', ...size }, parameters: taken(token) };
  }
  return null;
}

/** The largest page up to 100 records that the description allows. */
function sizeKeys(
  parameter: Json | undefined,
  api: ApiDescription,
): { readonly size_parameter?: unknown; readonly size?: number } {
  if (parameter === undefined) return {};
  const schema = api.isSwagger ? parameter : (api.resolve(parameter.schema) ?? {});
  const text = `${parameter.description ?? ''}`;
  const told = /\bmax(?:imum)?\.?:?\s*(?:of\s*|is\s*|value\s*)*(\d{1,5})\b/i.exec(text)?.[1];
  const most = typeof schema.maximum === 'number' ? schema.maximum : Number(told ?? PREFERRED_SIZE);
  const size = Math.max(1, Math.min(PREFERRED_SIZE, Math.floor(most)));
  return { size_parameter: parameter.name, size };
}

function startOf(parameter: Json, api: ApiDescription): number {
  const schema = api.isSwagger ? parameter : (api.resolve(parameter.schema) ?? {});
  return schema.default === 0 ||
    (schema.minimum === 0 &&
      schema.default === undefined &&
      /zero|0-based|starts? at 0/i.test(String(parameter.description ?? '')))
    ? 0
    : 1;
}

function stop(
  field: (pattern: RegExp, types: readonly string[]) => string | null,
  size: { readonly size?: number },
): Readonly<Record<string, unknown>> {
  const pages = field(PAGE_TOTALS, ['bigint', 'numeric']);
  if (pages !== null) return { stop: [{ total_pages: pages }, 'empty_page'] };
  const more = field(MORE, ['boolean']);
  if (more !== null) return { stop: [{ has_more: more }, 'empty_page'] };
  const total = field(TOTALS, ['bigint', 'numeric']);
  if (total !== null) return { stop: [{ total }, 'empty_page'] };
  return size.size === undefined ? { stop: ['empty_page'] } : {};
}

/** The path of such a member of the envelope, or of an object in it. */
function findField(envelope: Shape, pattern: RegExp, types: readonly string[], api: ApiDescription): string | null {
  const inner: [string, Shape][] = [];
  for (const [name, schema] of envelope.properties) {
    const shape = shapeOf(schema, api);
    if (shape.kind === 'object') inner.push([name, shape]);
    else if (pattern.test(name) && (shape.kind === 'any' || types.includes(shape.type))) return jsonPath([name]);
  }
  for (const [name, shape] of inner) {
    for (const [member, schema] of shape.properties) {
      const innerShape = shapeOf(schema, api);
      if (
        innerShape.kind !== 'object' &&
        pattern.test(member) &&
        (innerShape.kind === 'any' || types.includes(innerShape.type))
      ) {
        return jsonPath([name, member]);
      }
      if (innerShape.kind === 'object' && pattern.test(member) && innerShape.properties.has('href')) {
        return jsonPath([name, member, 'href']);
      }
    }
  }
  return null;
}
