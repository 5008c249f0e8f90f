import { expect, it } from 'vitest';
import { ConfigurationError, loadGateway } from '../../src/config/load.js';
import { findTableProblems } from '../../src/discover/table-problems.js';
import { makeFolder, takeMark } from '../config/harness.js';

/** What is wrong with a DSN, each as `line:column message`; its text without the mark, and the mark's place. */
async function problemsOf(text: string): Promise<{ readonly problems: readonly string[]; readonly place: string }> {
  const marked = takeMark(text);
  const folder = makeFolder({ 'tidegate.yaml': '', 'dsn/shop.yaml': marked.text });
  const error = await loadGateway({
    configFile: `${folder}/tidegate.yaml`,
    env: {},
    checkTable: findTableProblems,
  }).then(
    () => null,
    (reason: unknown) => reason,
  );
  const found = error instanceof ConfigurationError ? error.problems : [];
  return {
    problems: found.map(({ line, column, message }) => `${line}:${column} ${message}`),
    place: marked.place,
  };
}

const table = (keys: string): string => `base_url: https://h.example\ntables: { t: { path: /t, ${keys} } }\n`;

it.each([
  ['a selector', 'records: ‸"$.data[", columns: { a: text }', 'records "$.data[" cannot be read at character 7'],
  [
    'a filter in a selector',
    'records: ‸"$.a[?(@.x == )]", columns: { a: text }',
    'records "$.a[?(@.x == )]" cannot be read at character 14',
  ],
  [
    "a column's field",
    'records: "$.data[*]", columns: { a: text, b: { type: text, field: ‸"$.b[" } }',
    'field of column "b": "$.b[" cannot be read at character 4',
  ],
  [
    'a field that leads to many values',
    'records: "$.data[*]", columns: { b: { type: text, field: ‸"$.b[*]" } }',
    'field of column "b": "$.b[*]" leads to many values',
  ],
  [
    'a field that climbs out of the page, beside one with a query path',
    'records: "$.data[*]", columns: { a: { type: jsonb, field: "$..x" }, b: { type: text, field: ‸"^^.id" } }',
    'column "b": field "^^.id" leads nowhere',
  ],
  [
    'a stop condition within the records',
    'records: "$.data[*]", pagination: { type: page, parameter: p, stop: [empty_page, { total: ‸"$.data[3]" }] }, columns: { a: text }',
    'the field "$.data[3]" lies within the records',
  ],
  [
    "a lookup's records",
    'records: "$.data[*]", columns: { id: bigint }, lookup: { filter: id, path: "/t/{id}", records: ‸"$.x[" }',
    'records "$.x[" cannot be read at character 4',
  ],
  [
    'a name where CSV has no header',
    'driver: csv, header: false, columns: { a: { type: text, field: ‸name } }',
    'column "a": field "name" is a name, but the source has no header',
  ],
  [
    'an XML path',
    'driver: xml, records: /a/b, columns: { a: { type: text, field: ‸"@x/y" } }',
    'field of column "a": "@x/y" is not a path that the xml driver reads',
  ],
])('%s that cannot be read is reported where it stands', async (_, keys, message) => {
  const { problems, place } = await problemsOf(table(keys));
  expect(problems).toEqual([`${place} ${message}`]);
});

it("a paginator's field that cannot be read is reported once in the DSN that all tables share", async () => {
  const { problems, place } = await problemsOf(`base_url: https://h.example
pagination: { type: cursor, parameter: after, field: ‸"$.next[" }
tables:
  a: { path: /a, columns: { id: bigint } }
  b: { path: /b, columns: { id: bigint } }
`);
  expect(problems).toEqual([`${place} field "$.next[" cannot be read at character 7`]);
});

it('what is well declared has no problem, bytes in base64 and query paths among it', async () => {
  const keys = `records: "$.data[*]", columns: { a: { type: bytea, format: base64 }, b: { type: jsonb, field: "$..x" },
    c: { type: bigint, field: "^.id" }, d: { type: date, format: "d. MMMM yyyy", default: 2020-01-02 } }`;
  expect((await problemsOf(`${table(keys)}#‸`)).problems).toEqual([]);
});
