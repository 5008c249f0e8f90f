import { errors } from '../../src/core/errors.js';
import type { TreeNode } from './document-tree.js';
import type { QueryPath, QueryStep } from './query-path.js';

/** Values that one step of a path may lead to. */
const MAX_FOUND = 1_000_000;

/** The values that the path leads to from `from`, in document order; each only once. */
export function runQuery({ climb, steps }: QueryPath, from: TreeNode, root: TreeNode): TreeNode[] {
  let found = climb === 0 ? [from] : climbed(from, climb);
  for (const step of steps) {
    const next = new Set<TreeNode>();
    for (const node of found) {
      for (const child of follow(step, node, root)) next.add(child);
      if (next.size > MAX_FOUND) {
        throw errors.limitExceeded(`a path leads to more than ${MAX_FOUND} values of a page`, {
          hint: 'Use a path that leads to fewer, without "..".',
        });
      }
    }
    found = [...next];
  }
  return found;
}

function* follow(step: QueryStep, node: TreeNode, root: TreeNode): Iterable<TreeNode> {
  switch (step.type) {
    case 'key': {
      const member = node.members?.get(step.key);
      if (member !== undefined) yield member;
      return;
    }
    case 'index': {
      const item = node.items?.at(step.index);
      if (item !== undefined) yield item;
      return;
    }
    case 'children':
      yield* node.children();
      return;
    case 'slice': {
      if (node.items === undefined) return;
      const { length } = node.items;
      const bound = (value: number): number => (value < 0 ? Math.max(0, length + value) : Math.min(length, value));
      const end = step.end === null ? length : bound(step.end);
      for (let i = bound(step.start ?? 0); i < end; i += step.step) yield node.items[i]!;
      return;
    }
    case 'union':
      for (const part of step.steps) yield* follow(part, node, root);
      return;
    case 'filter':
      for (const child of node.children()) if (step.predicate(child, root)) yield child;
      return;
    case 'descend':
      yield node;
      for (const child of node.children()) yield* follow(step, child, root);
      return;
  }
}

/** `^` is the nearest enclosing object or element: an array counts only where it is itself an element. */
function climbed(from: TreeNode, climb: number): TreeNode[] {
  let node: TreeNode | null = from;
  for (let left = climb; left > 0 && node !== null; left--) {
    node = node.parent;
    while (node?.items !== undefined && node.parent?.items === undefined) node = node.parent;
  }
  return node === null ? [] : [node];
}
