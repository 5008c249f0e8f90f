import { errors } from '../../src/core/errors.js';
import { Window } from '../window.js';
import { type TreeNode, TreeParser } from './document-tree.js';
import { runQuery } from './query.js';
import { isQueryPath, parseQueryPath, type QueryPath } from './query-path.js';
import { Kind } from './tokens.js';

/** The query path of `records`; null where it is a plain one, or none. Throws F0000 for one that cannot be read. */
export function parseRecordsQuery(text: string | null): QueryPath | null {
  if (text === null || !isQueryPath(text)) return null;
  const path = parseQueryPath(text, 'records');
  if (path.climb > 0) throw errors.configuration(`records "${text}" cannot climb out of the page`, {});
  return path;
}

/** The records that a query path leads to: an array at the end of one that ends plainly stands for its elements, null for none. */
export function queryRecords(root: TreeNode, path: QueryPath): readonly TreeNode[] {
  const found = runQuery(path, root, root);
  const last = path.steps.at(-1)?.type;
  if (last !== undefined && last !== 'key' && last !== 'index') return found;
  return found.flatMap((node) => node.items ?? (node.kind === Kind.null ? [] : [node]));
}

/** The same of a document that is a text: the records' texts. */
export function queryRecordTexts(document: string, path: QueryPath): readonly string[] {
  const window = new Window();
  window.append(Buffer.from(document), 'the sample');
  window.finish('the sample');
  const root = new TreeParser(window, 'the sample').parse();
  return queryRecords(root, path).map((node) => rawText(window.bytes, node));
}

/** A value as it is written. */
export function rawText(bytes: Buffer, node: TreeNode): string {
  const isString = node.kind === Kind.escaped;
  return bytes.toString('utf8', isString ? node.start - 1 : node.start, isString ? node.end + 1 : node.end);
}
