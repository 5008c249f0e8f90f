import type { TreeNode } from './document-tree.js';
import type { Step } from './json-path.js';
import { notRecordsError, recordsMissingError } from './records-error.js';
import { Kind } from './tokens.js';

/** How records are found in a document that is held as a whole, by a path that `JsonReader` would read too. */
export interface PlainRecords {
  readonly steps: readonly Step[];
  /** The path as messages show it. */
  readonly text: string;
  readonly recordsMissing: 'error' | 'empty';
  /** Whether a scalar can be a record by itself, because a column takes it as `$`. */
  readonly takesScalars: boolean;
}

/**
 * The records of a document, exactly those that `JsonReader` finds: whether a statement wants a column with a query path decides
 * which of the two reads a table's pages, and must decide nothing else. Throws for a path that leads to something else.
 */
export function findPlainRecords(root: TreeNode, records: PlainRecords, where: string): readonly TreeNode[] {
  const { steps } = records;
  const endsInEach = steps.at(-1)?.type === 'each';
  const way = endsInEach ? steps.slice(0, -1) : steps;
  let isReached = false;
  let found: TreeNode[] = [root];
  for (const step of way) {
    found = found.flatMap((node) => {
      // An empty list of what holds records: they are not missing, there are none.
      if (step.type === 'each' && node.items?.length === 0) isReached = true;
      return follow(node, step);
    });
  }
  const rows: TreeNode[] = [];
  for (const node of found) {
    isReached = true;
    if (node.items !== undefined) for (const item of node.items) rows.push(item);
    else if (node.kind === Kind.null) continue;
    else if (!endsInEach && (node.members !== undefined || records.takesScalars)) rows.push(node);
    else throw notRecordsError(records.text, kindOf(node), !endsInEach, where, startOf(node));
  }
  if (!isReached && records.recordsMissing === 'error') throw recordsMissingError(records.text, where);
  return rows;
}

function follow(node: TreeNode, step: Step): readonly TreeNode[] {
  if (step.type === 'each') return node.items ?? [];
  const next = step.type === 'key' ? node.members?.get(step.key) : node.items?.[step.index];
  return next === undefined ? [] : [next];
}

/** What `notRecordsError` calls the node. */
export function kindOf(node: TreeNode): 'object' | number {
  return node.members === undefined ? node.kind : 'object';
}

/** Where the node begins, quote and all. */
export function startOf(node: TreeNode): number {
  return node.kind === Kind.escaped ? node.start - 1 : node.start;
}
