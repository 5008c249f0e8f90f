// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type AllowedFolders, isAllowed, isReallyAllowed } from './contained-path.js';
import type { FileReader } from './interpolation.js';

const MAX_BYTES = 1024 * 1024;

/**
 * Makes the reader of `${file:path}`: relative to the configuration file's folder and only below it or `allow_paths`, links
 * followed. The line end that editors put at the end of a file is not part of the secret.
 */
export function secretFileReader(folders: AllowedFolders): FileReader {
  return (path) => {
    const file = resolve(folders.baseDir, path);
    const outside = {
      problem: `the file "${path}" is outside the folder of this file`,
      hint: 'Move it below that folder, or name its folder in "allow_paths" of tidegate.yaml.',
    };
    if (path === '') return { problem: 'the name of the file is missing', hint: 'Write ${file:path}.' };
    if (path.includes('\0') || !isAllowed(file, folders)) return outside;
    try {
      if (!isReallyAllowed(file, folders)) return outside;
      const stat = statSync(file);
      if (!stat.isFile() || stat.size > MAX_BYTES) {
        return {
          problem: `"${path}" is not a file of at most 1 MiB`,
          hint: 'Name a file that holds the secret and nothing else.',
        };
      }
      const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
      return { text: text.replace(/\r?\n$/, '') };
    } catch (error) {
      return { problem: `the file "${path}" cannot be read`, hint: reason(error) };
    }
  };
}

function reason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'There is no such file; the path is relative to the folder of this file.';
    case 'EACCES':
    case 'EPERM':
      return 'Let the user that runs the gateway read it.';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'Store it as UTF-8 text.';
    default:
      return 'Check that it is a readable text file.';
  }
}
