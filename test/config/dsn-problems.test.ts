// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { describe, expect, test } from 'vitest';
import { problemsOf, takeMark } from './harness.js';

/** Each case has one problem, at its mark `‸`. The DSN's head and a valid source are added where they are not the point. */
const check = async (text: string, message: string | RegExp, hint?: RegExp): Promise<void> => {
  const marked = takeMark(text);
  const problems = await problemsOf({ 'dsn/shop.yaml': marked.text });
  expect(problems.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
    `dsn/shop.yaml:${marked.place}`,
  ]);
  if (typeof message === 'string') expect(problems[0]!.message).toBe(message);
  else expect(problems[0]!.message).toMatch(message);
  if (hint !== undefined) expect(problems[0]!.hint).toMatch(hint);
};

const table = (body: string): string =>
  `base_url: https://h.example/v2\ntables:\n  orders:\n${body.replace(/^/gm, '    ')}\n`;
const withColumns = (body: string): string =>
  table(`path: /orders\ncolumns: { id: bigint, status: text, at: timestamptz }\n${body}`);
const dsnKey = (line: string): string =>
  `${line}\nbase_url: https://h.example\ntables: { t: { path: /t, columns: { id: bigint } } }\n`;

describe('keys and types', () => {
  test.each<[string, string, string | RegExp, RegExp?]>([
    [
      'unknown key with a near one',
      withColumns('‸pagintion: { type: none }'),
      'unknown key "pagintion" in table "orders"; did you mean "pagination"?',
    ],
    [
      'unknown key far from any',
      withColumns('‸zzzzzzzzz: 1'),
      'unknown key "zzzzzzzzz" in table "orders"',
      /Known keys: .*path.*columns/,
    ],
    [
      'unknown key of the DSN',
      dsnKey('‸bas_url: https://h.example'),
      'unknown key "bas_url" in the DSN; did you mean "base_url"?',
    ],
    [
      'unknown key in a column',
      table('path: /x\ncolumns: { id: { type: bigint, ‸feild: $.id } }'),
      'unknown key "feild" in column "id" of table "orders"; did you mean "field"?',
    ],
    [
      'unknown key in auth',
      dsnKey('auth: { type: bearer, token: t, ‸prefx: "" }'),
      'unknown key "prefx" in "auth"; did you mean "prefix"?',
    ],
    [
      'values without what is false',
      table('path: /x\ncolumns: { id: { type: boolean, ‸values: { true: Y } } }'),
      'missing key "false" in "values" of column "id" of table "orders"',
    ],
    [
      'values with another key',
      table('path: /x\ncolumns: { id: { type: boolean, values: { true: Y, false: N, ‸flase: M } } }'),
      'unknown key "flase" in "values" of column "id" of table "orders"; did you mean "false"?',
    ],
    [
      'values of another type',
      table('path: /x\ncolumns:\n  id:\n    type: text\n    ‸values: { true: Y, false: N }'),
      'column "id" is not a boolean, so it has no "values"',
    ],
    [
      'a text for both truth values',
      table('path: /x\ncolumns:\n  id:\n    type: boolean\n    values:\n      true: [Y, 1]\n      false: [N, ‸1]'),
      '"1" means both true and false in column "id"',
    ],
    [
      'no text for a truth value',
      table('path: /x\ncolumns: { id: { type: boolean, values: { true: Y, false: ‸[] } } }'),
      /"false"/,
    ],
    [
      'a map for a truth value',
      table('path: /x\ncolumns: { id: { type: boolean, values: { true: Y, false: ‸{ a: 1 } } } }'),
      /"false" must be/,
    ],
    [
      'no columns and none to be inferred',
      table('path: /x\ninfer: ‸false'),
      'table "orders" has no columns, and "infer" keeps them from being sampled',
      /Declare "columns"/,
    ],
    [
      'a wrong declared column beside inferred ones',
      table('path: /x\ninfer: true\nprimary_key: [id]\ncolumns: { at: { type: text, timezone: ‸UTC } }'),
      'column "at" is not a date or time, so it has no "timezone"',
    ],
    [
      'a lookup by what may be inferred, in the wrong path',
      table('path: /x\ninfer: true\nlookup: { filter: id, path: ‸/x }\ncolumns: { at: text }'),
      'the lookup\'s path has no place for "id"',
    ],
    ['merge keys are plain keys', withColumns('‸<<: { limit: { query: n } }'), 'unknown key "<<" in table "orders"'],
    ['list for text', table('path: ‸[/x]\ncolumns: { id: bigint }'), '"path" must be text, not a list'],
    ['number for text', withColumns('description: ‸5'), '"description" must be text, not a number', /quotes/],
    ['nothing for a map', 'base_url: https://h.example\ntables: ‸\n', /"tables" must be a map, not empty/],
    [
      'text for a number',
      withColumns('pagination: { type: page, parameter: p, size: ‸many }'),
      '"size" must be a number, not text',
    ],
    ['fraction for a whole number', withColumns('pagination: { type: page, parameter: p, size: ‸1.5 }'), /"size"/],
    [
      'text for a boolean',
      withColumns('filters: { id: { query: id, required: ‸"yes" } }'),
      '"required" must be true or false, not text',
    ],
    [
      'zero where it must be positive',
      withColumns('pagination: { type: page, parameter: p, size: ‸0 }'),
      '"size": expected more than 0',
    ],
    ['infinite rate', dsnKey('limits: { requests_per_second: ‸.inf }'), /"requests_per_second"/],
    ['the file is a list', '‸- 1\n', 'the file must be a map, not a list', /a folder of its own/],
    [
      'a type by itself',
      table('path: /x\npagination: ‸none'),
      '"pagination" must be a map, not text',
      /\{ type: none \}/,
    ],
    ['the file is a text', '‸hello\n', 'the file must be a map, not text'],
    [
      'unknown driver',
      withColumns('driver: ‸jsn'),
      'unknown value "jsn" of "driver" of table "orders"; did you mean "json"?',
      /one of json, xml, csv/,
    ],
    [
      'unknown auth type',
      dsnKey('auth: { type: ‸bearr }'),
      'unknown value "bearr" of "type" of "auth"; did you mean "bearer"?',
      /none, basic, bearer, api_key, oauth2/,
    ],
    ['missing auth type', dsnKey('‸auth: { token: t }'), 'missing key "type" in "auth"', /one of none, basic, bearer/],
    [
      'unknown pagination type',
      withColumns('pagination: { type: ‸pages }'),
      'unknown value "pages" of "type" of "pagination" of table "orders"; did you mean "page"?',
      /header_cursor/,
    ],
    [
      'missing key of a tagged union',
      withColumns('‸pagination: { type: cursor, field: $.next }'),
      'missing key "parameter" in "pagination" of table "orders"',
    ],
    [
      'unknown stop',
      withColumns('pagination: { type: page, parameter: p, stop: [‸emty_page] }'),
      /unknown value "emty_page" of "stop".*did you mean "empty_page"\?/,
      /or a map/,
    ],
    [
      'unknown key in stop',
      withColumns('pagination: { type: page, parameter: p, stop: [‸{ hasmore: $.m }] }'),
      '"stop": expected a map with one of has_more, total, total_pages, status, match',
    ],
    [
      'unknown operator',
      withColumns('filters: { id: { operators: [‸"=="], query: id } }'),
      /unknown value "==" of "operators".*did you mean "="\?/,
      /is_not_null/,
    ],
    ['bad duration', dsnKey('timeout: ‸3 days'), '"timeout" is not a duration', /30s/],
    ['duration without a unit', dsnKey('timeout: ‸30'), '"timeout" must be text, not a number'],
    ['cache without a time', dsnKey('‸cache: {}'), 'missing key "ttl" in "cache"'],
    ['cache with a wrong reuse', dsnKey('cache: { ttl: 1m, reuse: ‸some }'), /unknown value "some" of "reuse"/],
    ['zero timeout', dsnKey('timeout: ‸0s'), '"timeout" is not a duration longer than 0'],
    ['duration longer than a timer', dsnKey('timeout: ‸9999h'), '"timeout" is not a duration'],
    ['status out of range', dsnKey('retry: { statuses: [‸42] }'), /"statuses": expected at least 100/],
    [
      'two characters for one',
      withColumns('driver: csv\nquote: ‸";;"'),
      '"quote": expected a single character, or "" for none',
    ],
    [
      'a delimiter of nothing',
      withColumns('driver: csv\ndelimiter: ‸""'),
      '"delimiter": expected one to sixteen characters without a line break',
    ],
  ])('%s', (_, text, message, hint) => check(text, message, hint));

  test.each<[string, string, string | RegExp]>([
    ['order by what is no column', 'order_by: { query: s, columns: [id, ‸nam] }', /order by/],
    ['order by nowhere', '‸order_by: { columns: [id] }', /"order_by" does not say where/],
    ['order by in the path', 'order_by: { ‸path: s, columns: [id] }', '"order_by" cannot be placed in the path'],
    [
      'order by with a wrong template',
      'order_by: { query: s, columns: [id], template: ‸"{x}" }',
      /unknown placeholder/,
    ],
    ['select nowhere', '‸select: {}', /"select" does not say where/],
    ['include nowhere', '‸include: {}', /"include" does not say where/],
    [
      'include with a wrong template',
      'include: { query: i, template: ‸"{field}" }',
      'unknown placeholder in "template"',
    ],
    ['count nowhere', '‸count: {}', '"count" has to say where the number is'],
    ['count in two places', '‸count: { field: $.n, header: X-N }', '"count" has to say where the number is'],
    ['count at an unfilled path', 'count: { field: $.n, path: ‸"/{y}/count" }', /nothing fills a placeholder/],
  ])('%s', (_, line, message) => check(withColumns(line), message));

  test('a column that has to be asked for, of a table that does not say how', () =>
    check(table('path: /x\ncolumns: { a: { type: text, ‸include: author } }'), /does not say how/));
});

