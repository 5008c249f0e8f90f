import { isAbsolute, resolve } from 'node:path';
import { isAllowed } from '../contained-path.js';
import type { FilesSource } from '../model.js';
import { buildCompression } from './compression.js';
import type { BuildContext, TableSettings } from './context.js';

/** Keys that only mean something to an API. */
const HTTP_KEYS = [
  'method',
  'body',
  'headers',
  'query',
  'auth',
  'limits',
  'retry',
  'errors',
  'timeout',
  'total_timeout',
  'max_body_bytes',
  'idempotent',
  'proxy',
  'tls',
  'allow_origins',
  'allow_link_local',
  'pagination',
  'filters',
  'filter_separator',
  'limit',
  'order_by',
  'select',
  'include',
  'count',
  'lookup',
  'base_url',
] as const;

/** A table's files: patterns made absolute, none of which may leave the DSN file's folder. */
export function buildFilesSource(settings: TableSettings, context: BuildContext): FilesSource {
  const { tree, problems, folders } = context;
  const path = [...settings.path, 'files'];
  const files = settings.table.files!;
  for (const key of HTTP_KEYS) {
    if (settings.table[key] === undefined) continue;
    problems.add(
      tree.keyAt([...settings.path, key]),
      `"${key}" means nothing to a table that reads files`,
      'Remove it.',
    );
  }
  const patterns = (typeof files === 'string' ? [files] : files).map((pattern, index) => {
    const place = typeof files === 'string' ? path : [...path, index];
    const isUnusable = pattern.includes('\0') || /^[a-z][a-z0-9+.-]*:\/\//i.test(pattern);
    // The folder before the first wildcard decides where a pattern can lead; ".." after one would escape that check.
    const wildcard = pattern.search(/[*?[\]{}!()]/);
    const climbsAfterWildcard = wildcard >= 0 && /(^|[\\/])\.\.([\\/]|$|[},|)])/.test(pattern.slice(wildcard));
    const absolute = isAbsolute(pattern) ? pattern : resolve(folders.baseDir, pattern);
    const fixed =
      wildcard < 0 ? absolute : resolve(folders.baseDir, pattern.slice(0, wildcard).replace(/[^\\/]*$/, '') || '.');
    if (isUnusable) {
      problems.add(tree.at(place), `"files" is not a path or pattern`, 'Use "url" for something on a server.');
    } else if (climbsAfterWildcard || !isAllowed(fixed, folders)) {
      const hint = 'Move the files below that folder, or name theirs in "allow_paths" of tidegate.yaml.';
      problems.add(tree.at(place), `"${tree.written(place)}" leads out of the DSN file's folder`, hint);
    }
    return absolute;
  });
  const compression = buildCompression(settings, context);
  return { type: 'files', patterns, compression, baseDir: folders.baseDir, allowPaths: folders.allowPaths };
}
