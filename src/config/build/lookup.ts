import type { FilterModel, HttpSource, LookupModel } from '../model.js';
import { unknownColumn } from './columns.js';
import { type BuildContext, knowsColumns, type TableSettings } from './context.js';
import { buildPathUrl } from './url.js';

/** Answers that say that there is no such record. */
const NOT_FOUND = [404, 410];

/** A table's endpoint for one record; null where it has none, or with a problem. */
export function buildLookup(
  settings: TableSettings,
  source: HttpSource,
  filters: readonly FilterModel[],
  context: BuildContext,
): LookupModel | null {
  const { lookup } = settings.table;
  if (lookup === undefined) return null;
  const { tree, problems } = context;
  const path = [...settings.path, 'lookup'];
  const columns = tree.keys([...settings.path, 'columns']);
  if (knowsColumns(context, settings.name) && !columns.includes(lookup.filter)) {
    problems.add(tree.at([...path, 'filter']), `lookup by ${unknownColumn(lookup.filter, columns, settings.name)}`);
    return null;
  }
  const url = buildPathUrl([...path, 'path'], lookup.path, settings, context);
  if (url === null) return null;
  if (!url.placeholders.includes(lookup.filter)) {
    const hint = `Write {${lookup.filter}} where the value belongs.`;
    problems.add(tree.at([...path, 'path']), `the lookup's path has no place for "${lookup.filter}"`, hint);
    return null;
  }
  const inPath = filters.filter((filter) => filter.place === 'path').map((filter) => filter.parameter);
  const unfilled = url.placeholders.find((name) => name !== lookup.filter && !inPath.includes(name));
  if (unfilled !== undefined) {
    const hint = `Only "${lookup.filter}" and filters with "path:" can fill it.`;
    problems.add(tree.at([...path, 'path']), 'nothing fills a placeholder of the lookup', hint);
    return null;
  }
  const declared = filters.find((filter) => filter.column === lookup.filter);
  return {
    filter: {
      column: lookup.filter,
      operators: ['='],
      required: false,
      exact: true,
      place: 'path',
      parameter: lookup.filter,
      format: declared?.format ?? null,
      template: null,
      values: declared?.values ?? null,
      separator: null,
      batch: null,
      max: lookup.max,
    },
    source: {
      ...source,
      method: 'GET',
      body: null,
      url: url.url,
      pagination: { type: 'none' },
      // What the DSN itself says of a 404 comes first.
      errors: [...source.errors, { statuses: NOT_FOUND, bodyMatches: null, field: null, action: 'empty' }],
    },
    records: lookup.records ?? null,
  };
}
