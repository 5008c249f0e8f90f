import type { PaginationModel, StopCondition } from '../model.js';
import { isRegularExpression } from '../regular-expression.js';
import type { PaginationInput } from '../schema/pagination.js';
import { type BuildContext, isDamaged, type Placed } from './context.js';

type DriverType = 'json' | 'xml' | 'csv';

const DEFAULT_STOP: readonly StopCondition[] = [{ type: 'empty_page' }, { type: 'short_page' }];

/** Turns a valid `pagination` into its model, with the stop conditions that its kind has by default. */
export function buildPagination(
  { value: input, path }: Placed<PaginationInput>,
  driver: DriverType,
  context: BuildContext,
): PaginationModel {
  const { tree, problems } = context;
  if (input.type === 'none') return input;
  const at = (key: string) => [...path, key];
  const size = input.size ?? null;
  const sizeParameter = input.size_parameter ?? null;
  if (sizeParameter !== null && size === null && !isDamaged(context, at('size'))) {
    problems.add(
      tree.keyAt(at('size_parameter')),
      '"size_parameter" needs "size"',
      'Add the page size, such as "size: 100".',
    );
  }
  const stop = buildStop(input, path, driver, context);
  const common = { sizeParameter, place: input.place, size, stop, maxPages: input.max_pages ?? null };
  switch (input.type) {
    case 'page':
      return {
        type: 'page',
        parameter: input.parameter,
        start: input.start,
        step: input.step,
        concurrency: input.concurrency,
        ...common,
      };
    case 'offset': {
      if (size === null && !isDamaged(context, path)) {
        problems.add(tree.keyAt(path), 'offset pagination needs "size"', 'Add the page size, such as "size: 100".');
      }
      return {
        type: 'offset',
        parameter: input.parameter,
        start: input.start,
        step: input.step ?? size ?? 1,
        concurrency: input.concurrency,
        ...common,
      };
    }
    case 'next_url':
      checkFinding(input, path, driver, context);
      return { type: 'next_url', field: input.field ?? null, pattern: input.pattern ?? null, ...common };
    case 'link_header':
      return { type: 'link_header', field: null, pattern: null, ...common };
    case 'cursor':
      checkFinding(input, path, driver, context);
      checkTokenPlace(input, at('place'), context);
      return { type: 'cursor', ...tokenKeys(input), field: input.field ?? null, header: null, ...common };
    case 'header_cursor':
      checkPattern(input.pattern, at('pattern'), context);
      checkTokenPlace(input, at('place'), context);
      return { type: 'header_cursor', ...tokenKeys(input), field: null, header: input.header, ...common };
  }
}

function buildStop(
  input: Exclude<PaginationInput, { type: 'none' }>,
  path: Placed<unknown>['path'],
  driver: DriverType,
  context: BuildContext,
): readonly StopCondition[] {
  const { tree, problems } = context;
  const isCounted = input.type === 'page' || input.type === 'offset';
  const place = [...path, 'stop'];
  if (input.stop === undefined) return isCounted ? DEFAULT_STOP : [];
  if (isCounted && input.stop.length === 0) {
    problems.add(tree.at(place), '"stop" is empty, so paging would never end', 'Remove it, or say what ends the scan.');
  }
  return input.stop.map((entry, index): StopCondition => {
    const at = [...place, index];
    if (typeof entry === 'string') {
      if (entry === 'short_page' && input.size === undefined && !isDamaged(context, [...path, 'size'])) {
        problems.add(tree.at(at), '"short_page" needs "size"', 'Add the page size, such as "size: 100".');
      }
      return { type: entry };
    }
    if ('status' in entry) return { type: 'status', status: entry.status };
    if ('match' in entry) {
      if (!isRegularExpression(entry.match)) {
        problems.add(
          tree.at([...at, 'match']),
          '"match" is not a regular expression',
          'Write a JavaScript pattern, without slashes.',
        );
      }
      return { type: 'match', pattern: entry.match };
    }
    const [[type, field]] = Object.entries(entry) as [['has_more' | 'total' | 'total_pages', string]];
    checkField([...at, type], driver, context);
    return { type, field };
  });
}

/** A field outside the records is written from the document's root, in the driver's language. */
function checkField(path: Placed<unknown>['path'], driver: DriverType, { tree, problems }: BuildContext): void {
  const text = tree.text(path);
  if (driver === 'csv') {
    problems.add(
      tree.at(path),
      'a CSV page has no fields outside its rows',
      'Use page, offset, link_header or header_cursor.',
    );
  } else if (driver === 'json' && !text.startsWith('$')) {
    problems.add(
      tree.at(path),
      `"${tree.written(path)}" is not a JSONPath from the root`,
      'Start it with "$.", such as $.next.',
    );
  } else if (driver === 'xml' && !text.startsWith('/')) {
    problems.add(
      tree.at(path),
      `"${tree.written(path)}" is not a path from the root`,
      'Start it with "/", such as /orders/next.',
    );
  }
}

type TokenInput = Extract<PaginationInput, { readonly type: 'cursor' | 'header_cursor' }>;

function tokenKeys({ parameter, pattern, start }: TokenInput) {
  return { parameter, pattern: pattern ?? null, start: start ?? null };
}

/** A token or link is found in a field, or by a pattern in the whole page. */
function checkFinding(
  { field, pattern }: { readonly field?: string | undefined; readonly pattern?: string | undefined },
  path: Placed<unknown>['path'],
  driver: DriverType,
  context: BuildContext,
): void {
  if (field !== undefined) checkField([...path, 'field'], driver, context);
  else if (pattern === undefined && !isDamaged(context, path)) {
    const hint = 'Add "field", or "pattern" to find it in the whole page.';
    context.problems.add(context.tree.keyAt(path), '"pagination" does not say where the next page is told', hint);
  }
  checkPattern(pattern, [...path, 'pattern'], context);
}

function checkPattern(
  pattern: string | undefined,
  path: Placed<unknown>['path'],
  { tree, problems }: BuildContext,
): void {
  if (pattern === undefined || isRegularExpression(pattern)) return;
  problems.add(tree.at(path), '"pattern" is not a regular expression', 'Write a JavaScript pattern, without slashes.');
}

/** Without a token the first request's path could not be built. */
function checkTokenPlace(
  { place, start }: TokenInput,
  path: Placed<unknown>['path'],
  { tree, problems }: BuildContext,
): void {
  if (place !== 'path' || start !== undefined) return;
  problems.add(
    tree.at(path),
    'a token in the path needs "start"',
    'Add the token of the first request, such as "start: first"; or use query, header or body.',
  );
}
