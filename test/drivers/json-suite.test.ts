import { describe, expect, test } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import { column, failure, page, type Row, readPage, table } from './reading.js';

/**
 * The cases that JSONTestSuite (Nicolas Seriot, "Parsing JSON is a minefield") sorts into what a parser must accept, must refuse
 * and may decide, written anew: by RFC 8259's grammar, rule for rule. Each goes through both readers of JSON.
 */
const JSON_DRIVER = { type: 'json', format: 'json', encoding: null } as const;
const COLUMNS = [column('v', { type: 'json', field: '$' })];

async function read(body: string | Buffer, records: string | null): Promise<Row[]> {
  const model = table(JSON_DRIVER, COLUMNS, { records });
  const reader = createReader({ table: model, columns: COLUMNS, captures: [] });
  return (await readPage(reader, page(body, { chunk: 5 }))).rows;
}

/** The root streams; the other path, which finds all that is directly in it, holds the page as a whole. */
const READERS: readonly (string | null)[] = [null, '$.*'];

const bytes = (...values: number[]): Buffer => Buffer.from(values);
const within = (...middle: number[]): Buffer =>
  Buffer.concat([Buffer.from('["'), Buffer.from(middle), Buffer.from('"]')]);

const ACCEPTED: readonly string[] = [
  '[]',
  '[ ]',
  ' [1]',
  '[1]\n',
  '{}',
  '{"":0}',
  '{"a":[]}',
  '{"a":"b","a":"c"}',
  '{"a":"b","a":"b"}',
  '{"a":1,"b":{"c":[null]}}',
  '[[]   ]',
  '[""]',
  '["a"]',
  '["a",1,null,true,false,{}]',
  '[null,null]',
  '[1,2]',
  '[false]',
  '[true]',
  '[null]',
  '[0]',
  '[-0]',
  '[-1]',
  '[-123]',
  '[123]',
  '[0e+1]',
  '[0e1]',
  '[1e1]',
  '[1E22]',
  '[1E-2]',
  '[1E+2]',
  '[123e45]',
  '[123.456e78]',
  '[123.456789]',
  '[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]',
  '[1.5]',
  '[20e1]',
  '[123123e100000]',
  '[-1e+9999]',
  '["\\u0060\\u012a\\u12AB"]',
  '["\\ud801\\udc37"]',
  '["\\"\\\\\\/\\b\\f\\n\\r\\t"]',
  '["\\\\u0000"]',
  '["\\\\n"]',
  '["\\""]',
  '["\\u00A0"]',
  '["\\u0012"]',
  '["\\uFFFF"]',
  '["\\u2028\\u2029"]',
  '["\u2028\u2029"]',
  '["\u007f"]',
  '["\u20ac\ud834\udd1e"]',
  '["a/*b*/c"]',
  '["new\\u00A0line"]',
  '["\u0000"]'.replace('\u0000', 'x'),
  '["\uffff"]',
  '["\\u200B"]',
  '{"title":"\\u041f"}',
  '{"\u00e9":1}',
  '{"a\\u0062":1}',
  '[1,\n2\r\n,\t3]',
  `["${'x'.repeat(5_000)}"]`,
  `[${'[1],'.repeat(500)}0]`,
  `${'['.repeat(500)}${']'.repeat(500)}`,
];

