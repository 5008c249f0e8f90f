import { dirname } from 'node:path';
import { buildDsn, dsnName, fileDsnName } from './build/dsn.js';
import { resolveReferences } from './build/references.js';
import { checkInterpolationPlaces } from './interpolation-places.js';
import type { DsnModel, SourceLocation } from './model.js';
import { formatLocation, type ProblemList } from './problem.js';
import { readDocument } from './read-document.js';
import { dsnSchema } from './schema/dsn.js';
import { secretFileReader } from './secret-file.js';
import type { SourceTree } from './source-tree.js';
import { validate } from './validate.js';

/** What the DSN files hold. */
export interface LoadedDsns {
  readonly dsns: readonly DsnModel[];
  /** All names, those of invalid files too; null when a file could not be read, so that its name is unknown. */
  readonly names: readonly string[] | null;
}

/** Reads DSN files and makes their models; what is wrong is added to the problems, and the rest is still checked. */
export function loadDsnFiles(
  files: readonly string[],
  allowPaths: readonly string[],
  env: NodeJS.ProcessEnv,
  problems: ProblemList,
): LoadedDsns {
  const read = files.map((file) => readDsn(file, allowPaths, env, problems));
  const trees = read.flatMap((item) => item?.tree ?? []);
  const isComplete = trees.length === files.length;
  checkDuplicates(trees, problems);
  const dsns = read.flatMap((item) => {
    if (item?.dsn == null) return [];
    return [resolveReferences(item.dsn, item.tree, { trees, isComplete }, problems)];
  });
  return { dsns, names: isComplete ? trees.map(dsnName) : null };
}

function readDsn(
  file: string,
  allowPaths: readonly string[],
  env: NodeJS.ProcessEnv,
  problems: ProblemList,
): { readonly tree: SourceTree; readonly dsn: DsnModel | null } | null {
  const folders = { baseDir: dirname(file), allowPaths };
  const tree = readDocument(file, { env, readFile: secretFileReader(folders) }, problems);
  if (tree === null) return null;
  if (tree.root.value === null) {
    const hint = `Declare its tables, or remove the file; a DSN file starts with "dsn: ${fileDsnName(file)}".`;
    if (!tree.root.isBroken) problems.add(tree.root.at, 'the DSN file is empty', hint);
    return { tree, dsn: null };
  }
  checkInterpolationPlaces(tree, 'dsn', problems);
  const valid = validate(dsnSchema, tree, 'dsn', problems);
  if (valid === null) return { tree, dsn: null };
  return { tree, dsn: buildDsn(valid.data, { tree, problems, folders, pruned: valid.pruned }) };
}

function checkDuplicates(trees: readonly SourceTree[], problems: ProblemList): void {
  const seen = new Map<string, SourceLocation>();
  for (const tree of trees) {
    const name = dsnName(tree);
    const at = tree.at(['dsn']);
    const earlier = seen.get(name);
    if (earlier === undefined) seen.set(name, at);
    else
      problems.add(
        at,
        `duplicate DSN "${name}"; it is first at ${formatLocation(earlier)}`,
        'Give each file a "dsn" of its own.',
      );
  }
}
