import { realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/** Whether a path is a folder or stands below it; both absolute. */
function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** Where files may be read: below the configuration file's folder and the gateway's `allow_paths`, all absolute. */
export interface AllowedFolders {
  readonly baseDir: string;
  readonly allowPaths: readonly string[];
}

/** Whether a path as written (not followed through links) may be read. */
export function isAllowed(path: string, folders: AllowedFolders): boolean {
  return [folders.baseDir, ...folders.allowPaths].some((folder) => isBelow(resolve(path), folder));
}

/** The same after following links, so that a link below the folder cannot lead out of it. @throws when there is no such file */
export function isReallyAllowed(path: string, folders: AllowedFolders): boolean {
  const real = realpathSync(path);
  return [folders.baseDir, ...folders.allowPaths].some((folder) => {
    try {
      return isBelow(real, realpathSync(folder));
    } catch {
      return false;
    }
  });
}
