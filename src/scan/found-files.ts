import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import type { FilesSource } from '../config/model.js';
import { errors } from '../core/errors.js';
import { globFiles } from './glob.js';

/** A file to read. */
export interface FoundFile {
  /** Without links. */
  readonly path: string;
  /** As it may be shown: below the DSN's folder where it lies there. */
  readonly name: string;
}

/**
 * The files of a source in the order of their paths. Throws HV000 when there are none, F0000 for one that lies outside
 * of the folders that files may come from, by a link as well.
 */
export async function findFiles(
  source: FilesSource,
  subject: string,
  signal: AbortSignal,
): Promise<readonly FoundFile[]> {
  const paths = new Set<string>();
  for (const pattern of source.patterns) for await (const path of globFiles(pattern, signal)) paths.add(path);
  if (paths.size === 0) {
    const patterns = source.patterns.map((pattern) => `"${shownPath(pattern, source.baseDir)}"`).join(', ');
    throw errors.apiError(`no file matches ${patterns} of ${subject}`, {
      hint: 'Check files: the patterns are relative to the folder of the DSN file.',
    });
  }
  const folders = await Promise.all([source.baseDir, ...source.allowPaths].map(resolveFolder));
  const files: FoundFile[] = [];
  for (const path of [...paths].sort(compareBytes)) {
    const name = shownPath(path, source.baseDir);
    const real = await realpath(path).catch((cause: unknown) => {
      throw unreadableFile(name, subject, cause);
    });
    if (!folders.some((folder) => isBelow(real, folder))) {
      throw errors.configuration(`file "${name}" of ${subject} lies outside of the DSN file's folder`, {
        hint: "Move the file below that folder, or add its own folder to allow_paths in the gateway's settings.",
      });
    }
    files.push({ path: real, name });
  }
  return files;
}

/** HV000 for a file that cannot be opened or read. */
export function unreadableFile(name: string, subject: string, cause: unknown): Error {
  const code = (cause as { code?: unknown } | null)?.code;
  return errors.apiError(`could not read file "${name}" of ${subject}`, {
    detail: typeof code === 'string' ? `The operating system says ${code}.` : undefined,
    hint: 'Check that the file exists and that the gateway may read it.',
    cause,
  });
}

/** The path relative to the DSN's folder where it lies below it. */
export function shownPath(path: string, baseDir: string): string {
  return isBelow(path, baseDir) ? relative(baseDir, path).split(sep).join('/') : path;
}

async function resolveFolder(folder: string): Promise<string> {
  return await realpath(folder).catch(() => folder);
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`));
}

/** As the engine's C collation sorts them, whatever the machine's language. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
