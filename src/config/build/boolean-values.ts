import type { SqlType } from '../../core/sql-type.js';
import type { BooleanValues } from '../model.js';
import type { ColumnInput } from '../schema/column.js';
import type { SourcePath } from '../source-tree.js';
import type { BuildContext } from './context.js';

/** The texts that a boolean column's values are written as, from `values`; null where the column has none. */
export function buildBooleanValues(
  name: string,
  details: Partial<ColumnInput>,
  type: SqlType,
  column: SourcePath,
  context: BuildContext,
): BooleanValues | null {
  if (details.values === undefined) return null;
  const { tree, problems } = context;
  const path = [...column, 'values'];
  if (type.scalar !== 'boolean') {
    problems.add(tree.keyAt(path), `column "${name}" is not a boolean, so it has no "values"`, 'Remove it.');
    return null;
  }
  const texts = (key: 'true' | 'false'): { readonly text: string; readonly path: SourcePath }[] => {
    const given = details.values![key];
    const paths = Array.isArray(given) ? given.map((_, index) => [...path, key, index]) : [[...path, key]];
    return paths.map((at) => ({ text: tree.text(at), path: at }));
  };
  const trueTexts = texts('true');
  const falseTexts = texts('false');
  for (const { text, path: at } of falseTexts) {
    if (!trueTexts.some((other) => other.text === text)) continue;
    problems.add(
      tree.at(at),
      `"${tree.written(at)}" means both true and false in column "${name}"`,
      'List it once; texts are compared with upper and lower case.',
    );
  }
  return { true: trueTexts.map(({ text }) => text), false: falseTexts.map(({ text }) => text) };
}