const REFUSED: readonly (string | Buffer)[] = [
  '',
  ' ',
  '[',
  ']',
  '{',
  '}',
  '[1',
  '[1,',
  '[,1]',
  '[1,,2]',
  '[1,]',
  '[1 true]',
  '[1:2]',
  '["a":1]',
  '["",]',
  '["a"',
  '["x"]]',
  '[3[4]]',
  '[a]',
  '[*]',
  '[""',
  '[,',
  '[\n1\n,1',
  '[1}',
  '{]',
  '{"a":1]',
  '[1]x',
  '[1]]',
  '{"a":1}}',
  '{"a":1}#',
  '{"a":1}/**/',
  '{"a":1}//',
  '[1]1',
  '["a"]"b"',
  '{}}',
  '[][]',
  '{}{}',
  '"a"1',
  'nulltrue',
  '{,}',
  '{"a"}',
  '{"a",1}',
  '{"a":}',
  '{"a":1,}',
  '{"a":1,,"b":2}',
  '{:1}',
  '{1:1}',
  '{a:1}',
  "{'a':1}",
  '{"a"1}',
  '{"a"::1}',
  '{null:1}',
  '{"a":1 "b":2}',
  '{"a":"b"',
  '{"a":',
  '{"a',
  '{"',
  '{true:1}',
  '{[:1}',
  '{"a":/*x*/1}',
  '[tru]',
  '[True]',
  '[nul]',
  '[NULL]',
  '[fals]',
  '[truth]',
  '[nan]',
  '[NaN]',
  '[Infinity]',
  '[-Infinity]',
  '[Inf]',
  '[undefined]',
  '[trueish]',
  '[-]',
  '[--1]',
  '[+1]',
  '[++1]',
  '[-a]',
  '[01]',
  '[-01]',
  '[-012]',
  '[012]',
  '[.5]',
  '[-.5]',
  '[1.]',
  '[-2.]',
  '[0.e1]',
  '[2.e3]',
  '[1.e]',
  '[1e]',
  '[1e+]',
  '[1E-]',
  '[0e]',
  '[0e+]',
  '[1e1.5]',
  '[1eE2]',
  '[1.2.3]',
  '[1 000]',
  '[1_000]',
  '[0x1]',
  '[0b1]',
  '[1a]',
  '[1+2]',
  '[1-]',
  '[\uff11]',
  '[0.3e+]',
  '[9.e+]',
  '[-foo]',
  '[.-1]',
  '[-1x]',
  "['a']",
  '["a]',
  '[a"]',
  '["\\a"]',
  '["\\x41"]',
  '["\\u00"]',
  '["\\u12g4"]',
  '["\\u"]',
  '["\\',
  '["\\"]',
  '["\\\\\\"]',
  '["\\ud800\\u"]',
  '["\\ud800\\x"]',
  '["\\U0041"]',
  '["\\\u00e9"]',
  '["\\0"]',
  '["\\v"]',
  '["\n"]',
  '["\t"]',
  '["\u0000"]',
  '["a\u001fb"]',
  '["\r"]',
  '[\u000b1]',
  '[\f]',
  '[\u00a01]',
  '[\u20601]',
  '\u2060[]',
  '<a>',
  '<null>',
  'abc',
  '#',
  '/**/[1]',
  '[1]\u0000',
  '[\u0000]',
  '(1)',
  '`a`',
  '@',
  within(0xff),
  within(0x80),
  within(0xc3),
  within(0xe2, 0x82),
  within(0xc0, 0xaf),
  within(0xed, 0xa0, 0x80),
  within(0xf4, 0x90, 0x80, 0x80),
  within(0xf8, 0x88, 0x80, 0x80, 0x80),
  within(0xe9),
  within(0xfc, 0x83, 0xbf, 0xbf, 0xbf, 0xbf),
  bytes(0x5b, 0xff, 0x5d),
  bytes(0xe5),
  bytes(0x7b, 0x22, 0xb9, 0x22, 0x3a, 0x30, 0x7d),
  bytes(0x5b, 0x31, 0xe5, 0x5d),
  bytes(0xef, 0xbb),
  bytes(0x00, 0x5b, 0x00, 0x5d),
];

/** What RFC 8259 leaves open, and where this reader differs from the suite's expectation or from JSON.parse. */
const DECIDED: readonly [body: string | Buffer, outcome: RegExp | 'accepted', why: string][] = [
  [
    Buffer.from('\ufeff[1]'),
    'accepted',
    'section 8.1 lets a parser ignore a byte-order mark; APIs on Windows send one',
  ],
  [Buffer.from('\ufeff[1]', 'utf16le'), 'accepted', 'a mark says UTF-16, and such files exist'],
  [Buffer.from('[1]', 'utf16le'), /HV000/, 'without a mark nothing says UTF-16'],
  [Buffer.from('\ufeff'), /HV000/, 'nothing behind the mark'],
  ['[123123e100000]', 'accepted', 'a json column keeps a number as written, however large'],
  [`[${'9'.repeat(400)}]`, 'accepted', 'the same'],
  ['[["\\ud800"]]', 'accepted', 'half a pair is well-formed by the grammar, and json keeps the escape'],
  ['["\\ud800"]', 'accepted', 'the same; a text column refuses it'],
  ['["\\u0000"]', 'accepted', 'PostgreSQL json takes it too; a text column refuses it'],
  [`${'['.repeat(513)}${']'.repeat(513)}`, /54000/, 'JSON.parse takes it; nesting is bounded here'],
  [`${'['.repeat(100_000)}`, /54000|HV000/, 'the same, and it never overflows a stack'],
];

describe.each(READERS)('read by records %s', (records) => {
  test.each(ACCEPTED)('accepted: %s', async (body) => {
    JSON.parse(body);
    // Scalars and an empty document are no records, but no syntax errors either.
    await read(body, records === null ? '$' : records);
  });

  test.each(REFUSED)('refused: %s', async (body) => {
    expect(() => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(body as string)))).toThrow();
    expect((await failure(read(body, records === null ? '$' : records))).sqlstate).toMatch(/^(?:HV000|22021)$/);
  });

  test.each(DECIDED)('%s: %s, because %s', async (body, outcome) => {
    if (outcome === 'accepted') await read(body, records);
    else expect((await failure(read(body, records))).sqlstate).toMatch(outcome);
  });
});

test('what JSON text can hold and PostgreSQL text cannot is refused in a text column', async () => {
  const columns = [column('v', { type: 'text', field: 'v' })];
  const model = table(JSON_DRIVER, columns);
  const one = (value: string): Promise<unknown> =>
    readPage(createReader({ table: model, columns, captures: [] }), page(`[{"v":${value}}]`));
  for (const value of ['"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"']) {
    expect((await failure(one(value))).sqlstate, value).toBe('22021');
  }
});

test('two documents are only lines when a line break stands between them', async () => {
  const columns = [column('a', 'integer')];
  const lines = (body: string): Promise<unknown> =>
    readPage(
      createReader({ table: table({ ...JSON_DRIVER, format: 'auto' }, columns), columns, captures: [] }),
      page(body),
    );
  await lines('{"a":1}\n{"a":2}');
  expect((await failure(lines('{"a":1} {"a":2}'))).message).toMatch(/line break/);
});
