import type { ConfiguredText } from '../../core/secret.js';
import type { SourcePath } from '../source-tree.js';
import { type BuildContext, isDamaged, type TableSettings } from './context.js';
import { isHeaderName } from './value-place.js';

/** Headers that the HTTP client sets itself. */
const CLIENT_HEADERS = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
]);

/** A map of texts at a path. */
export function readTexts(path: SourcePath, context: BuildContext): ReadonlyMap<string, ConfiguredText> {
  return new Map(
    context.tree
      .keys(path)
      .filter((key) => !isDamaged(context, [...path, key]))
      .map((key) => [key, context.tree.configuredText([...path, key])]),
  );
}

/** Merges the DSN's query parameters with the table's: the table wins, null removes. */
export function mergeQuery(settings: TableSettings, context: BuildContext): ReadonlyMap<string, ConfiguredText> {
  return merge('query', settings, context, (name) => name);
}

/** Merges headers the same way; names differing in case are one header. */
export function mergeHeaders(settings: TableSettings, context: BuildContext): ReadonlyMap<string, ConfiguredText> {
  for (const path of [['headers'], [...settings.path, 'headers']]) checkHeaders(path, context);
  return merge('headers', settings, context, (name) => name.toLowerCase());
}

function merge(
  key: 'headers' | 'query',
  settings: TableSettings,
  context: BuildContext,
  fold: (name: string) => string,
): ReadonlyMap<string, ConfiguredText> {
  const merged = new Map<string, [string, ConfiguredText]>();
  for (const path of [[key], [...settings.path, key]]) {
    for (const name of context.tree.keys(path)) {
      const place = [...path, name];
      if (isDamaged(context, place)) continue;
      if (context.tree.node(place)?.value === null) merged.delete(fold(name));
      else merged.set(fold(name), [name, context.tree.configuredText(place)]);
    }
  }
  return new Map(merged.values());
}

/** Checks names and values of headers; values are never shown. */
export function checkHeaders(path: SourcePath, context: BuildContext): void {
  const { tree, problems } = context;
  const seen = new Map<string, string>();
  for (const name of tree.keys(path)) {
    const place = [...path, name];
    const folded = name.toLowerCase();
    if (!isHeaderName(name)) {
      problems.add(tree.keyAt(place), `"${name}" is not a header name`, 'Use letters, digits and "-".');
    } else if (CLIENT_HEADERS.has(folded)) {
      problems.add(tree.keyAt(place), `the header "${name}" is set by the gateway itself`, 'Remove it.');
    } else if (seen.has(folded)) {
      problems.add(
        tree.keyAt(place),
        `the headers "${seen.get(folded)}" and "${name}" are the same`,
        'Keep one of them.',
      );
    }
    seen.set(folded, name);
    if (!isDamaged(context, place) && !/^[\t\x20-\x7e\x80-\xff]*$/.test(tree.text(place))) {
      const hint = 'Headers take one line of Latin-1 text; look for line ends in a variable or file.';
      problems.add(tree.at(place), `the value of header "${name}" holds a character that cannot be sent`, hint);
    }
  }
}
