import type {
  BodyModel,
  ColumnModel,
  CountModel,
  HttpSource,
  IncludeModel,
  OrderByModel,
  SelectModel,
} from '../model.js';
import { unknownColumn } from './columns.js';
import { type BuildContext, isDamaged, knowsColumns, type TableSettings } from './context.js';
import { buildPathUrl } from './url.js';
import { checkPlacement, readPlace } from './value-place.js';

const UNSORTABLE = new Set(['json', 'jsonb', 'bytea']);

/** How the API sorts; null where it does not, or with a problem. */
export function buildOrderBy(
  settings: TableSettings,
  columns: readonly ColumnModel[],
  body: BodyModel | null,
  context: BuildContext,
): OrderByModel | null {
  const input = settings.table.order_by;
  if (input === undefined) return null;
  const { tree, problems } = context;
  const path = [...settings.path, 'order_by'];
  const place = placeOf('order_by', input, settings, body, context);
  if (place === null) return null;
  const names = columns.map((column) => column.name);
  for (const [index, name] of input.columns.entries()) {
    const column = columns.find((item) => item.name === name);
    const at = tree.at([...path, 'columns', index]);
    if (column === undefined && !knowsColumns(context, settings.name)) continue;
    if (column === undefined) problems.add(at, `order by ${unknownColumn(name, names, settings.name)}`);
    else if (column.type.isArray || UNSORTABLE.has(column.type.scalar)) {
      problems.add(
        at,
        `the API cannot sort by "${name}" as SQL does: its type has no such order`,
        'Remove the column.',
      );
    }
  }
  for (const key of ['template', 'descending'] as const) {
    for (const [name] of (input[key] ?? '').matchAll(/\{\w*\}/g)) {
      if (['{field}', '{column}', '{direction}'].includes(name)) continue;
      problems.add(tree.at([...path, key]), `unknown placeholder in "${key}"`, 'Use {field}, {column}, {direction}.');
    }
  }
  if (input.direction_parameter !== undefined && input.separator !== undefined) {
    const hint = 'Keep one of them.';
    problems.add(tree.keyAt([...path, 'separator']), '"separator" and "direction_parameter" exclude each other', hint);
  }
  const ascending = input.template ?? '{field}';
  const saysDirection = ascending.includes('{direction}') || input.direction_parameter !== undefined;
  return {
    ...place,
    columns: input.columns,
    ascending,
    descending: input.descending ?? (saysDirection ? ascending : null),
    directionParameter: input.direction_parameter ?? null,
    separator: input.separator ?? null,
    nulls: input.nulls ?? null,
    sortsByCodePoint: input.collation === 'C',
  };
}

/** How the API is asked for fields; null where it cannot be, or with a problem. */
export function buildSelect(
  settings: TableSettings,
  body: BodyModel | null,
  context: BuildContext,
): SelectModel | null {
  const input = settings.table.select;
  if (input === undefined) return null;
  const place = placeOf('select', input, settings, body, context);
  return place === null ? null : { ...place, separator: input.separator };
}

/** How the API is asked for what it sends only then; null where there is no such thing, or with a problem. */
export function buildInclude(
  settings: TableSettings,
  body: BodyModel | null,
  context: BuildContext,
): IncludeModel | null {
  const input = settings.table.include;
  if (input === undefined) return null;
  const place = placeOf('include', input, settings, body, context);
  for (const [name] of (input.template ?? '').matchAll(/\{\w*\}/g)) {
    if (name === '{name}' || name === '{fields}') continue;
    const at = context.tree.at([...settings.path, 'include', 'template']);
    context.problems.add(at, 'unknown placeholder in "template"', 'Use {name} and {fields}.');
  }
  return place === null ? null : { ...place, separator: input.separator, template: input.template ?? null };
}

/** Where the API says how many rows there are; null where it does not, or with a problem. */
export function buildCount(
  settings: TableSettings,
  source: HttpSource,
  inPath: readonly string[],
  context: BuildContext,
): CountModel | null {
  const input = settings.table.count;
  if (input === undefined) return null;
  const { tree, problems } = context;
  const path = [...settings.path, 'count'];
  if ((input.field === undefined) === (input.header === undefined)) {
    if (!isDamaged(context, path)) {
      problems.add(tree.keyAt(path), '"count" has to say where the number is', 'Give one of "field" and "header".');
    }
    return null;
  }
  const place = { field: input.field ?? null, header: input.header ?? null };
  if (input.path === undefined) return { ...place, source: null };
  const url = buildPathUrl([...path, 'path'], input.path, settings, context);
  if (url === null) return null;
  if (url.placeholders.some((name) => !inPath.includes(name))) {
    problems.add(tree.at([...path, 'path']), 'nothing fills a placeholder of "path"', 'Only filters with "path:" can.');
    return null;
  }
  return { ...place, source: { ...source, url: url.url, pagination: { type: 'none' } } };
}

function placeOf(
  key: 'order_by' | 'select' | 'include',
  input: Parameters<typeof readPlace>[0],
  settings: TableSettings,
  body: BodyModel | null,
  context: BuildContext,
): ReturnType<typeof readPlace> {
  const path = [...settings.path, key];
  const place = readPlace(input, path, `"${key}"`, context);
  if (place === null) return null;
  if (place.place === 'path') {
    const hint = 'Most statements have none to fill it with; use query, header or body.';
    context.problems.add(context.tree.keyAt([...path, 'path']), `"${key}" cannot be placed in the path`, hint);
  }
  checkPlacement(place, [...path, place.place], body, context);
  return place;
}
