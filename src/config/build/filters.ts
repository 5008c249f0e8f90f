import { parseSqlType } from '../../core/sql-type.js';
import type { BodyModel, FilterModel, FilterOperator, LimitModel } from '../model.js';
import type { FilterInput } from '../schema/filter.js';
import type { SourcePath } from '../source-tree.js';
import { unknownColumn } from './columns.js';
import { type BuildContext, isDamaged, knowsColumns, ownValue, type TableSettings } from './context.js';
import { checkTimeFormat } from './time-format.js';
import { checkPlacement, readPlace } from './value-place.js';

/** A table's filters, each on a declared column and with exactly one place. */
export function buildFilters(
  settings: TableSettings,
  body: BodyModel | null,
  context: BuildContext,
): readonly FilterModel[] {
  const { tree, problems } = context;
  const path = [...settings.path, 'filters'];
  const columns = tree.keys([...settings.path, 'columns']);
  for (const name of tree.keys(path)) {
    if (columns.includes(name) || !knowsColumns(context, settings.name)) continue;
    problems.add(tree.keyAt([...path, name]), `filter on ${unknownColumn(name, columns, settings.name)}`);
  }
  return Object.entries(settings.table.filters ?? {}).flatMap(([column, input]): FilterModel[] => {
    const at = [...path, column];
    checkFilter(settings, column, context);
    const place = readPlace(input, at, `the filter on "${column}"`, context);
    if (place === null) return [];
    if (!isDamaged(context, [...settings.path, 'body'])) checkPlacement(place, [...at, place.place], body, context);
    if (place.place === 'path' && input.required === false) {
      const message = `the filter on "${column}" fills the path, so it cannot be optional`;
      problems.add(
        tree.at([...at, 'required']),
        message,
        'Remove "required: false": without a value there is no path to ask for.',
      );
    }
    return [
      {
        column,
        operators: [...new Set(input.operators)],
        required: input.required ?? place.place === 'path',
        exact: input.exact,
        ...place,
        format: input.format ?? null,
        template: buildTemplate(input.template),
        values:
          input.values === undefined
            ? null
            : new Map(Object.keys(input.values).map((key) => [key, tree.text([...at, 'values', key])])),
        separator: input.separator ?? null,
        batch: input.batch ?? null,
        max: input.max ?? null,
      },
    ];
  });
}

/** Where LIMIT goes; null where the API has no such parameter. */
export function buildLimit(settings: TableSettings, body: BodyModel | null, context: BuildContext): LimitModel | null {
  const { limit } = settings.table;
  if (limit === undefined) return null;
  const path = [...settings.path, 'limit'];
  const place = readPlace(limit, path, '"limit"', context);
  if (place === null) return null;
  if (place.place === 'path') {
    const hint = 'Most statements have no LIMIT to fill it with; use query, header or body.';
    context.problems.add(context.tree.keyAt([...path, 'path']), '"limit" cannot be placed in the path', hint);
  }
  checkPlacement(place, [...path, place.place], body, context);
  return { ...place, max: limit.max ?? null };
}

const TEXT_TYPES = new Set(['text', 'varchar']);
const TEMPLATE_FIELDS = ['{value}', '{operator}', '{column}', '{field}'];

function checkFilter(settings: TableSettings, column: string, context: BuildContext): void {
  const { tree, problems } = context;
  const path = [...settings.path, 'filters', column];
  const input = settings.table.filters![column]!;
  const declared = ownValue(settings.table.columns, column);
  const type = declared === undefined ? null : parseSqlType(typeof declared === 'string' ? declared : declared.type);
  if (input.format !== undefined && type !== null) checkTimeFormat(input.format, type, [...path, 'format'], context);
  input.operators.forEach((operator, index) => {
    if ((operator !== 'like' && operator !== 'ilike') || type === null) return;
    if (TEXT_TYPES.has(type.scalar) && !type.isArray) return;
    problems.add(
      tree.at([...path, 'operators', index]),
      `"${operator}" needs a text column, and "${column}" is none`,
      'Remove the operator.',
    );
  });
  if (input.separator !== undefined && !input.operators.includes('in') && !isDamaged(context, [...path, 'operators'])) {
    problems.add(
      tree.keyAt([...path, 'separator']),
      '"separator" needs the operator "in"',
      'Add "in" to "operators", or remove "separator".',
    );
  }
  if (input.batch !== undefined && input.separator === undefined && !isDamaged(context, [...path, 'separator'])) {
    problems.add(
      tree.keyAt([...path, 'batch']),
      '"batch" needs "separator"',
      'Add "separator": it joins the values of one request.',
    );
  }
  checkTemplates(input, path, context);
}

function buildTemplate(template: FilterInput['template']): FilterModel['template'] {
  if (template === undefined || typeof template === 'string') return template ?? null;
  return new Map(Object.entries(template) as [FilterOperator, string][]);
}

/** Placeholders of one text, or of one for each operator, of which none may be forgotten. */
function checkTemplates(input: FilterInput, path: SourcePath, context: BuildContext): void {
  const { tree, problems } = context;
  const { template } = input;
  if (template === undefined) return;
  const place = [...path, 'template'];
  const texts: [SourcePath, string][] =
    typeof template === 'string'
      ? [[place, template]]
      : Object.entries(template).map(([key, text]) => [[...place, key], text]);
  for (const [at, text] of texts) {
    for (const [field] of text.matchAll(/\{\w*\}/g)) {
      if (TEMPLATE_FIELDS.includes(field)) continue;
      const shown = tree.isInterpolated(at) ? '' : ` "${field}"`;
      problems.add(tree.at(at), `unknown placeholder${shown} in "template"`, `Use ${TEMPLATE_FIELDS.join(', ')}.`);
    }
  }
  if (typeof template === 'string' || isDamaged(context, place)) return;
  const missing = input.operators.find((operator) => template[operator] === undefined);
  if (missing === undefined) return;
  problems.add(
    tree.keyAt(place),
    `"template" has no text for the operator "${missing}"`,
    'Add it, or take the operator away.',
  );
}
