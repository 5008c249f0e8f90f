import { basename, extname } from 'node:path';
import type { SourceTree } from '../source-tree.js';

/** A DSN's name: what the file says, else the file's own name. */
export function dsnName(tree: SourceTree): string {
  const name = tree.node(['dsn'])?.value;
  return typeof name === 'string' && name !== '' ? name : fileDsnName(tree.file);
}

/** The name that a DSN has when its file does not say another. */
export function fileDsnName(file: string): string {
  return basename(file, extname(file));
}