describe('names', () => {
  const long = 'x'.repeat(64);
  test.each<[string, string, string | RegExp]>([
    [
      'long table',
      `base_url: https://h.example\ntables: { ‸${long}: { path: /x, columns: { a: text } } }`,
      /the name of table "x{64}" has 64 bytes/,
    ],
    [
      'long column, in bytes',
      `base_url: https://h.example\ntables: { t: { path: /x, columns: { ‸${'ü'.repeat(32)}: text } } }`,
      /has 64 bytes/,
    ],
    ['system column', table('path: /x\ncolumns: { ‸xmin: text }'), '"xmin" cannot be a column\'s name'],
    [
      'view named as a table',
      `${withColumns('method: GET')}views: { ‸orders: { sql: SELECT 1 } }`,
      /view "orders" has the name of a table at line 3/,
    ],
    [
      'duplicate table',
      'base_url: https://h.example\ntables:\n  t: { path: /x, columns: { a: text } }\n  ‸t: { path: /y, columns: { a: text } }\n',
      'duplicate table "t"; it is first at dsn/shop.yaml:3:3',
    ],
    [
      'duplicate column',
      table('path: /x\ncolumns: { a: text, ‸a: text }'),
      /^duplicate column "a"; it is first at .*:5:16$/,
    ],
    ['duplicate key', dsnKey('timeout: 1s\n‸timeout: 2s'), 'duplicate key "timeout"; it is first at dsn/shop.yaml:1:1'],
    [
      'interpolated table name',
      'base_url: https://h.example\ntables: { ‸"${env:T}": { path: /x, columns: { a: text } } }',
      /holds an interpolation/,
    ],
    [
      'the key __proto__',
      table('path: /x\ncolumns: { a: text, ‸__proto__: text }'),
      'the key "__proto__" cannot be used',
    ],
    ['a map as a key', table('path: /x\ncolumns: { a: text, ? ‸{b: c} : text }'), 'a key must be a text'],
  ])('%s', (_, text, message) => check(text, message));

  test.each(['pg_catalog', 'PG_x', 'information_schema', 'tidegate', 'tidegate_scan', 'public'])(
    'the schema name %s is reserved',
    (name) => check(dsnKey(`dsn: ‸${name}`), `"${name}" cannot be a DSN's name`),
  );

  test('two files with one DSN name: the second names the first', async () => {
    const problems = await problemsOf({ 'dsn/a.yaml': dsnKey('dsn: shop'), 'dsn/shop.yml': dsnKey('timeout: 1s') });
    expect(problems).toMatchObject([
      { file: 'dsn/shop.yml', message: 'duplicate DSN "shop"; it is first at dsn/a.yaml:1:6' },
    ]);
  });
});

