import type { FlatIssue } from './flatten-issues.js';
import { didYouMean, nearestName } from './nearest.js';
import type { ProblemList } from './problem.js';
import { TYPE_NAMES } from './schema/column.js';
import type { SourcePath, SourceTree } from './source-tree.js';

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
  if (issue.type !== 'missing' && tree.isBroken(path)) return;
  switch (issue.type) {
    case 'unknown-key':
      problems.add(
        tree.keyAt(path),
        `unknown key "${key}" in ${describePlace(parent, kind)}${didYouMean(key, issue.known)}`,
        nearestName(key, issue.known) ? undefined : `Known keys: ${issue.known.join(', ')}.`,
      );
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
        `${path.length === 0 ? 'the file' : `"${nameOf(path)}"`} must be ${issue.expected.join(' or ')}, not ${describeValue(tree.node(path)?.value)}`,
        typeHint(issue.expected, path, kind, tree),
      );
      return;
    case 'unknown-value': {
      const written = tree.written(path);
      const message = `unknown value "${written}" of ${describePlace(path, kind)}${didYouMean(written, issue.known)}`;
      const known = [issue.known.join(', '), ...(issue.others ?? [])].join(', or ');
      problems.add(tree.at(path), message, `Use ${issue.known.length > 1 ? 'one of ' : ''}${known}.`);
      return;
    }
    case 'bad-value':
      describeBadValue(issue.message, path, tree, problems);
  }
}

/** What to write instead of a value of another kind. */
function typeHint(
  expected: readonly string[],
  path: SourcePath,
  kind: 'dsn' | 'gateway',
  tree: SourceTree,
): string | undefined {
  if (path.length === 0 && kind === 'dsn')
    return 'Every YAML or JSON file of a DSN folder is a DSN: put data into a folder of its own, such as dsn/data.';
  const value = tree.node(path)?.value;
  if (expected.includes('text') && isScalar(value)) return 'Put the value in quotes.';
  const key = path.at(-1);
  if ((key === 'pagination' || key === 'auth') && typeof value === 'string')
    return `Write ${key}: { type: ${tree.written(path)} }, with what that type needs.`;
  return undefined;
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
  return String(path.findLast((step) => typeof step === 'string') ?? '');
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

const SINGULAR: ReadonlyMap<string, string> = new Map([
  ['tables', 'table'],
  ['views', 'view'],
  ['columns', 'column'],
  ['filters', 'filter'],
  ['users', 'user'],
]);

/** `"pagination" of table "orders"`: where a key is missing or unknown. */
function describePlace(path: SourcePath, kind: 'dsn' | 'gateway'): string {
  const parts: string[] = [];
  for (let index = 0; index < path.length; index++) {
    const step = path[index]!;
    const singular = SINGULAR.get(String(step));
    if (singular !== undefined && path[index + 1] !== undefined) parts.unshift(`${singular} "${path[++index]}"`);
    else if (typeof step === 'string') parts.unshift(`"${step}"`);
  }
  return parts.length > 0 ? parts.join(' of ') : kind === 'dsn' ? 'the DSN' : 'the gateway settings';
}
