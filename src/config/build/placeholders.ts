import type { FilterModel, HttpSource } from '../model.js';
import { didYouMean } from '../nearest.js';
import type { SourcePath } from '../source-tree.js';
import { type BuildContext, isDamaged, type TableSettings } from './context.js';
import type { RequestUrl } from './url.js';

/** Checks that what is placed in the path and the path's `{name}` placeholders are the same names, each filled once. */
export function checkPlaceholderUse(
  url: RequestUrl,
  source: HttpSource,
  filters: readonly FilterModel[],
  settings: TableSettings,
  context: BuildContext,
): void {
  const { tree, problems } = context;
  // With one of these left out as invalid, what it would have filled is unknown.
  const parts: SourcePath[] = [
    ['auth'],
    ['pagination'],
    ...['auth', 'pagination', 'filters'].map((key) => [...settings.path, key]),
  ];
  const isCertain = !parts.some((path) => isDamaged(context, path));
  const written = tree.node(url.path)?.written ?? '';
  const fillers = findFillers(source, filters, settings);
  const filled = new Set<string>();
  for (const { name, path, what } of fillers) {
    if (!url.placeholders.includes(name)) {
      const message = `${what} fills the placeholder "{${name}}", which "${url.path.at(-1)}" does not have`;
      const known = url.placeholders.filter((placeholder) => written.includes(`{${placeholder}}`));
      problems.add(tree.at(path), `${message}${didYouMean(name, known)}`, `Add "{${name}}" to "${url.path.at(-1)}".`);
    } else if (filled.has(name)) {
      problems.add(
        tree.at(path),
        `${what} fills the placeholder "{${name}}", which is filled already`,
        'Keep one of the two.',
      );
    }
    filled.add(name);
  }
  if (!isCertain) return;
  for (const name of url.placeholders) {
    if (filled.has(name)) continue;
    // A placeholder that came out of a variable is not shown: its text may be part of a secret.
    const shown = written.includes(`{${name}}`) ? ` "{${name}}"` : '';
    const hint = `Add a required filter with "path: ${shown === '' ? 'name' : name}", or let the paginator fill it.`;
    problems.add(tree.at(url.path), `nothing fills the placeholder${shown} of "${url.path.at(-1)}"`, hint);
  }
}

interface Filler {
  readonly name: string;
  readonly path: SourcePath;
  readonly what: string;
}

function findFillers(source: HttpSource, filters: readonly FilterModel[], settings: TableSettings): readonly Filler[] {
  const fillers: Filler[] = filters
    .filter(({ place }) => place === 'path')
    .map(({ column, parameter }) => ({
      name: parameter,
      path: [...settings.path, 'filters', column, 'path'],
      what: `the filter on "${column}"`,
    }));
  const { pagination, auth } = source;
  if (pagination.type !== 'none' && pagination.place === 'path') {
    const { path } = settings.get('pagination')!;
    // A token in the path is refused elsewhere.
    if (pagination.type === 'page' || pagination.type === 'offset') {
      fillers.push({ name: pagination.parameter, path: [...path, 'parameter'], what: 'the paginator' });
    }
    if (pagination.sizeParameter !== null) {
      fillers.push({ name: pagination.sizeParameter, path: [...path, 'size_parameter'], what: 'the paginator' });
    }
  }
  if (auth.type === 'api_key' && auth.place === 'path') {
    fillers.push({ name: auth.parameter, path: [...settings.get('auth')!.path, 'path'], what: 'the API key' });
  }
  return fillers;
}
