import type { ElementStep, XmlPath } from './xml-path.js';

/** An element on the way to something wanted. Values are numbered by the reader. */
export interface PathNode {
  readonly children: { readonly step: ElementStep; readonly node: PathNode }[];
  /** Values that are this element's whole text, or only the text directly in it. */
  readonly wholeText: number[];
  readonly ownText: number[];
  readonly attributes: { readonly local: string; readonly namespace: string | null; readonly value: number }[];
  /** Values that begin anew with each such element. */
  readonly scoped: number[];
  isRecord: boolean;
  /** Whether an element here means that the path to the records is there, be it without any. */
  holdsRecords: boolean;
  isFault: boolean;
}

/** Makes a node that nothing is wanted of yet. */
export function newPathNode(): PathNode {
  return {
    children: [],
    wholeText: [],
    ownText: [],
    attributes: [],
    scoped: [],
    isRecord: false,
    holdsRecords: false,
    isFault: false,
  };
}

/** The node that a step leads to, made if need be. */
export function descend(node: PathNode, step: ElementStep): PathNode {
  const found = node.children.find(
    ({ step: other }) => other.local === step.local && other.namespace === step.namespace,
  );
  if (found !== undefined) return found.node;
  const child = newPathNode();
  node.children.push({ step, node: child });
  return child;
}

/** Puts value `value` at the end of `path`, seen from `from`, whose elements each begin it anew. */
export function wantValue(from: PathNode, path: Omit<XmlPath, 'climb'>, value: number): void {
  let node = from;
  for (const step of path.steps) node = descend(node, step);
  if (path.end.type === 'element') node.wholeText.push(value);
  else if (path.end.type === 'text') node.ownText.push(value);
  else node.attributes.push({ local: path.end.local, namespace: path.end.namespace, value });
  from.scoped.push(value);
}

/** The children of `nodes` that an element of this name matches. */
export function matchingChildren(
  nodes: readonly PathNode[],
  local: string,
  namespace: () => string,
): readonly PathNode[] {
  let matches: PathNode[] | null = null;
  for (const { children } of nodes) {
    for (const { step, node } of children) {
      if (step.local !== local && step.local !== '*') continue;
      if (step.namespace !== null && step.namespace !== namespace()) continue;
      matches ??= [];
      matches.push(node);
    }
  }
  return matches ?? NO_NODES;
}

const NO_NODES: readonly PathNode[] = [];
