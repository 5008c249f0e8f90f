import { errors, type GatewayError } from '../../core/errors.js';
import type { FilterModel, InferenceModel } from '../model.js';
import type { BuildContext, TableSettings } from './context.js';
import { isDamaged } from './context.js';

/** How a table gets the columns that it does not declare; nothing for one that declares all. */
export function buildInference(
  settings: TableSettings,
  filters: readonly FilterModel[],
  context: BuildContext,
): { readonly inference?: InferenceModel } {
  const open = context.parts.get(settings.name);
  checkSample(settings, open !== undefined, filters, context);
  if (open === undefined) return {};
  const { part, completion, inferred } = open;
  const path = [...settings.path, 'sample'];
  return {
    inference: {
      fingerprint: part.fingerprint,
      columns: inferred,
      values: new Map(context.tree.keys(path).map((column) => [column, context.tree.text([...path, column])])),
      findsRecords: settings.table.records === undefined,
      findsPagination: settings.get('pagination') === null,
      problem: completion === null ? notSampled(`table "${part.dsn}.${settings.name}"`) : (completion.problem ?? null),
    },
  };
}

/** What using a part says before anybody has tried to read it. */
export function notSampled(subject: string): GatewayError {
  return errors.apiError(`the ${subject} has not been sampled yet`, {
    hint: 'Try again in a moment; tidegate check --connect says what is in the way.',
  });
}

function checkSample(
  settings: TableSettings,
  isOpen: boolean,
  filters: readonly FilterModel[],
  context: BuildContext,
): void {
  const { tree, problems } = context;
  const path = [...settings.path, 'sample'];
  const given = tree.keys(path);
  for (const column of given) {
    if (filters.some((filter) => filter.column === column) || isDamaged(context, [...settings.path, 'filters']))
      continue;
    const hint = 'It holds values of the table\'s filters, such as "sample: { order_id: 1 }".';
    problems.add(tree.keyAt([...path, column]), `"sample" has a value for "${column}", which is no filter`, hint);
  }
  if (!isOpen || isDamaged(context, path)) return;
  for (const { column, required } of filters) {
    if (!required || given.includes(column)) continue;
    problems.add(
      tree.keyAt(settings.path),
      `the columns of table "${settings.name}" cannot be sampled without a value for "${column}"`,
      `Add "sample: { ${column}: 1 }" with a value that the API knows, or declare "columns".`,
    );
  }
}
