import type { CompressionModel } from '../model.js';
import type { BuildContext, TableSettings } from './context.js';

/** How a table's pages or files are packed. */
export function buildCompression(settings: TableSettings, { tree, problems }: BuildContext): CompressionModel {
  const type = settings.value('compression', 'auto');
  const entry = settings.get('entry');
  if (entry !== null && type !== 'auto' && type !== 'zip') {
    const hint = 'Remove it, or set "compression: zip".';
    problems.add(tree.keyAt(entry.path), `"entry" means nothing with compression ${type}`, hint);
  }
  return { type, entry: entry?.value ?? null };
}
