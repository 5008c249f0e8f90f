import { checkIdentifier } from '../identifiers.js';
import type { DriverOptions, FilesSource, HttpSource, TableModel } from '../model.js';
import type { DsnInput, TableInput } from '../schema/dsn.js';
import { buildCache } from './cache.js';
import { buildColumns } from './columns.js';
import { type BuildContext, isDamaged, TableSettings } from './context.js';
import { buildDriver } from './driver-options.js';
import { buildFilesSource } from './files-source.js';
import { buildFilters, buildLimit } from './filters.js';
import { buildHttpSource } from './http-source.js';
import { buildInference } from './inference.js';
import { buildLookup } from './lookup.js';
import { checkPlaceholderUse } from './placeholders.js';
import { buildCount, buildInclude, buildOrderBy, buildSelect } from './push-down.js';
import { checkXmlFields, checkXmlPath } from './xml-paths.js';

const SOURCES = ['path', 'url', 'files'] as const;

/** Makes the model of one table: its own keys folded with the DSN's, every default filled in. */
export function buildTable(
  name: string,
  dsnName: string,
  dsn: DsnInput,
  table: TableInput,
  context: BuildContext,
): TableModel {
  const settings = new TableSettings(name, dsn, table);
  const { tree, problems } = context;
  const location = tree.keyAt(settings.path);
  checkIdentifier(name, 'table', location, problems);
  const driver = buildDriver(settings, context);
  checkRecords(settings, driver, context);
  const source = buildSource(settings, driver, context);
  const columns = buildColumns(settings, context);
  if (driver.type === 'xml') checkXmlFields(settings, context);
  const body = source?.http?.source.body ?? null;
  const filters = source?.http === undefined ? [] : buildFilters(settings, body, context);
  if (source?.http?.url != null) checkPlaceholderUse(source.http.url, source.http.source, filters, settings, context);
  const inPath = filters.filter((filter) => filter.place === 'path').map((filter) => filter.parameter);
  return {
    dsn: dsnName,
    name,
    description: table.description ?? null,
    location,
    driver,
    // A table without a source has a problem, so its model is never returned.
    source: source?.http?.source ??
      source?.files ?? { type: 'files', patterns: [], compression: { type: 'auto', entry: null }, ...context.folders },
    records: table.records ?? null,
    recordsMissing: settings.value('records_missing', 'error'),
    columns,
    primaryKey: table.primary_key ?? [],
    filters,
    filterSeparator: settings.value('filter_separator', ' and '),
    limit: source?.http === undefined ? null : buildLimit(settings, body, context),
    orderBy: source?.http === undefined ? null : buildOrderBy(settings, columns, body, context),
    select: source?.http === undefined ? null : buildSelect(settings, body, context),
    include: source?.http === undefined ? null : buildInclude(settings, body, context),
    count: source?.http === undefined ? null : buildCount(settings, source.http.source, inPath, context),
    rows: table.rows ?? null,
    lookup: source?.http === undefined ? null : buildLookup(settings, source.http.source, filters, context),
    cache: buildCache(settings),
    ...buildInference(settings, filters, context),
  };
}

type BuiltSource =
  | {
      readonly http: { readonly source: HttpSource; readonly url: ReturnType<typeof buildHttpSource>['url'] };
      readonly files?: undefined;
    }
  | { readonly files: FilesSource; readonly http?: undefined };

function buildSource(settings: TableSettings, driver: DriverOptions, context: BuildContext): BuiltSource | null {
  const { tree, problems } = context;
  const given = SOURCES.filter((key) => tree.node([...settings.path, key]) !== undefined);
  if (given.length === 0) {
    const hint = 'Add "path" (appended to base_url), "url" or "files".';
    problems.add(tree.keyAt(settings.path), `table "${settings.name}" does not say where its data is`, hint);
    return null;
  }
  if (given.length > 1) {
    const message = `table "${settings.name}" has more than one source: ${given.join(', ')}`;
    problems.add(tree.keyAt([...settings.path, given[1]!]), message, 'Keep one of path, url and files.');
    return null;
  }
  if (isDamaged(context, [...settings.path, given[0]!])) return null;
  if (given[0] === 'files') return { files: buildFilesSource(settings, context) };
  return { http: buildHttpSource(settings, driver, context) };
}

function checkRecords({ table, path }: TableSettings, driver: DriverOptions, context: BuildContext): void {
  const { tree, problems } = context;
  if (table.records === undefined) return;
  const place = [...path, 'records'];
  if (driver.type === 'csv') {
    problems.add(tree.keyAt(place), '"records" means nothing to CSV, where each row is a record', 'Remove it.');
  } else if (driver.type === 'json' && !table.records.startsWith('$')) {
    const hint = 'Start it with "$", such as $.data[*].';
    problems.add(tree.at(place), `"${tree.written(place)}" is not a JSONPath`, hint);
  } else if (driver.type === 'xml') checkXmlPath(table.records, place, context);
}
