import { errors } from '../../src/core/errors.js';
import type { TreeNode } from './document-tree.js';
import type { QueryPath, QueryStep } from './query-path.js';

/** Values that one step of a path may lead to. */
const MAX_FOUND = 1_000_000;

/** The values that the path leads to from `from`, in document order; each only once. */
export function runQuery({ climb, steps }: QueryPath, from: TreeNode, root: TreeNode): TreeNode[] {
  let found = climb === 0 ? [from] : climbed(from, climb);
  let mayRepeat = false;
  for (const step of steps) {
    const next: TreeNode[] = [];
    for (const node of found) follow(step, node, root, next);
    // Only below a value and what is in it, or by two names for one place, does a path come to a value again.
    mayRepeat ||= step.type === 'descend' || step.type === 'union';
    found = mayRepeat ? [...new Set(next)] : next;
  }
  return found;
}

function follow(step: QueryStep, node: TreeNode, root: TreeNode, found: TreeNode[]): void {
  switch (step.type) {
    case 'key': {
      const member = node.members?.get(step.key);
      if (member !== undefined) add(member, found);
      return;
    }
    case 'index': {
      const item = node.items?.at(step.index);
      if (item !== undefined) add(item, found);
      return;
    }
    case 'children':
      for (const child of node.children()) add(child, found);
      return;
    case 'slice': {
      if (node.items === undefined) return;
      const { length } = node.items;
      const bound = (value: number): number => (value < 0 ? Math.max(0, length + value) : Math.min(length, value));
      const end = step.end === null ? length : bound(step.end);
      for (let i = bound(step.start ?? 0); i < end; i += step.step) add(node.items[i]!, found);
      return;
    }
    case 'union':
      for (const part of step.steps) follow(part, node, root, found);
      return;
    case 'filter':
      for (const child of node.children()) if (step.predicate(child, root)) add(child, found);
      return;
    case 'descend':
      add(node, found);
      for (const child of node.children()) follow(step, child, root, found);
      return;
  }
}

function add(node: TreeNode, found: TreeNode[]): void {
  if (found.length >= MAX_FOUND) {
    throw errors.limitExceeded(`a path leads to more than ${MAX_FOUND} values of a page`, {
      hint: 'Use a path that leads to fewer, without "..".',
    });
  }
  found.push(node);
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
