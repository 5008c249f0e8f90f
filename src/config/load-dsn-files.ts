import { dirname } from 'node:path';
import { buildDsn } from './build/dsn.js';
import { dsnName, fileDsnName } from './build/dsn-name.js';
import { resolveReferences } from './build/references.js';
import { completeTree } from './complete-tree.js';
import type { CompletionSource } from './completion.js';
import { checkInterpolationPlaces } from './interpolation-places.js';
import type { DsnModel, SourceLocation } from './model.js';
import { formatLocation, type ProblemList } from './problem.js';
import { readDocument } from './read-document.js';
import { dsnSchema } from './schema/dsn.js';
import { secretFileReader } from './secret-file.js';
import type { SourceTree } from './source-tree.js';
import type { TableCheck } from './table-check.js';
import { validate } from './validate.js';

/** What the DSN files hold. */
export interface LoadedDsns {
  readonly dsns: readonly DsnModel[];
  /** All names, those of invalid files too; null when a file could not be read, so that its name is unknown. */
  readonly names: readonly string[] | null;
}

/** What is asked about the files' contents. */
export interface DsnAdvice {
  readonly completions: CompletionSource;
  readonly checkTable: TableCheck;
}

/** Reads DSN files and makes their models; what is wrong is added to the problems, and the rest is still checked. */
export function loadDsnFiles(
  files: readonly string[],
  allowPaths: readonly string[],
  env: NodeJS.ProcessEnv,
  advice: DsnAdvice,
  problems: ProblemList,
): LoadedDsns {
  const read = files.map((file) => readDsn(file, allowPaths, env, advice, problems));
  const trees = read.flatMap((item) => item?.tree ?? []);
  const isComplete = trees.length === files.length;
  // A service that could not be read yet has tables that nobody knows.
  const areTablesKnown = read.every((item) => item?.dsn?.service == null || item.dsn.service.problem === null);
  checkDuplicates(trees, problems);
  const dsns = read.flatMap((item) => {
    if (item?.dsn == null) return [];
    return [resolveReferences(item.dsn, item.tree, { trees, isComplete: isComplete && areTablesKnown }, problems)];
  });
  return { dsns, names: isComplete ? trees.map(dsnName) : null };
}

function readDsn(
  file: string,
  allowPaths: readonly string[],
  env: NodeJS.ProcessEnv,
  advice: DsnAdvice,
  problems: ProblemList,
): { readonly tree: SourceTree; readonly dsn: DsnModel | null } | null {
  const folders = { baseDir: dirname(file), allowPaths };
  const read = readDocument(file, { env, readFile: secretFileReader(folders) }, problems);
  if (read === null) return null;
  if (read.root.value === null) {
    const hint = `Declare its tables, or remove the file; a DSN file starts with "dsn: ${fileDsnName(file)}".`;
    if (!read.root.isBroken) problems.add(read.root.at, 'the DSN file is empty', hint);
    return { tree: read, dsn: null };
  }
  const { tree, parts } = completeTree(read, advice.completions);
  checkInterpolationPlaces(tree, 'dsn', problems);
  const valid = validate(dsnSchema, tree, 'dsn', problems);
  if (valid === null) return { tree, dsn: null };
  return {
    tree,
    dsn: buildDsn(valid.data, { tree, problems, folders, pruned: valid.pruned, parts, checkTable: advice.checkTable }),
  };
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
