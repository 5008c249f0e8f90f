import { dsnName } from './build/dsn-name.js';
import { type Completion, type CompletionSource, fingerprintOf, graft, type OpenPart } from './completion.js';
import { mixColumns } from './mix-columns.js';
import { type SourceNode, SourceTree } from './source-tree.js';

/** The table that stands for an OData service's own description while the model is made. */
export const METADATA_TABLE = '$metadata';

/** An open part and what is known of it. */
export interface CompletedPart {
  readonly part: OpenPart;
  readonly completion: Completion | null;
  /** Columns whose types come from the sample. */
  readonly inferred: ReadonlySet<string>;
}

/** A DSN file with what its source told; `parts` by table, and by `$metadata` for the tables of a service. */
export interface CompletedTree {
  readonly tree: SourceTree;
  readonly parts: ReadonlyMap<string, CompletedPart>;
}

const DESCRIPTIVE: ReadonlySet<string> = new Set(['dsn', 'description', 'tables', 'views', 'cache']);
const DESCRIPTIVE_IN_TABLE: ReadonlySet<string> = new Set(['description', 'cache', 'limit', 'columns', 'infer']);

/** Adds what completions know to a file: columns to tables that leave them to a sample, tables to an OData service. */
export function completeTree(read: SourceTree, completions: CompletionSource): CompletedTree {
  const parts = new Map<string, CompletedPart>();
  const dsn = dsnName(read);
  let tree = read;
  if (read.node(['type'])?.value === 'odata') {
    const part = { dsn, table: null, fingerprint: fingerprintOf([read.root], DESCRIPTIVE) };
    const completion = completions(part);
    parts.set(METADATA_TABLE, { part, completion, inferred: NO_COLUMNS });
    tree = completion?.keys === undefined ? withoutSourceless(read) : graft(read, [], completion.keys);
    tree = graft(withBaseUrl(tree), [], { tables: { [METADATA_TABLE]: METADATA_KEYS } });
  }
  for (const table of tree.keys(['tables'])) {
    if (table === METADATA_TABLE || !leavesColumns(tree.node(['tables', table]))) continue;
    const fingerprint = `${fingerprintOf([read.root], DESCRIPTIVE)}${fingerprintOf([tree.node(['tables', table])], DESCRIPTIVE_IN_TABLE)}`;
    const part = { dsn, table, fingerprint };
    const completion = completions(part);
    if (completion?.keys === undefined) {
      parts.set(table, { part, completion, inferred: NO_COLUMNS });
      continue;
    }
    const { columns, ...others } = completion.keys;
    const mixed = mixColumns(tree, table, columns as Readonly<Record<string, unknown>>);
    parts.set(table, { part, completion, inferred: mixed.inferred });
    tree = graft(mixed.tree, ['tables', table], others);
  }
  return { tree, parts };
}

const NO_COLUMNS: ReadonlySet<string> = new Set();

/** Whether a table declares no columns, or says with `infer` that there are more than it declares. */
function leavesColumns(node: SourceNode | undefined): boolean {
  if (node === undefined || typeof node.value !== 'object' || node.value === null) return false;
  const infer = node.children.get('infer')?.value;
  if (typeof infer === 'boolean') return infer;
  const columns = node.children.get('columns');
  if (columns === undefined) return true;
  return (
    !columns.isBroken && typeof columns.value === 'object' && columns.value !== null && columns.children.size === 0
  );
}

const METADATA_KEYS = {
  path: '/$metadata',
  driver: 'xml',
  headers: { Accept: 'application/xml' },
  pagination: { type: 'none' },
  columns: { body: 'text' },
};

/** A service's tables are asked for below its `url`. */
function withBaseUrl(tree: SourceTree): SourceTree {
  const url = tree.node(['url']);
  if (url === undefined) return tree;
  const { root } = tree;
  const value = { ...(root.value as object), base_url: url.value };
  return new SourceTree(tree.file, { ...root, value, children: new Map(root.children).set('base_url', url) });
}

/** Until the service was read nobody knows where the tables that the file only adds to have their data. */
function withoutSourceless(tree: SourceTree): SourceTree {
  const tables = tree.node(['tables']);
  if (tables === undefined || typeof tables.value !== 'object') return tree;
  const children = new Map(
    [...tables.children].filter(([, table]) => ['path', 'url', 'files'].some((key) => table.children.has(key))),
  );
  const value = Object.fromEntries([...children].map(([name, child]) => [name, child.value]));
  const kept = { ...tables, value, children };
  return new SourceTree(tree.file, {
    ...tree.root,
    value: { ...(tree.root.value as object), tables: value },
    children: new Map(tree.root.children).set('tables', kept),
  });
}