describe('columns, keys and references', () => {
  test.each<[string, string, string | RegExp, RegExp?]>([
    [
      'unknown type',
      table('path: /x\ncolumns: { id: ‸bigintt }'),
      'unknown type "bigintt" of column "id"; did you mean "bigint"?',
      /Use one of text/,
    ],
    [
      'unknown type with a size',
      table('path: /x\ncolumns: { id: { type: ‸"varchr(20)" } }'),
      'unknown type "varchr(20)" of column "id"; did you mean "varchar"?',
    ],
    [
      'type with an impossible size',
      table('path: /x\ncolumns: { id: ‸numeric(9999) }'),
      /unknown type "numeric\(9999\)"/,
    ],
    [
      'missing type',
      table('path: /x\ncolumns: { ‸id: { field: $.id } }'),
      'missing key "type" in column "id" of table "orders"',
    ],
    [
      'no columns, and a path that cannot be filled for a sample',
      'base_url: https://h.example\ntables:\n  ‸orders: { path: "/x/{id}", filters: { id: { path: id } } }\n',
      'the columns of table "orders" cannot be sampled without a value for "id"',
      /Add "sample: \{ id: 1 \}"/,
    ],
    [
      'a sample of what is no filter',
      'base_url: https://h.example\ntables:\n  orders: { path: /x, sample: { ‸id: 1 } }\n',
      '"sample" has a value for "id", which is no filter',
      /values of the table's filters/,
    ],
    ['a service without an address', '‸type: odata\n', 'an OData service needs "url"', /\$metadata/],
    [
      'a service that is none',
      '‸url: https://h.example\ntables:\n  orders: { path: /x, base_url: "https://h.example" }\n',
      '"url" needs "type: odata"',
      /base_url/,
    ],
    [
      'primary key',
      withColumns('primary_key: [id, ‸stats]'),
      'primary_key names unknown column "stats" of table "orders"; did you mean "status"?',
    ],
    ['primary key twice', withColumns('primary_key: [id, ‸id]'), 'primary_key names the column "id" twice'],
    [
      'filter',
      withColumns('filters: { ‸sttus: { query: s } }'),
      'filter on unknown column "sttus" of table "orders"; did you mean "status"?',
    ],
    [
      'from filter without one',
      table('path: /x\ncolumns: { id: { type: bigint, from: ‸filter } }'),
      'column "id" takes its value from a filter, but has none',
    ],
    [
      'from filter without =',
      table(
        'path: /x\ncolumns: { id: { type: bigint, from: ‸filter } }\nfilters: { id: { query: i, operators: [">"] } }',
      ),
      /without "="/,
    ],
    [
      'references no table',
      table('path: /x\ncolumns: { id: { type: bigint, references: ‸customers } }'),
      /is not a table and a column/,
    ],
    [
      'references an unknown DSN',
      table('path: /x\ncolumns: { id: { type: bigint, references: ‸shp.orders(id) } }'),
      /unknown DSN "shp"; did you mean "shop"\?/,
    ],
    [
      'references an unknown table',
      table('path: /x\ncolumns: { id: { type: bigint, references: ‸order(id) } }'),
      /unknown table "order" of DSN "shop"; did you mean "orders"\?/,
    ],
    [
      'references an unknown column',
      table('path: /x\ncolumns: { id: { type: bigint, references: ‸shop.orders(idd) } }'),
      /unknown column "idd" of table "orders"; did you mean "id"\?/,
    ],
    [
      'references interpolated',
      table('path: /x\ncolumns: { id: { type: bigint, references: ‸"${env:A:-orders(id)}" } }'),
      '"references" cannot hold an interpolation',
    ],
    [
      'primary key interpolated',
      withColumns('primary_key: [‸"${env:A:-id}"]'),
      '"primary_key" cannot hold an interpolation',
    ],
    [
      'format of a number',
      table('path: /x\ncolumns: { id: { type: bigint, format: ‸unix } }'),
      'only a date, a time or bytea has a "format"',
    ],
    [
      'unknown format',
      table('path: /x\ncolumns: { at: { type: date, format: ‸rfc339 } }'),
      'unknown format "rfc339"; did you mean "rfc3339"?',
    ],
    [
      'a pattern with letters that mean nothing',
      table('path: /x\ncolumns: { at: { type: date, format: ‸dd/MM/yyyyy } }'),
      'the format of column "at" cannot be used: "dd/MM/yyyyy" is not a date format: it has "yyyyy"',
      /letters out of yyyy/,
    ],
    [
      'a pattern without what the type needs',
      table('path: /x\ncolumns: { at: { type: time, format: ‸yyyy-MM-dd } }'),
      /it has no hour/,
    ],
    [
      'unknown format of bytes',
      table('path: /x\ncolumns: { b: { type: bytea, format: ‸base46 } }'),
      'unknown format "base46"; did you mean "base64"?',
    ],
    [
      'a default of another type',
      table('path: /x\ncolumns: { id: { type: integer, default: ‸none } }'),
      'the default of column "id" cannot be used: invalid input syntax for type integer: "none"',
      /the column's type/,
    ],
    [
      'a default that is too long',
      table('path: /x\ncolumns: { a: { type: varchar(2), default: ‸abc } }'),
      /value too long for type character varying\(2\)/,
    ],
    [
      'a default from the environment, which may be a secret',
      table('path: /x\ncolumns: { id: { type: integer, default: ‸"${env:NO_SUCH:-canary}" } }'),
      'the default of column "id" cannot be used: it is not of the kind that the column takes',
    ],
    [
      'a letter as decimal mark',
      table('path: /x\ncolumns: { a: { type: numeric, decimal: ‸x } }'),
      /expected one character that is no letter/,
    ],
    [
      'unknown zone',
      table('path: /x\ncolumns: { at: { type: timestamptz, timezone: ‸Berlin/Europe } }'),
      'unknown time zone "Berlin/Europe"',
    ],
    ['decimal of a text', table('path: /x\ncolumns: { a: { type: text, decimal: ‸"," } }'), /is not a number/],
    ['a system of two tables: neither tables nor views', '‸dsn: shop\n', 'DSN "shop" has neither tables nor views'],
  ])('%s', (_, text, message, hint) => check(text, message, hint));
});

