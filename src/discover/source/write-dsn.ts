import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Document, isMap, isScalar, isSeq, type Node, visit } from 'yaml';

/** A DSN file as plain data, and lines to put above it. */
export interface DsnDraft {
  readonly document: Readonly<Record<string, unknown>>;
  readonly remarks: readonly string[];
}

/** Where the JSON Schema of DSN files is, also in the compiled package. */
const SCHEMA = fileURLToPath(new URL('../../../schema/dsn.schema.json', import.meta.url)).replace(
  /([\\/])dist\1schema/,
  '$1schema',
);
/** Maps of named things stand on lines of their own, whatever is in them. */
const OPEN_MAPS: ReadonlySet<string> = new Set(['tables', 'columns', 'filters', 'views']);

/** The text of a DSN file that is to stand in `folder`. */
export function writeDsn({ document, remarks }: DsnDraft, folder: string): string {
  const yaml = new Document(document, { version: '1.2' });
  visit(yaml, {
    Map(key, node, path) {
      const parent = path.at(-1) as { key?: unknown } | undefined;
      const name = isScalar(parent?.key) ? String(parent.key.value) : '';
      if (
        key !== null &&
        !OPEN_MAPS.has(name) &&
        node.items.length > 0 &&
        node.items.every(({ value }) => isShort(value as Node | null))
      ) {
        node.flow = true;
      }
    },
    Seq(_key, node) {
      if (node.items.every((item) => isShort(item as Node | null))) node.flow = true;
    },
  });
  const schema = relative(folder, SCHEMA).replaceAll('\\', '/');
  const head = [`yaml-language-server: $schema=${schema.startsWith('.') ? schema : `./${schema}`}`, ...remarks];
  return `${head.map((line) => `# ${line}\n`).join('')}${yaml.toString({ lineWidth: 0, flowCollectionPadding: true })}`;
}

function isShort(node: Node | null): boolean {
  if (node === null || isScalar(node)) return node === null || String(node.value).length <= 80;
  if (isSeq(node)) return node.items.every((item) => isScalar(item) || (isMap(item) && isShort(item)));
  return isMap(node) && node.items.length <= 2 && node.items.every(({ value }) => isScalar(value));
}
