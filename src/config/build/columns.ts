import { parseSqlType, type SqlType } from '../../core/sql-type.js';
import { checkIdentifier } from '../identifiers.js';
import type { ColumnModel } from '../model.js';
import { didYouMean } from '../nearest.js';
import type { ColumnInput } from '../schema/column.js';
import type { SourcePath } from '../source-tree.js';
import { buildBooleanValues } from './boolean-values.js';
import { checkColumnValues } from './column-values.js';
import { type BuildContext, knowsColumns, ownValue, type TableSettings } from './context.js';
import { checkFormat, isTimeType } from './time-format.js';

const NUMBER_TYPES = new Set(['smallint', 'integer', 'bigint', 'numeric', 'real', 'double']);
/** PostgreSQL's limit. */
const MAX_COLUMNS = 1600;

/** A table's columns without their keys to other tables, which need all files. */
export function buildColumns(settings: TableSettings, context: BuildContext): readonly ColumnModel[] {
  const { tree, problems } = context;
  const path = [...settings.path, 'columns'];
  const names = tree.keys(path);
  if (names.length === 0) {
    const at = [...settings.path, 'infer'];
    if (settings.table.infer === false)
      problems.add(
        tree.at(at),
        `table "${settings.name}" has no columns, and "infer" keeps them from being sampled`,
        'Declare "columns", or remove "infer".',
      );
    return [];
  }
  if (names.length > MAX_COLUMNS) {
    problems.add(
      tree.keyAt(path),
      `table "${settings.name}" has ${names.length} columns`,
      `Declare at most ${MAX_COLUMNS}.`,
    );
  }
  for (const name of names) checkIdentifier(name, 'column', tree.keyAt([...path, name]), problems);
  const primaryKey = readPrimaryKey(settings, names, context);
  return Object.entries(settings.table.columns ?? {}).map(([name, input]) => {
    const details: Pick<ColumnInput, 'type'> & Partial<ColumnInput> =
      typeof input === 'string' ? { type: input } : input;
    const type = parseSqlType(details.type)!;
    const place = [...path, name];
    const before = problems.size;
    checkDetails(name, details, type, place, settings, context);
    const column: ColumnModel = {
      name,
      type,
      description: details.description ?? null,
      from: details.from ?? 'record',
      field: details.field === undefined ? name : tree.text([...place, 'field']),
      apiName: details.api_name ?? null,
      include: details.include ?? null,
      format: details.format ?? null,
      timezone: details.timezone ?? 'UTC',
      decimal: details.decimal ?? null,
      values: buildBooleanValues(name, details, type, place, context),
      nullValues: details.null_values ?? null,
      defaultValue: details.default === undefined ? null : tree.text([...place, 'default']),
      onError: details.on_error ?? 'fail',
      notNull: (details.not_null ?? false) || primaryKey.includes(name),
      references: null,
    };
    if (problems.size === before) checkColumnValues(column, place, context);
    return column;
  });
}

/** The names of `primary_key`, checked against the declared columns. */
function readPrimaryKey(settings: TableSettings, columns: readonly string[], context: BuildContext): readonly string[] {
  const { tree, problems } = context;
  const path = [...settings.path, 'primary_key'];
  const names = settings.table.primary_key ?? [];
  names.forEach((name, index) => {
    const at = tree.at([...path, index]);
    if (!columns.includes(name) && !knowsColumns(context, settings.name)) return;
    if (!columns.includes(name)) problems.add(at, `primary_key names ${unknownColumn(name, columns, settings.name)}`);
    else if (names.indexOf(name) < index)
      problems.add(at, `primary_key names the column "${name}" twice`, 'Remove one of them.');
  });
  return names;
}

/** `unknown column "x" of table "y"; did you mean …?`, for whatever names a column. */
export function unknownColumn(name: string, columns: readonly string[], table: string): string {
  return `unknown column "${name}" of table "${table}"${didYouMean(name, columns)}`;
}

function checkDetails(
  name: string,
  details: Partial<ColumnInput>,
  type: SqlType,
  path: SourcePath,
  settings: TableSettings,
  context: BuildContext,
): void {
  const { tree, problems } = context;
  if (details.format !== undefined) checkFormat(details.format, type, [...path, 'format'], context);
  if (details.timezone !== undefined && tree.node([...path, 'timezone']) !== undefined) {
    const at = tree.at([...path, 'timezone']);
    if (!isTimeType(type))
      problems.add(at, `column "${name}" is not a date or time, so it has no "timezone"`, 'Remove it.');
    else if (!isTimeZone(details.timezone)) {
      problems.add(
        at,
        `unknown time zone "${tree.written([...path, 'timezone'])}"`,
        'Use a name such as Europe/Berlin, or UTC.',
      );
    }
  }
  if (details.include !== undefined && settings.table.include === undefined) {
    problems.add(
      tree.keyAt([...path, 'include']),
      `column "${name}" has to be asked for, but table "${settings.name}" does not say how`,
      'Add "include" to the table, such as include: { query: include }.',
    );
  }
  if (details.decimal !== undefined && !NUMBER_TYPES.has(type.scalar)) {
    problems.add(
      tree.at([...path, 'decimal']),
      `column "${name}" is not a number, so it has no "decimal"`,
      'Remove it.',
    );
  }
  if (details.from === undefined || details.from === 'record') return;
  const at = tree.at([...path, 'from']);
  if (details.from === 'filter') {
    const filter = ownValue(settings.table.filters, name);
    const isDeclared = tree.keys([...settings.path, 'filters']).includes(name);
    if (!isDeclared) {
      problems.add(at, `column "${name}" takes its value from a filter, but has none`, `Add "${name}" to "filters".`);
    } else if (filter !== undefined && !filter.operators.some((operator) => operator === '=' || operator === 'in')) {
      problems.add(
        at,
        `column "${name}" takes its value from a filter without "="`,
        'Add "=" to the filter\'s operators.',
      );
    }
  } else if (settings.table.files !== undefined) {
    problems.add(at, `column "${name}" takes its value from a response, but the table reads files`, 'Remove "from".');
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