describe('requests', () => {
  test.each<[string, string, string | RegExp, RegExp?]>([
    [
      'no source',
      'base_url: https://h.example\ntables:\n  ‸t: { columns: { a: text } }\n',
      'table "t" does not say where its data is',
    ],
    [
      'two sources',
      table('path: /x\n‸url: https://h.example/x\ncolumns: { a: text }'),
      'table "orders" has more than one source: path, url',
    ],
    ['path without base_url', 'tables: { t: { ‸path: /x, columns: { a: text } } }', '"path" needs a "base_url"'],
    ['whole URL as path', table('path: ‸https://h.example/x\ncolumns: { a: text }'), '"path" holds a whole URL'],
    ['relative url', table('url: ‸/x\ncolumns: { a: text }'), '"url" is not a URL'],
    [
      'other protocol',
      table('url: ‸file:///etc/passwd\ncolumns: { a: text }'),
      '"url" must start with http:// or https://',
    ],
    [
      'credentials in a URL',
      table('url: ‸https://u:p@h.example/x\ncolumns: { a: text }'),
      '"url" must not hold a user name or password',
      /basic/,
    ],
    [
      'query in base_url',
      'base_url: ‸https://h.example/?a=b\ntables: { t: { path: /x, columns: { a: text } } }',
      '"base_url" must not hold a query',
    ],
    [
      'placeholder in the host',
      table('url: ‸https://{id}.example/x\ncolumns: { id: text }'),
      '"url" has a placeholder in its host',
    ],
    [
      'unclosed placeholder',
      table('path: ‸/x/{id\ncolumns: { id: text }'),
      '"path" has an empty or unclosed placeholder',
    ],
    ['white space in a path', table('path: ‸/a b\ncolumns: { id: text }'), '"path" makes no valid URL'],
    [
      'placeholder that nothing fills',
      table('path: ‸/x/{id}\ncolumns: { id: text }'),
      'nothing fills the placeholder "{id}" of "path"',
      /path: id/,
    ],
    [
      'filter without its placeholder',
      table('path: /x/{id}\ncolumns: { id: text, b: text }\nfilters: { id: { path: id }, b: { path: ‸ib } }'),
      'the filter on "b" fills the placeholder "{ib}", which "path" does not have; did you mean "id"?',
    ],
    [
      'optional filter in the path',
      table('path: /x/{id}\ncolumns: { id: text }\nfilters: { id: { path: id, required: ‸false } }'),
      'the filter on "id" fills the path, so it cannot be optional',
    ],
    [
      'one placeholder filled twice',
      table('path: /x/{id}\ncolumns: { id: text, b: text }\nfilters: { id: { path: id }, b: { path: ‸id } }'),
      /filled already/,
    ],
    [
      'paginator in a path without room',
      withColumns('pagination: { type: page, parameter: ‸p, place: path }'),
      /the paginator fills the placeholder "\{p\}"/,
    ],
    [
      'filter without a place',
      withColumns('filters: { ‸id: { operators: ["="] } }'),
      'the filter on "id" does not say where its value goes',
    ],
    [
      'filter with two places',
      withColumns('filters: { id: { query: a, ‸header: b } }'),
      'the filter on "id" has more than one place: query, header',
    ],
    ['filter in a body that is not there', withColumns('filters: { id: { body: ‸$.id } }'), /none/],
    [
      'filter in a JSON body without a path',
      withColumns('method: POST\nbody: { json: {} }\nfilters: { id: { body: ‸id } }'),
      '"id" is not a place in a JSON body',
    ],
    ['like on a number', withColumns('filters: { id: { query: a, operators: ["=", ‸like] } }'), /needs a text column/],
    [
      'separator without in',
      withColumns('filters: { id: { query: a, ‸separator: "," } }'),
      '"separator" needs the operator "in"',
    ],
    [
      'batch without separator',
      withColumns('filters: { id: { query: a, operators: [in], ‸batch: 5 } }'),
      '"batch" needs "separator"',
    ],
    [
      'unknown template field',
      withColumns('filters: { id: { query: a, template: ‸"{val}" } }'),
      'unknown placeholder "{val}" in "template"',
    ],
    [
      'limit in the path',
      table(
        'path: /x/{n}\ncolumns: { a: text }\nlimit: { ‸path: n }\npagination: { type: page, parameter: n, place: path }',
      ),
      '"limit" cannot be placed in the path',
    ],
    ['body with GET', withColumns('‸body: { json: {} }'), 'a GET request has no body'],
    ['two bodies', withColumns('method: POST\nbody: { json: {}, ‸text: a }'), /more than one kind: json, text/],
    [
      'number too large to be exact',
      withColumns('method: POST\nbody: { json: { a: ‸12345678901234567890 } }'),
      /too large to be sent exactly/,
    ],
    [
      'offset without size',
      withColumns('‸pagination: { type: offset, parameter: o }'),
      'offset pagination needs "size"',
    ],
    [
      'size_parameter without size',
      withColumns('pagination: { type: page, parameter: o, ‸size_parameter: n }'),
      '"size_parameter" needs "size"',
    ],
    ['paging without an end', withColumns('pagination: { type: page, parameter: o, stop: ‸[] }'), /never end/],
    [
      'bad regular expression',
      withColumns('pagination: { type: page, parameter: o, stop: [{ match: ‸"(" }] }'),
      '"match" is not a regular expression',
    ],
    [
      'field that is no JSONPath',
      withColumns('pagination: { type: next_url, field: ‸next }'),
      '"next" is not a JSONPath from the root',
    ],
    [
      'token in the path',
      withColumns('pagination: { type: cursor, parameter: c, field: $.c, place: ‸path }'),
      'a token in the path needs "start"',
    ],
    ['burst without a rate', dsnKey('limits: { ‸burst: 5 }'), '"burst" needs "requests_per_second"'],
    ['origin with a path', dsnKey('allow_origins: [‸"https://h.example/x"]'), '"https://h.example/x" is not an origin'],
    ['bad header name', dsnKey('headers: { ‸"A B": x }'), '"A B" is not a header name'],
    ['header of the client', dsnKey('headers: { ‸Content-Length: "5" }'), /set by the gateway itself/],
    ['one header twice', dsnKey('headers: { A: x, ‸a: y }'), 'the headers "A" and "a" are the same'],
    ['line end in a header', dsnKey('headers: { A: ‸"x\\r\\nB: y" }'), /cannot be sent/],
    [
      'oauth2 without its secret',
      dsnKey('‸auth: { type: oauth2, grant: client_credentials, token_url: https://a.example, client_id: a }'),
      'missing key "client_secret" in "auth"',
    ],
    [
      'api_key without a place',
      dsnKey('‸auth: { type: api_key, key: k }'),
      'the API key does not say where its value goes',
    ],
    ['user name with a colon', dsnKey('auth: { type: basic, username: ‸"a:b", password: p }'), /RFC 7617/],
    ['json records that are no path', withColumns('records: ‸data'), '"data" is not a JSONPath'],
    [
      'xml records that are no path from the root',
      withColumns('driver: xml\nrecords: ‸//Order'),
      '"//Order" is not a path that the xml driver reads',
      /does not search for elements/,
    ],
    [
      'xml records with a predicate',
      withColumns('driver: xml\nrecords: ‸"/L/R[@a=1]"'),
      /is not a path that the xml driver reads/,
      /WHERE/,
    ],
    [
      'an xml field with an axis',
      table('path: /x\ndriver: xml\nrecords: /L/R\ncolumns: { a: { type: text, field: ‸"parent::x" } }'),
      /is not a path that the xml driver reads/,
    ],
    ['records of CSV', withColumns('driver: csv\n‸records: $.a'), /means nothing to CSV/],
    [
      'option of another driver',
      withColumns('driver: xml\n‸delimiter: ","'),
      /option of the driver csv, and this table's driver is xml/,
    ],
    ['unknown encoding', withColumns('encoding: ‸utf-9'), 'unknown encoding "utf-9"'],
    [
      'same delimiter and quote',
      withColumns("driver: csv\ndelimiter: ';'\nquote: ‸';'"),
      '"delimiter" and "quote" are the same character',
    ],
    [
      'files above the folder',
      table('files: ‸../x/*.json\ncolumns: { a: text }'),
      /leads out of the DSN file's folder/,
    ],
    ['files climbing after a wildcard', table('files: ‸./a*/../../x.json\ncolumns: { a: text }'), /leads out/],
    ['absolute files', table('files: [./a.json, ‸/etc/passwd]\ncolumns: { a: text }'), /leads out/],
    [
      'files with a filter',
      table('files: ./a.json\ncolumns: { a: text }\n‸filters: { a: { query: a } }'),
      '"filters" means nothing to a table that reads files',
    ],
  ])('%s', (_, text, message, hint) => check(text, message, hint));
});

