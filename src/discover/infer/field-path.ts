/** Writes the path of a field in a record as DSN files have it. */
export type PathMaker = (path: readonly string[]) => string;

/** What the json driver reads without quotes. */
const NAME = /^[\p{L}\p{N}_-]+$/u;
/** A key that is a field by itself: nobody could take it for a path. */
const BARE = /^[\p{L}_][\p{L}\p{N}_-]*$/u;

/** `id`, `$.customer.name`, `$['odd name']`, `$[0]`; the record itself is `$`. */
export const jsonField: PathMaker = (path) => {
  const [only] = path;
  if (path.length === 1 && BARE.test(only!)) return only!;
  return jsonPath(path);
};

/** The same from the root: `$.data.items`. A step `[*]` or `[0]` stands as it is. */
export const jsonPath: PathMaker = (path) =>
  `$${path.map((step) => (/^\[(?:\*|\d+)\]$/.test(step) ? step : NAME.test(step) ? `.${step}` : quoted(step))).join('')}`;

function quoted(key: string): string {
  return `['${key.replace(/[\\']/g, '\\$&')}']`;
}

/** `Customer/Name`, `@id`; the element's own text is `text()`. */
export const elementField: PathMaker = (path) => (path.length === 0 ? 'text()' : path.join('/'));
