import type { AuthModel } from '../model.js';
import { didYouMean } from '../nearest.js';
import type { SourceNode, SourcePath } from '../source-tree.js';
import { type BuildContext, isDamaged, type TableSettings } from './context.js';

const SHARED = ['base_url', 'headers', 'query'] as const;
const OWN = ['base_url', 'url', 'path', 'lookup', 'count', 'headers', 'query', 'body'] as const;

/** Adds a problem for each `${auth:NAME}` of a table's requests that its login does not tell. */
export function checkAuthNames(auth: AuthModel, settings: TableSettings, context: BuildContext): void {
  if (isDamaged(context, ['auth']) || isDamaged(context, [...settings.path, 'auth'])) return;
  const { tree, problems } = context;
  const known = 'metadata' in auth && auth.metadata !== null ? [...auth.metadata.fields.keys()] : [];
  const usesUrl = settings.table.url !== undefined;
  const places: SourcePath[] = [
    ...SHARED.filter((key) => key !== 'base_url' || !usesUrl).map((key) => [key]),
    ...OWN.map((key) => [...settings.path, key]),
  ];
  for (const path of places) {
    const node = tree.node(path);
    if (node !== undefined) visit(node);
  }

  function visit(node: SourceNode): void {
    for (const name of node.authNames) {
      if (known.includes(name)) continue;
      const hint =
        known.length > 0
          ? `Known here: ${known.join(', ')}.`
          : `Add "metadata: { field: $.${name} }" to "auth", or remove it.`;
      problems.add(node.at, `the login tells no "${name}"${didYouMean(name, known)}`, hint);
    }
    for (const child of node.children.values()) visit(child);
  }
}