test('everything wrong in all files is found at once, in the order of the files and lines', async () => {
  const problems = await problemsOf({
    'tidegate.yaml': 'listn: x\nlimits: { connections: none }\n',
    'dsn/a.yaml':
      'base_url: https://h.example\ntables:\n  t:\n    path: 5\n    columns: { id: bigin }\n    primary_key: [x]\n    cache: {}\n    select: { query: 5 }\n',
    'dsn/b.yaml': 'tables: {\n',
    'dsn/c.yaml': dsnKey('timeout: never'),
  });
  expect(problems.map(({ file, line }) => `${file}:${line}`)).toEqual([
    'tidegate.yaml:1',
    'tidegate.yaml:2',
    'dsn/a.yaml:4',
    'dsn/a.yaml:5',
    'dsn/a.yaml:6',
    'dsn/a.yaml:7',
    'dsn/a.yaml:8',
    'dsn/b.yaml:2',
    'dsn/c.yaml:1',
  ]);
});

test('a part that is invalid does not make others look wrong', async () => {
  const text = table(
    'path: /x/{page}/{id}\ncolumns: { id: bigin, b: text }\nprimary_key: [id]\npagination: { type: pag, place: path, parameter: page }\nfilters: { id: { path: id } }',
  );
  expect(
    (await problemsOf({ 'dsn/shop.yaml': text })).map(({ message }) => message.split(' ').slice(0, 2).join(' ')),
  ).toEqual(['unknown type', 'unknown value']);
});
