import type { z } from 'zod';
import { didYouMean, nearestName } from './nearest.js';
import type { ProblemList } from './problem.js';
import { TYPE_NAMES } from './schema/column.js';
import type { SourcePath, SourceTree } from './source-tree.js';
import { isUnsupportedKey, isUnsupportedValue, type UnsupportedContext } from './unsupported.js';

type ZodIssue = z.core.$ZodIssue;

/** A Zod issue on the one value it is about. */
export type FlatIssue =
  | { readonly type: 'unknown-key'; readonly path: SourcePath; readonly known: readonly string[] }
  | { readonly type: 'missing'; readonly path: SourcePath; readonly options: readonly string[] }
  | { readonly type: 'wrong-type'; readonly path: SourcePath; readonly expected: readonly string[] }
  | { readonly type: 'unknown-value'; readonly path: SourcePath; readonly known: readonly string[] }
  | { readonly type: 'bad-value'; readonly path: SourcePath; readonly message: string };

/** Takes unions apart: of several alternatives the one that the value is shaped like is what the user meant. */
export function flattenIssues(
  issues: readonly ZodIssue[],
  root: unknown,
  prefix: SourcePath = [],
): readonly FlatIssue[] {
  return issues.flatMap((issue): readonly FlatIssue[] => {
    const path = [...prefix, ...(issue.path as (string | number)[])];
    const value = valueAt(root, path);
    switch (issue.code) {
      case 'unrecognized_keys': {
        const known = JSON.parse(issue.message) as string[];
        return issue.keys.map((key) => ({ type: 'unknown-key', path: [...path, key], known }));
      }
      case 'invalid_type':
        if (value === undefined) return [{ type: 'missing', path, options: [] }];
        return [{ type: 'wrong-type', path, expected: [TYPE_WORDS[issue.expected] ?? issue.expected] }];
      case 'invalid_value': {
        const known = issue.values.map(String);
        if (value === undefined) return [{ type: 'missing', path, options: known }];
        if (typeof value !== 'string') return [{ type: 'wrong-type', path, expected: [`one of ${known.join(', ')}`] }];
        return [{ type: 'unknown-value', path, known }];
      }
      case 'invalid_union':
        return flattenUnion(issue, root, path, value);
      case 'too_small':
        return [{ type: 'bad-value', path, message: tooSmall(issue) }];
      case 'too_big':
        return [{ type: 'bad-value', path, message: `expected at most ${issue.maximum}` }];
      default:
        return [{ type: 'bad-value', path, message: issue.message.toLowerCase() }];
    }
  });
}

function flattenUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  root: unknown,
  path: SourcePath,
  value: unknown,
): readonly FlatIssue[] {
  if (issue.discriminator !== undefined) {
    const known = ('options' in issue ? (issue.options ?? []) : []).map(String);
    if (value === undefined) return [{ type: 'missing', path, options: known }];
    if (typeof value !== 'string') return [{ type: 'wrong-type', path, expected: [`one of ${known.join(', ')}`] }];
    return [{ type: 'unknown-value', path, known }];
  }
  if (value === undefined) return [{ type: 'missing', path, options: [] }];
  const branches = issue.errors.map((branch) => flattenIssues(branch, root, path));
  const isOfOtherType = (flat: FlatIssue): boolean => flat.path.length === path.length && flat.type === 'wrong-type';
  const fitting = branches.filter((branch) => !branch.some(isOfOtherType));
  // Alternatives that are maps with one key each differ in that key: the one that misses nothing is meant.
  const meant = fitting.find((branch) => !branch.some((flat) => flat.type === 'missing')) ?? fitting[0];
  if (meant !== undefined) {
    const names = fitting.flatMap((branch) =>
      branch.flatMap((flat) => (flat.type === 'missing' ? [flat.path.at(-1)] : [])),
    );
    if (fitting.length > 1 && names.length === fitting.length) {
      const message = `expected a map with one of ${[...new Set(names)].join(', ')}`;
      return [{ type: 'bad-value', path, message }];
    }
    return meant;
  }
  const expected = branches.flatMap((branch) =>
    branch.flatMap((flat) => (flat.type === 'wrong-type' ? flat.expected : [])),
  );
  return [{ type: 'wrong-type', path, expected: [...new Set(expected)] }];
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'null',
};

function tooSmall(issue: z.core.$ZodIssueTooSmall): string {
  if (issue.origin === 'string') return 'expected a text that is not empty';
  if (issue.origin === 'array') return 'expected at least one entry';
  return issue.inclusive === true ? `expected at least ${issue.minimum}` : `expected more than ${issue.minimum}`;
}

