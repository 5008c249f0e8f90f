import { basename, extname } from 'node:path';
import { checkIdentifier } from '../identifiers.js';
import type { DsnModel, ViewModel } from '../model.js';
import type { DsnInput } from '../schema/dsn.js';
import type { SourceTree } from '../source-tree.js';
import { type BuildContext, isDamaged } from './context.js';
import { buildTable } from './table.js';

/** A DSN's name: what the file says, else the file's own name. */
export function dsnName(tree: SourceTree): string {
  const name = tree.node(['dsn'])?.value;
  return typeof name === 'string' && name !== '' ? name : fileDsnName(tree.file);
}

/** The name that a DSN has when its file does not say another. */
export function fileDsnName(file: string): string {
  return basename(file, extname(file));
}

/** Makes the model of a DSN file's valid parts. */
export function buildDsn(input: DsnInput, context: BuildContext): DsnModel {
  const { tree, problems } = context;
  const name = dsnName(tree);
  checkIdentifier(name, 'DSN', tree.at(['dsn']), problems);
  const isCertain = !isDamaged(context, ['tables']) && !isDamaged(context, ['views']);
  if (isCertain && tree.keys(['tables']).length === 0 && tree.keys(['views']).length === 0) {
    problems.add(
      tree.keyAt(['tables']),
      `DSN "${name}" has neither tables nor views`,
      'Declare at least one under "tables".',
    );
  }
  const tables = Object.entries(input.tables ?? {}).map(([table, value]) =>
    buildTable(table, name, input, value, context),
  );
  return {
    name,
    description: input.description ?? null,
    file: tree.file,
    tables,
    views: buildViews(name, input, context),
  };
}

function buildViews(dsn: string, input: DsnInput, { tree, problems }: BuildContext): readonly ViewModel[] {
  return Object.entries(input.views ?? {}).map(([name, view]) => {
    const location = tree.keyAt(['views', name]);
    checkIdentifier(name, 'view', location, problems);
    if (tree.keys(['tables']).includes(name)) {
      const { line, column } = tree.keyAt(['tables', name]);
      const message = `view "${name}" has the name of a table at line ${line}, column ${column}`;
      problems.add(location, message, 'Rename one of the two.');
    }
    return { dsn, name, sql: view.sql, description: view.description ?? null, location };
  });
}
