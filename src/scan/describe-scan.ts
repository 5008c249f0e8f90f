import type { FilesSource, PaginationModel, RequestLimits, TableModel } from '../config/model.js';
import { nameAuthValues } from '../http/auth-filling.js';
import { showDraft } from '../http/finish-request.js';
import type { FilterPlan, RequestVariant } from './filter-plan.js';
import { shownPath } from './found-files.js';
import { sequencesAtOnce } from './http-pages.js';
import type { HttpTable } from './http-table.js';
import { sequenceStart } from './page-sequence.js';
import type { RequestShape } from './requested-shape.js';

const NO_VALUES: RequestVariant = { values: [], constants: new Map(), conditions: [] };

/** A scan of an HTTP table as EXPLAIN shows it: the first request, redacted, then a line per further fact. */
export function describeHttpScan(http: HttpTable, plan: FilterPlan, shape: RequestShape): readonly string[] {
  const { rowLimit } = shape;
  const { source, policy, table } = http;
  const [variant = NO_VALUES] = plan.variants();
  const { first } = sequenceStart(http, variant, shape);
  const lines = [`${first.method} ${nameAuthValues(showDraft(first, policy.redactor), source)}`];
  if (plan.requestCount === 0) lines.push('Requests: none, a list of values is empty');
  if (plan.requestCount > 1) {
    const atOnce = sequencesAtOnce(http, plan);
    const order = atOnce === 1 ? 'one after the other' : `up to ${atOnce} at once`;
    lines.push(`Requests: ${plan.requestCount} such requests, ${order}`);
  }
  if (plan.missing.length > 0) {
    lines.push(`Needs: a value for ${[...new Set(plan.missing.map((filter) => `"${filter.column}"`))].join(', ')}`);
  }
  lines.push(`Pagination: ${paginationText(source.pagination)}`);
  if (rowLimit !== null) lines.push(`Limit: ${limitText(table, rowLimit)}`);
  if (source.auth.type !== 'none') lines.push(`Authentication: ${policy.authorizer.description}`);
  const limits = limitsText(source.limits);
  if (limits !== '') lines.push(`Rate limit: ${limits}`);
  return lines;
}

/** A scan of files as EXPLAIN shows it. */
export function describeFilesScan(source: FilesSource, rowLimit: number | null): readonly string[] {
  const lines = source.patterns.map((pattern) => `File ${shownPath(pattern, source.baseDir)}`);
  return rowLimit === null ? lines : [...lines, `Limit: reading ends after ${rowLimit} rows`];
}

function paginationText(model: PaginationModel): string {
  if (model.type === 'none') return 'none';
  const parts = [`${model.type.replaceAll('_', ' ')}${pagedBy(model)}`];
  if (model.size !== null) parts.push(`${model.size} a page`);
  if ('concurrency' in model && model.concurrency > 1) parts.push(`up to ${model.concurrency} at once`);
  if (model.maxPages !== null) parts.push(`at most ${model.maxPages} pages`);
  return parts.join(', ');
}

function pagedBy(model: Exclude<PaginationModel, { type: 'none' }>): string {
  switch (model.type) {
    case 'page':
    case 'offset':
      return ` by "${model.parameter}"`;
    case 'cursor':
      return ` from ${placeOf(model)} to "${model.parameter}"`;
    case 'header_cursor':
      return ` from header "${model.header ?? ''}" to "${model.parameter}"`;
    case 'next_url':
      return ` from ${placeOf(model)}`;
    case 'link_header':
      return '';
  }
}

function placeOf({ field, pattern }: { readonly field: string | null; readonly pattern: string | null }): string {
  return field === null ? `what "${pattern}" finds` : `"${field}"`;
}

function limitText(table: TableModel, rowLimit: number): string {
  const stop = `paging ends after ${rowLimit} rows`;
  return table.limit === null ? stop : `${stop}, page size by "${table.limit.parameter}"`;
}

function limitsText(limits: RequestLimits): string {
  const parts: string[] = [];
  if (limits.requestsPerSecond !== null) parts.push(`${limits.requestsPerSecond} requests a second`);
  if (limits.burst !== null) parts.push(`burst ${limits.burst}`);
  if (limits.concurrency !== null) parts.push(`${limits.concurrency} at once`);
  return parts.join(', ');
}
