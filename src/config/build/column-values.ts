import { defaultText, makeCoercer } from '../../core/coerce/coercer.js';
import { GatewayError } from '../../core/errors.js';
import type { ColumnModel } from '../model.js';
import type { SourcePath } from '../source-tree.js';
import { type BuildContext, isDamaged } from './context.js';

/**
 * Checks what only the reader of a column's values can judge, before the first value comes: a `format`, and a `default`, which
 * has to be of the column's type. `path`: the column's.
 */
export function checkColumnValues(column: ColumnModel, path: SourcePath, context: BuildContext): void {
  // What is wrong in its other keys is said already, and may be why.
  if (isDamaged(context, path)) return;
  if (!isUsable(() => makeCoercer(column), [...path, 'format'], `the format of column "${column.name}"`, context))
    return;
  if (column.defaultValue === null) return;
  isUsable(() => defaultText(column), [...path, 'default'], `the default of column "${column.name}"`, context);
}

function isUsable(attempt: () => unknown, path: SourcePath, what: string, { tree, problems }: BuildContext): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // The message repeats the value, which may be a secret.
    const why = tree.isInterpolated(path) ? 'it is not of the kind that the column takes' : error.message;
    const hint = path.at(-1) === 'default' ? "Write a value of the column's type." : error.hint;
    problems.add(tree.at(path), `${what} cannot be used: ${why}`, hint);
    return false;
  }
}
