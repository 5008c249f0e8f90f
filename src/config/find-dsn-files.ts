import { readdirSync, realpathSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import type { SourceLocation } from './model.js';
import { type ProblemList, shownFile } from './problem.js';

const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

/** A place to look for DSN files. */
export interface DsnPath {
  /** As written; relative to `folder`. */
  readonly path: string;
  readonly folder: string;
  /** Where it was written, for the problem that there is nothing there. */
  readonly at: SourceLocation;
  /** The default folder may be absent. */
  readonly isOptional: boolean;
}

/**
 * Finds DSN files: a path is a file, or a folder whose `*.yaml`, `*.yml` and `*.json` are taken in the order of their names.
 * A file reached twice is read once; `exclude` (the gateway's own settings) is no DSN.
 */
export function findDsnFiles(
  paths: readonly DsnPath[],
  exclude: string | null,
  problems: ProblemList,
): readonly string[] {
  const found = new Map<string, string>();
  const excluded = exclude === null ? null : realPath(exclude);
  for (const path of paths) {
    for (const file of listFiles(path, problems)) {
      const real = realPath(file);
      if (real !== excluded && !found.has(real)) found.set(real, file);
    }
  }
  return [...found.values()];
}

function listFiles({ path, folder, at, isOptional }: DsnPath, problems: ProblemList): readonly string[] {
  const full = resolve(folder, path);
  try {
    if (!statSync(full).isDirectory()) return [full];
    return readdirSync(full, { withFileTypes: true })
      .filter(
        (entry) =>
          !entry.isDirectory() && !entry.name.startsWith('.') && EXTENSIONS.has(extname(entry.name).toLowerCase()),
      )
      .map((entry) => join(full, entry.name))
      .sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
    if (isAbsent && isOptional) return [];
    const reason = isAbsent ? 'does not exist' : `cannot be read (${code ?? 'unknown reason'})`;
    problems.add(at, `the DSN path "${shownFile(full)}" ${reason}`, 'Name a DSN file or a folder of them.');
    return [];
  }
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return resolve(file);
  }
}
