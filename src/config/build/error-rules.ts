import type { DriverOptions, ErrorRule } from '../model.js';
import { isRegularExpression } from '../regular-expression.js';
import type { BuildContext, TableSettings } from './context.js';

/** A table's error rules, in order. */
export function buildErrorRules(
  settings: TableSettings,
  driver: DriverOptions,
  { tree, problems }: BuildContext,
): readonly ErrorRule[] {
  const rules = settings.get('errors');
  if (rules === null) return [];
  return rules.value.map(({ when, do: action }, index): ErrorRule => {
    const path = [...rules.path, index, 'when'];
    const { status, body_matches: bodyMatches, field_equals: field } = when;
    if (status === undefined && bodyMatches === undefined && field === undefined) {
      problems.add(tree.keyAt(path), '"when" has no condition', 'Add status, body_matches or field_equals.');
    }
    if (bodyMatches !== undefined && !isRegularExpression(bodyMatches)) {
      const hint = 'Write a JavaScript pattern, without slashes.';
      problems.add(tree.at([...path, 'body_matches']), '"body_matches" is not a regular expression', hint);
    }
    if (field !== undefined) {
      const place = [...path, 'field_equals', 'field'];
      if (driver.type !== 'json') {
        problems.add(tree.keyAt([...path, 'field_equals']), '"field_equals" needs JSON pages', 'Use "body_matches".');
      } else if (!/^\$(\.[A-Za-z_$@][\w$@-]*|\[\d+\]|\['[^']*'\]|\["[^"]*"\])+$/.test(field.field)) {
        const hint = 'Write a JSONPath to one field, such as $.status.';
        problems.add(tree.at(place), `"${tree.written(place)}" does not name one field`, hint);
      }
    }
    return {
      statuses: status === undefined ? null : typeof status === 'number' ? [status] : status,
      bodyMatches: bodyMatches ?? null,
      field: field === undefined ? null : { path: field.field, value: String(field.value) },
      action,
    };
  });
}
