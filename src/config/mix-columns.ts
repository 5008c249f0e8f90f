import { graft, toNode, withChild } from './completion.js';
import type { SourceNode } from './source-tree.js';
import { SourceTree } from './source-tree.js';

/** A file's tree with columns that a sample told, and which of the table's columns have their type from it. */
export interface MixedColumns {
  readonly tree: SourceTree;
  readonly inferred: ReadonlySet<string>;
}

/**
 * Adds inferred columns to those that a table declares. A declared column wins: over the inferred one of its name, whose place it
 * takes over when it names none, and over one that is read from the same field.
 */
export function mixColumns(tree: SourceTree, table: string, columns: Readonly<Record<string, unknown>>): MixedColumns {
  const path = ['tables', table];
  const declared = tree.node([...path, 'columns'])?.children ?? new Map<string, SourceNode>();
  const taken = new Set<string>();
  let own = toNode({}, tree.keyAt([...path, 'columns']));
  for (const [name, node] of declared) {
    const column = placed(node, columns[name]);
    own = withChild(own, name, column);
    const field = fieldOf(name, column.value);
    if (field !== null) taken.add(field);
  }
  const rest = Object.entries(columns).filter(
    ([name, column]) => !declared.has(name) && !taken.has(fieldOf(name, column) ?? ''),
  );
  const mixed = declared.size === 0 ? tree : withColumns(tree, table, own);
  return {
    tree: graft(mixed, path, { columns: Object.fromEntries(rest) }),
    inferred: new Set(rest.map(([name]) => name)),
  };
}

/** The declared column with the inferred one's `field` and `from`, unless it has its own. */
function placed(node: SourceNode, inferred: unknown): SourceNode {
  if (node.isBroken || typeof inferred !== 'object' || inferred === null) return node;
  const isShort = typeof node.value === 'string';
  if (!isShort && (!isMap(node.value) || node.children.has('field') || node.children.has('from'))) return node;
  let result = isShort ? withChild(toNode({}, node.at), 'type', node) : node;
  for (const [key, value] of Object.entries(inferred)) {
    if (key === 'field' || key === 'from') result = withChild(result, key, toNode(value, node.at));
  }
  return { ...result, keyAt: node.keyAt };
}

/** What a column reads of a record, a JSON key in its short form; null where it does not come from one. */
function fieldOf(name: string, column: unknown): string | null {
  const { field = name, from = 'record' } = (isMap(column) ? column : {}) as { field?: unknown; from?: unknown };
  return from === 'record' ? String(field).replace(/^\$\.(?=[\p{L}_][\p{L}\p{N}_-]*$)/u, '') : null;
}

function withColumns(tree: SourceTree, table: string, columns: SourceNode): SourceTree {
  const tables = tree.node(['tables'])!;
  const changed = withChild(tables, table, withChild(tables.children.get(table)!, 'columns', columns));
  return new SourceTree(tree.file, withChild(tree.root, 'tables', changed));
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