/** Adds the problem that an issue stands for. Values are named as the file has them, never as they were resolved. */
export function describeIssue(
  issue: FlatIssue,
  tree: SourceTree,
  kind: 'dsn' | 'gateway',
  problems: ProblemList,
): void {
  const { path } = issue;
  const key = String(path.at(-1) ?? '');
  const parent = path.slice(0, -1);
  const context = contextOf(parent, kind);
  if (issue.type !== 'missing' && tree.isBroken(path)) return;
  switch (issue.type) {
    case 'unknown-key':
      if (isUnsupportedKey(context, key)) {
        problems.add(
          tree.keyAt(path),
          `"${key}" is not supported yet`,
          `Remove "${key}"; everything else here works without it.`,
        );
      } else {
        const message = `unknown key "${key}" in ${describePlace(parent, kind)}${didYouMean(key, issue.known)}`;
        problems.add(
          tree.keyAt(path),
          message,
          nearestName(key, issue.known) ? undefined : `Known keys: ${issue.known.join(', ')}.`,
        );
      }
      return;
    case 'missing':
      problems.add(
        tree.keyAt(parent),
        `missing key "${key}" in ${describePlace(parent, kind)}`,
        issue.options.length > 0 ? `Add "${key}"; one of ${issue.options.join(', ')}.` : `Add "${key}".`,
      );
      return;
    case 'wrong-type':
      problems.add(
        tree.at(path),
        `"${nameOf(path)}" must be ${issue.expected.join(' or ')}, not ${describeValue(tree.node(path)?.value)}`,
        issue.expected.includes('text') && isScalar(tree.node(path)?.value) ? 'Put the value in quotes.' : undefined,
      );
      return;
    case 'unknown-value': {
      const written = tree.written(path);
      if (isUnsupportedValue(context, key, written)) {
        problems.add(tree.at(path), `"${written}" is not supported yet`, `Use one of ${issue.known.join(', ')}.`);
        return;
      }
      const message = `unknown value "${written}" of "${nameOf(path)}"${didYouMean(written, issue.known)}`;
      problems.add(tree.at(path), message, `Use one of ${issue.known.join(', ')}.`);
      return;
    }
    case 'bad-value':
      describeBadValue(issue.message, path, tree, problems);
  }
}

function describeBadValue(message: string, path: SourcePath, tree: SourceTree, problems: ProblemList): void {
  const name = nameOf(path);
  switch (message) {
    case 'unknown column type': {
      const written = tree.written(path);
      const column = name === 'type' ? String(path.at(-2)) : name;
      problems.add(
        tree.at(path),
        `unknown type "${written}" of column "${column}"${didYouMean(written.replace(/\s*[([].*$/s, ''), TYPE_NAMES)}`,
        `Use one of ${TYPE_NAMES.join(', ')}; "[]" at the end makes an array.`,
      );
      return;
    }
    case 'expected a duration':
    case 'expected a duration longer than 0':
      problems.add(
        tree.at(path),
        `"${name}" is not ${message.replace('expected ', '')}`,
        'Write a number and a unit: 500ms, 30s, 5m or 1h; at most 596h.',
      );
      return;
    default:
      problems.add(tree.at(path), `"${name}": ${message}`);
  }
}

/** The key that a message names; an entry of a list goes by the list's name. */
function nameOf(path: SourcePath): string {
  return String(path.findLast((step) => typeof step === 'string') ?? 'the file');
}

function isScalar(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'a number' : String(value);
}

/** Which of the named maps of the format a path leads to. */
function contextOf(path: SourcePath, kind: 'dsn' | 'gateway'): UnsupportedContext {
  if (path.length === 0) return kind;
  if (kind === 'gateway') return 'other';
  const inTable = path[0] === 'tables' ? path.slice(2) : path;
  if (path[0] === 'tables' && path.length === 2) return 'table';
  const [section] = inTable;
  if (inTable.length === 1 && (section === 'auth' || section === 'pagination')) return section;
  return 'other';
}

const SINGULAR: Readonly<Record<string, string>> = {
  tables: 'table',
  views: 'view',
  columns: 'column',
  filters: 'filter',
  users: 'user',
};

/** `"pagination" of table "orders"`: where a key is missing or unknown. */
function describePlace(path: SourcePath, kind: 'dsn' | 'gateway'): string {
  const parts: string[] = [];
  for (let index = 0; index < path.length; index++) {
    const step = path[index]!;
    const singular = SINGULAR[String(step)];
    if (singular !== undefined && path[index + 1] !== undefined) parts.unshift(`${singular} "${path[++index]}"`);
    else if (typeof step === 'string') parts.unshift(`"${step}"`);
  }
  return parts.length > 0 ? parts.join(' of ') : kind === 'dsn' ? 'the DSN' : 'the gateway settings';
}

function valueAt(root: unknown, path: SourcePath): unknown {
  let value = root;
  for (const step of path) value = (value as Record<string | number, unknown> | null | undefined)?.[step];
  return value;
}
