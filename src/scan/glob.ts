import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, parse, sep } from 'node:path';

/** A folder level of a pattern: a fixed name, names by expression, or `**` (any number of levels). */
type Level =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'match'; readonly pattern: RegExp }
  | { readonly type: 'deep' };

const SPECIAL = /[*?[\]{}]/;

/**
 * The files that an absolute glob pattern matches, in no certain order: `*`, `?`, `[a-z]`, `{a,b}` and `**`. Names that
 * start with a dot are matched only by a pattern that does. Folders that cannot be read match nothing.
 */
export async function* globFiles(pattern: string, signal: AbortSignal): AsyncGenerator<string, void, void> {
  const { root } = parse(pattern);
  for (const alternative of expandBraces(pattern.slice(root.length))) {
    const levels = alternative
      .split(/[\\/]/.test(sep) && sep === '\\' ? /[\\/]/ : '/')
      .filter((level) => level !== '' && level !== '.');
    yield* walk(root, levels.map(toLevel), signal);
  }
}

function toLevel(text: string): Level {
  if (text === '**') return { type: 'deep' };
  return SPECIAL.test(text) ? { type: 'match', pattern: toExpression(text) } : { type: 'name', name: text };
}

async function* walk(
  folder: string,
  levels: readonly Level[],
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  signal.throwIfAborted();
  const [level, ...rest] = levels;
  if (level === undefined) return;
  if (level.type === 'name') {
    const path = join(folder, level.name);
    if (rest.length > 0) yield* walk(path, rest, signal);
    else if (await isFile(path)) yield path;
    return;
  }
  if (level.type === 'deep')
    yield* walk(folder, rest.length === 0 ? [{ type: 'match', pattern: /^[^.]/ }] : rest, signal);
  for (const entry of await readFolder(folder)) {
    const path = join(folder, entry.name);
    if (level.type === 'deep') {
      // Links are not followed here: they could lead in circles.
      if (entry.isDirectory() && !entry.name.startsWith('.')) yield* walk(path, levels, signal);
    } else if (level.pattern.test(entry.name)) {
      if (rest.length > 0) yield* walk(path, rest, signal);
      else if (await isFile(path)) yield path;
    }
  }
}

async function readFolder(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** `a{b,c}d` as `abd` and `acd`, nested ones too; braces without a comma stand for themselves. */
export function expandBraces(text: string): readonly string[] {
  const match = /\{([^{}]*,[^{}]*)\}/.exec(text);
  if (match === null) return [text];
  const before = text.slice(0, match.index);
  const after = text.slice(match.index + match[0].length);
  return match[1]!.split(',').flatMap((choice) => expandBraces(`${before}${choice}${after}`));
}

/** One level of a pattern as a regular expression. */
function toExpression(text: string): RegExp {
  let source = text.startsWith('.') ? '' : '(?!\\.)';
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    const set = character === '[' ? /^\[([!^]?)((?:\]|[^\]])[^\]]*)\]/.exec(text.slice(at)) : null;
    if (set !== null) {
      source += `[${set[1] === '' ? '' : '^'}${set[2]!.replace(/[\\[\]^]/g, '\\$&')}]`;
      at += set[0].length - 1;
    } else if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else source += character.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, 's');
}
