import type { TableModel } from '../model.js';
import type { BuildContext } from './context.js';

/** Reports what a check finds, where it stands in the file. */
export function reportTableProblems(table: TableModel, { tree, problems, checkTable }: BuildContext): void {
  for (const { path, message, hint } of checkTable(table)) {
    const own = ['tables', table.name, ...path];
    const place = tree.node(own.slice(0, 3)) === undefined && tree.node(path) !== undefined ? path : own;
    // The message repeats what is written there, which may be a secret.
    const shown = tree.isInterpolated(place) ? `"${tree.written(place)}" cannot be used here` : message;
    problems.add(tree.at(place), shown, hint);
  }
}
