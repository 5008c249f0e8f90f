import { type ConfiguredText, Secret } from '../../core/secret.js';
import type { SourcePath } from '../source-tree.js';
import { type BuildContext, isDamaged, type TableSettings } from './context.js';

/** A request's URL and the names of its `{name}` placeholders. */
export interface RequestUrl {
  readonly url: ConfiguredText;
  readonly placeholders: readonly string[];
  /** The key that holds the path, for messages. */
  readonly path: SourcePath;
}

/** Joins `base_url` and `path`, or takes `url`; null with a problem when they make no usable URL. */
export function buildUrl(settings: TableSettings, context: BuildContext): RequestUrl | null {
  const { tree } = context;
  const { table } = settings;
  if (table.url !== undefined) {
    const path = [...settings.path, 'url'];
    if (!checkUrl(path, context)) return null;
    const url = holdsSecret(path, context) ? tree.configuredText(path) : tree.text(path);
    return { url, placeholders: findPlaceholders(table.url), path };
  }
  return buildPathUrl([...settings.path, 'path'], table.path!, settings, context);
}

/** Joins `base_url` and the path that stands at this place. */
export function buildPathUrl(
  path: SourcePath,
  written: string,
  settings: TableSettings,
  context: BuildContext,
): RequestUrl | null {
  const { tree, problems } = context;
  const base = settings.get('base_url');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(written)) {
    problems.add(tree.at(path), '"path" holds a whole URL', 'Use "url" for a URL of its own.');
    return null;
  }
  if (base === null) {
    if (!isDamaged(context, ['base_url']) && !isDamaged(context, [...settings.path, 'base_url'])) {
      problems.add(tree.keyAt(path), '"path" needs a "base_url"', 'Add "base_url" to the DSN, or use "url".');
    }
    return null;
  }
  const isBaseValid = checkUrl(base.path, context, { isBase: true });
  const isPathValid = checkPlaceholders(path, context);
  if (!isBaseValid || !isPathValid) return null;
  const text = `${base.value.replace(/\/+$/, '')}${/^[/?]/.test(written) ? '' : '/'}${written}`;
  if (parseUrl(withAuthFilled(text).replace(/\{[^{}]+\}/g, 'x')) === null) {
    const hint = 'Write white space as %20, and no backslashes.';
    problems.add(tree.at(path), '"path" makes no valid URL', hint);
    return null;
  }
  const isSecret = tree.isInterpolated(path) || holdsSecret(base.path, context);
  return { url: isSecret ? new Secret(text) : text, placeholders: findPlaceholders(written), path };
}

/**
 * Whether an interpolation can have put a secret into the URL. One at its start that gives no more than scheme, host and
 * port only says where the API is, and people want to see that in EXPLAIN and in errors.
 */
function holdsSecret(path: SourcePath, { tree }: BuildContext): boolean {
  if (!tree.isInterpolated(path)) return false;
  const text = tree.text(path);
  const rest = /^\$\{[^{}]*\}([^$]*)$/.exec(tree.node(path)?.written ?? '')?.[1];
  if (rest === undefined) return true;
  return !/^https?:\/\/[^/?#@]+\/?$/i.test(text.slice(0, text.length - rest.length));
}

/** Checks an absolute URL without ever showing it; returns whether it can be used. */
export function checkUrl(
  path: SourcePath,
  context: BuildContext,
  options: { readonly isBase?: boolean } = {},
): boolean {
  const { tree, problems } = context;
  const key = String(path.at(-1));
  const at = tree.at(path);
  const text = withAuthFilled(tree.text(path));
  const refuse = (message: string, hint: string): false => {
    problems.add(at, `"${key}" ${message}`, hint);
    return false;
  };
  const isPage = key === 'url';
  if (isPage && !checkPlaceholders(path, context)) return false;
  if (!isPage && /[{}]/.test(text))
    return refuse('cannot hold a placeholder', 'Placeholders stand in "path" or "url".');
  const [origin] = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(text) ?? [''];
  if (/[{}]/.test(origin))
    return refuse('has a placeholder in its host', 'A filter can only fill the path, not choose the server.');
  const parsed = parseUrl(text);
  if (parsed === null) return refuse('is not a URL', 'Write a whole URL such as https://api.example.com/v2.');
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    return refuse('must start with http:// or https://', 'Other protocols are not supported.');
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return refuse('must not hold a user name or password', 'Use "auth: { type: basic, … }".');
  }
  if (text.includes('#')) return refuse('must not hold "#"', 'Fragments are never sent; remove it.');
  if (options.isBase === true && text.includes('?'))
    return refuse('must not hold a query', 'Put the parameters under "query".');
  return true;
}

function checkPlaceholders(path: SourcePath, { tree, problems }: BuildContext): boolean {
  const rest = withAuthFilled(tree.text(path)).replace(/\{[^{}]+\}/g, '');
  if (/[{}]/.test(rest)) {
    problems.add(tree.at(path), `"${path.at(-1)}" has an empty or unclosed placeholder`, 'Write {name}.');
    return false;
  }
  if (path.at(-1) === 'path' && rest.includes('#')) {
    problems.add(tree.at(path), '"path" must not hold "#"', 'Fragments are never sent; remove it.');
    return false;
  }
  return true;
}

function parseUrl(text: string): URL | null {
  // White space would be dropped silently, or a line end from a file would end up in the middle of the path.
  if (/[\s\0-\x1f\\]/.test(text)) return null;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return null;
  return URL.canParse(text) ? new URL(text) : null;
}

function findPlaceholders(text: string): string[] {
  return [...new Set([...withAuthFilled(text).matchAll(/\{([^{}]+)\}/g)].map((match) => match[1]!))];
}

/** The text with something sound in the place of each `${auth:NAME}`, whose values are known when a request is made. */
function withAuthFilled(text: string): string {
  return text.replace(/^\$\{auth:\w+\}/, 'https://auth.example').replace(/\$\{auth:\w+\}/g, 'x');
}
