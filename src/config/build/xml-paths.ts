import type { BuildContext, TableSettings } from './context.js';

type Path = Parameters<BuildContext['tree']['at']>[0];

/** What XPath has and the xml driver has not, each with what to do instead. */
const BEYOND: readonly (readonly [RegExp, string])[] = [
  [/\[/, 'It has no predicates: leave out the brackets, and filter the rows with WHERE.'],
  [
    /\/\//,
    'It does not search for elements: write the whole path, such as /Envelope/Body/Order; * stands for any element.',
  ],
  [/::|\|/, 'It has no axes or unions: use element names, @attribute, text() and, to climb, ^/.'],
  [/\((?!\)$)|(?<!text)\(\)/, 'It has no functions but text().'],
];

/** Reports what of a path the xml driver does not read, where it stands. */
export function checkXmlPath(text: string, place: Path, { tree, problems }: BuildContext): void {
  const found = BEYOND.find(([pattern]) => pattern.test(text));
  if (found === undefined) return;
  problems.add(tree.at(place), `"${tree.written(place)}" is not a path that the xml driver reads`, found[1]);
}

/** The same for the fields of a table's columns. */
export function checkXmlFields({ table, path }: TableSettings, context: BuildContext): void {
  for (const [name, details] of Object.entries(table.columns ?? {})) {
    if (typeof details !== 'object' || details.field === undefined) continue;
    checkXmlPath(String(details.field), [...path, 'columns', name, 'field'], context);
  }
}
