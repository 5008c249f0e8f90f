import { jsonPath } from '../infer/field-path.js';
import { linkedPagination, memberAt } from '../infer/linked-pagination.js';
import { documentMap, type SampledRecords } from '../infer/read-sample.js';
import { isMap, type SampleMap, type SampleValue, scalarText } from '../sample/sample-value.js';
import type { Sample } from '../sample/sampler.js';

/** `pagination` of the DSN format. */
export type PaginationKeys = Readonly<Record<string, unknown>>;

/** A page with its records. */
export interface ReadPage {
  readonly sample: Sample;
  readonly read: SampledRecords;
}

/** Asks for the page again with these query parameters; null where that fails. */
export type AskAgain = (query: Readonly<Record<string, string>>) => Promise<ReadPage | null>;

/** Tokens by where documents have them, and the parameters that APIs take them in. */
const CURSORS: readonly (readonly [place: string, ...parameters: string[]])[] = [
  ['next_cursor', 'cursor', 'next_cursor'],
  ['nextCursor', 'cursor', 'nextCursor'],
  ['meta/next_cursor', 'cursor'],
  ['pagination/next_cursor', 'cursor', 'next_cursor'],
  ['pagination/nextCursor', 'cursor'],
  ['response_metadata/next_cursor', 'cursor'],
  ['paging/cursors/after', 'after'],
  ['paging/next/after', 'after'],
  ['nextPageToken', 'pageToken', 'nextPageToken'],
  ['next_page_token', 'page_token', 'next_page_token'],
  ['continuationToken', 'continuationToken'],
  ['continuation_token', 'continuation_token'],
  ['next_token', 'next_token', 'pagination_token'],
  ['meta/next_token', 'next_token', 'pagination_token'],
  ['nextToken', 'nextToken'],
  ['cursor', 'cursor'],
  ['cursor/next', 'cursor'],
  ['pageInfo/endCursor', 'after'],
  ['next_page', 'page'],
  ['next', 'cursor', 'next'],
];
const PAGES = ['page', 'page_number', 'pageNumber', 'pageNo', 'p', 'pg'];
const OFFSETS = ['offset', 'skip', 'start', '_start', '$skip', 'startAt'];
const SIZES = [
  'per_page',
  'perPage',
  'page_size',
  'pageSize',
  'limit',
  'size',
  'count',
  'top',
  '$top',
  '_limit',
  'maxResults',
];
const TOTALS =
  /^(?:total|total_count|totalCount|total_results|totalResults|total_items|totalItems|total_elements|totalElements|count)$/;
const PAGE_TOTALS = /^(?:total_pages|totalPages|last_page|lastPage|page_count|pageCount|pages|num_pages)$/;
const MORE = /^(?:has_more|hasMore|has_next|hasNext|has_next_page|hasNextPage|more)$/;
/** So few records are likely to be all of them. */
const FEWEST_RECORDS = 5;

/** How the API pages, as the first page shows it and further requests confirm; null where nothing does. */
export async function recognisePagination(
  page: ReadPage,
  query: ReadonlyMap<string, string>,
  askAgain: AskAgain,
): Promise<PaginationKeys | null> {
  const linked = linkedPagination(page.sample, page.read);
  if (linked !== null) return linked;
  const document = documentMap(page.read.document);
  const cursor = document === null ? null : await findCursor(page, document, query, askAgain);
  return cursor ?? (await findNumbers(page, document, query, askAgain));
}

async function findCursor(
  page: ReadPage,
  document: SampleMap,
  query: ReadonlyMap<string, string>,
  askAgain: AskAgain,
): Promise<PaginationKeys | null> {
  for (const [place, ...parameters] of CURSORS) {
    const path = place.split('/');
    const token = scalarText(memberAt(document, path));
    if (token === null || token === '' || token === 'false' || token === 'true') continue;
    const given = [...query.keys()].filter((name) => /cursor|token|after/i.test(name));
    for (const parameter of [...given, ...parameters]) {
      if (!isNew(page, await askAgain({ [parameter]: token }))) continue;
      return { type: 'cursor', parameter, field: jsonPath(path), ...sizeOf(query) };
    }
  }
  return null;
}

async function findNumbers(
  page: ReadPage,
  document: SampleMap | null,
  query: ReadonlyMap<string, string>,
  askAgain: AskAgain,
): Promise<PaginationKeys | null> {
  const count = page.read.records.length;
  const stop = document === null ? [] : stopConditions(document);
  const hasHint =
    stop.length > 0 || ['x-total-count', 'x-total', 'x-total-pages'].some((name) => page.sample.headers.has(name));
  if (count === 0 || (count < FEWEST_RECORDS && !hasHint)) return null;
  const size = sizeOf(query, count);
  const end = stop.length === 0 ? {} : { stop };
  for (const parameter of preferred(PAGES, query, document)) {
    const first = Number(query.get(parameter) ?? 1);
    if (!isNew(page, await askAgain({ [parameter]: String(first + 1) }))) continue;
    return { type: 'page', parameter, ...(first === 1 ? {} : { start: first }), ...size, ...end };
  }
  for (const parameter of preferred(OFFSETS, query, document)) {
    if (!isNew(page, await askAgain({ [parameter]: String(Number(query.get(parameter) ?? 0) + count) }))) continue;
    return { type: 'offset', parameter, ...size, ...end };
  }
  return null;
}

/** The names that the request or the page itself uses; else the most usual one. */
function preferred(
  names: readonly string[],
  query: ReadonlyMap<string, string>,
  document: SampleMap | null,
): readonly string[] {
  const own = names.filter((name) => query.has(name));
  if (own.length > 0) return own;
  const echoed = document === null ? [] : names.filter((name) => findMember(document, (key) => key === name) !== null);
  return echoed.length > 0 ? echoed : names.slice(0, 1);
}

function sizeOf(query: ReadonlyMap<string, string>, count?: number): Readonly<Record<string, unknown>> {
  const parameter = SIZES.find((name) => /^\d+$/.test(query.get(name) ?? ''));
  if (parameter !== undefined) return { size_parameter: parameter, size: Number(query.get(parameter)) };
  return count === undefined ? {} : { size: count };
}

function stopConditions(document: SampleMap): Readonly<Record<string, string>>[] {
  const isNumber = (value: SampleValue): boolean => /^\d+$/.test(scalarText(value) ?? '');
  const pages = findMember(document, (key, value) => PAGE_TOTALS.test(key) && isNumber(value));
  if (pages !== null) return [{ total_pages: pages }];
  const more = findMember(document, (key, value) => MORE.test(key) && typeof value === 'boolean');
  if (more !== null) return [{ has_more: more }];
  const total = findMember(document, (key, value) => TOTALS.test(key) && isNumber(value));
  return total === null ? [] : [{ total }];
}

/** The path of the first such member of the document or of an object in it. */
function findMember(document: SampleMap, fits: (key: string, value: SampleValue) => boolean): string | null {
  for (const [key, value] of document) if (fits(key, value)) return jsonPath([key]);
  for (const [key, value] of document) {
    if (!isMap(value)) continue;
    for (const [inner, innerValue] of value) if (fits(inner, innerValue)) return jsonPath([key, inner]);
  }
  return null;
}

/** Whether the answer is another page of the same list. */
function isNew(page: ReadPage, next: ReadPage | null): boolean {
  const [first] = next?.read.records ?? [];
  return (
    first !== undefined && next!.read.selector === page.read.selector && textOf(first) !== textOf(page.read.records[0]!)
  );
}

function textOf(value: SampleValue): string {
  return JSON.stringify(value, (_key, part) => (part instanceof Map ? [...part] : part));
}
