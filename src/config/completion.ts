import { createHash } from 'node:crypto';
import type { GatewayError } from '../core/errors.js';
import type { SourceLocation } from './model.js';
import type { SourceNode, SourcePath } from './source-tree.js';
import { SourceTree } from './source-tree.js';

/** What a DSN file leaves to its source: the columns of a table, or (`table` is null) the tables of an OData service. */
export interface OpenPart {
  readonly dsn: string;
  readonly table: string | null;
  /** Changes when the declaration changes; made of what the file says, never of a secret. */
  readonly fingerprint: string;
}

/** What was found out: keys in the DSN format, added where the file has none. Or why nothing could be. */
export type Completion =
  | { readonly keys: Readonly<Record<string, unknown>>; readonly problem?: undefined }
  | { readonly problem: GatewayError; readonly keys?: undefined };

/** Knows open parts; null for one that nobody has looked at. */
export type CompletionSource = (part: OpenPart) => Completion | null;

/** A digest of what the file says here, without these keys; interpolations go in as they are written. */
export function fingerprintOf(nodes: readonly (SourceNode | undefined)[], without: ReadonlySet<string>): string {
  const hash = createHash('sha256');
  const visit = (node: SourceNode, isTop: boolean): void => {
    if (node.written !== null) hash.update(`=${node.written}\0`);
    for (const [key, child] of node.children) {
      if (isTop && without.has(key)) continue;
      hash.update(`${key}{`);
      visit(child, false);
      hash.update('}');
    }
  };
  for (const node of nodes) if (node !== undefined) visit(node, true);
  return hash.digest('base64url').slice(0, 22);
}

/** The file's tree with further keys at this place, all of them standing where the place's own key does. */
export function graft(tree: SourceTree, path: SourcePath, keys: Readonly<Record<string, unknown>>): SourceTree {
  return new SourceTree(tree.file, graftInto(tree.root, path, keys, tree.keyAt(path)));
}

function graftInto(
  node: SourceNode,
  path: SourcePath,
  keys: Readonly<Record<string, unknown>>,
  at: SourceLocation,
): SourceNode {
  const [step, ...rest] = path;
  if (step === undefined) return merged(node, toNode(keys, at));
  const child = node.children.get(String(step)) ?? toNode({}, at);
  return withChild(node, String(step), graftInto(child, rest, keys, at));
}

/** The file's own values win; maps are merged. */
function merged(own: SourceNode, added: SourceNode): SourceNode {
  if (!isMap(own) || !isMap(added)) return own.value === null && !own.isBroken ? { ...added, keyAt: own.keyAt } : own;
  let result = own;
  for (const [key, child] of added.children) {
    const present = own.children.get(key);
    result = withChild(result, key, present === undefined ? child : merged(present, child));
  }
  return result;
}

/** The map with another value of a key. */
export function withChild(node: SourceNode, key: string, child: SourceNode): SourceNode {
  const value = { ...(node.value as Record<string, unknown> | null), [key]: child.value };
  return { ...node, value, written: null, children: new Map(node.children).set(key, child) };
}

/** Data that stands in no file, with the place it is found at. */
export function toNode(value: unknown, at: SourceLocation): SourceNode {
  const isParent = typeof value === 'object' && value !== null;
  const children = new Map(
    isParent ? Object.entries(value).map(([key, child]) => [key, toNode(child, at)] as const) : [],
  );
  const written = isParent ? null : String(value);
  return { value, at, keyAt: at, written, children, interpolation: 'none', authNames: [], isBroken: false };
}

function isMap(node: SourceNode): boolean {
  return typeof node.value === 'object' && node.value !== null && !Array.isArray(node.value);
}
