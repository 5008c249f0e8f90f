import type { z } from 'zod';
import type { SourcePath } from './source-tree.js';

type ZodIssue = z.core.$ZodIssue;

/** A Zod issue on the one value it is about. */
export type FlatIssue =
  | { readonly type: 'unknown-key'; readonly path: SourcePath; readonly known: readonly string[] }
  | { readonly type: 'missing'; readonly path: SourcePath; readonly options: readonly string[] }
  | { readonly type: 'wrong-type'; readonly path: SourcePath; readonly expected: readonly string[] }
  | {
      readonly type: 'unknown-value';
      readonly path: SourcePath;
      readonly known: readonly string[];
      readonly others?: readonly string[];
    }
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
  const expected = branches.flatMap((branch) =>
    branch.flatMap((flat) => (flat.type === 'wrong-type' ? flat.expected : [])),
  );
  if (meant !== undefined) {
    const names = fitting.flatMap((branch) =>
      branch.flatMap((flat) => (flat.type === 'missing' ? [flat.path.at(-1)] : [])),
    );
    if (fitting.length > 1 && names.length === fitting.length) {
      const message = `expected a map with one of ${[...new Set(names)].join(', ')}`;
      return [{ type: 'bad-value', path, message }];
    }
    return meant.map((flat) =>
      flat.type === 'unknown-value' && flat.path.length === path.length
        ? { ...flat, others: [...new Set(expected)] }
        : flat,
    );
  }
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

function valueAt(root: unknown, path: SourcePath): unknown {
  let value = root;
  for (const step of path) value = (value as Record<string | number, unknown> | null | undefined)?.[step];
  return value;
}
