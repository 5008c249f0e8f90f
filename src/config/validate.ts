import type { z } from 'zod';
import { describeIssue } from './describe-issue.js';
import { type FlatIssue, flattenIssues } from './flatten-issues.js';
import type { ProblemList } from './problem.js';
import type { SourcePath, SourceTree } from './source-tree.js';

/** A file's valid parts. */
export interface Validated<T> {
  readonly data: T;
  /** What was left out because it is invalid: later checks stay silent where they would need it. */
  readonly pruned: readonly SourcePath[];
}

const MAX_ROUNDS = 50;

/**
 * Checks a file against its schema and adds every problem. The invalid parts are then left out, so that the checks that
 * need several keys can still run on the rest and one reading finds everything. Null when nothing usable remains.
 */
export function validate<S extends z.ZodType>(
  schema: S,
  tree: SourceTree,
  kind: 'dsn' | 'gateway',
  problems: ProblemList,
): Validated<z.output<S>> | null {
  let candidate: unknown = structuredClone(tree.root.value);
  const pruned: SourcePath[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const result = schema.safeParse(candidate, { error: withKnownKeys });
    if (result.success) return { data: result.data, pruned };
    for (const issue of flattenIssues(result.error.issues, candidate)) {
      // Later rounds only see what the pruning of earlier ones made.
      if (round === 0) describeIssue(issue, tree, kind, problems);
      const path = prunePath(issue, candidate);
      if (path.length === 0) return null;
      candidate = without(candidate, path);
      pruned.push(path);
    }
  }
  return null;
}

/** Gives an unknown key the list of known ones, which Zod itself keeps to the schema. */
function withKnownKeys(issue: { readonly code?: string; readonly inst?: unknown }): string | undefined {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const { shape } = (issue.inst as { _zod: { def: { shape?: Record<string, unknown> } } })._zod.def;
  return JSON.stringify(Object.keys(shape ?? {}));
}

/** What to take away: the wrong value; the map that misses a key; the whole list, so that places in it stay right. */
function prunePath(issue: FlatIssue, candidate: unknown): SourcePath {
  const path = issue.type === 'missing' ? issue.path.slice(0, -1) : issue.path;
  let value: unknown = candidate;
  for (const [depth, step] of path.entries()) {
    if (Array.isArray(value)) return path.slice(0, depth);
    value = (value as Record<string, unknown> | undefined)?.[step];
  }
  return path;
}

function without(root: unknown, path: SourcePath): unknown {
  let map = root as Record<string, unknown> | undefined;
  for (const step of path.slice(0, -1)) map = map?.[step] as Record<string, unknown> | undefined;
  if (typeof map === 'object' && map !== null) delete map[path.at(-1)!];
  return root;
}
