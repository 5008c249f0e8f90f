import type { ColumnModel } from '../../../src/config/model.js';
import type { Random } from '../../core/random.js';
import { column, table } from '../reading.js';
import type { Format, Sample, Verdict } from './format.js';

const json = (format: 'auto' | 'json' | 'ndjson' = 'auto') => ({ type: 'json', format, encoding: null }) as const;

const COLUMNS: readonly ColumnModel[] = [
  column('id', 'bigint'),
  column('name', 'text'),
  column('price', 'numeric'),
  column('paid', 'boolean'),
  column('at', 'timestamptz'),
  column('city', { type: 'text', field: '$.address.city' }),
  column('second', { type: 'text', field: '$.tags[1]' }),
  column('tags', 'json'),
];

const RECORDS = [
  '{"id":1,"name":"plain","price":12.50,"paid":true,"at":"2024-02-29T12:30:00Z","address":{"city":"Ulm","zip":[1,2]},"tags":["a","b"]}',
  '{"tags":[],"address":{"zip":"9","city":"K\\u00f6ln \\ud83d\\ude00"},"at":"2024-01-01 00:00:00.25+02","paid":false,"id":9007199254740993,"name":"q\\"\\\\\\n"}',
  '{"id":-3,"name":null,"price":1e3,"other":{"deep":[[{"x":[1.5e-3,true,null]}]]},"name":"\u00fcn\u00efc\u00f6d\u00e9 \u20ac"}',
];

const text = (records: readonly string[], separator = ','): string => records.join(separator);

function sample(name: string, body: string, records: string | null, rest: Partial<Sample> = {}): Sample {
  return {
    name,
    columns: COLUMNS,
    table: table(json(), COLUMNS, { records, recordsMissing: 'error' }),
    body: Buffer.from(body),
    ...rest,
  };
}

const lines = `${text(RECORDS, '\n')}\r\n`;
/** A line is whole without its line feed. */
const lineEnds = new Set([
  ...[...lines].flatMap((character, index) => {
    const at = Buffer.byteLength(lines.slice(0, index));
    return character === '\n' ? [at, at + 1] : character === '\r' ? [at] : [];
  }),
]);

const SAMPLES: readonly Sample[] = [
  sample('an array', `[${text(RECORDS)}]`, null),
  sample('records within a document', `{"next":"x","data":[${text(RECORDS)}],"total":{"n":3}}`, '$.data[*]'),
  sample(
    'printed with indents',
    JSON.stringify({ data: RECORDS.map((r) => JSON.parse(r) as unknown) }, null, 2),
    '$.data',
  ),
  sample(
    'arrays within arrays',
    `{"a":[{"b":[${RECORDS[0]}]},{"b":[]},{"b":[${text(RECORDS.slice(1))}]}]}`,
    '$.a[*].b[*]',
  ),
  sample('a single object', `{"data":${RECORDS[1]},"z":[]}`, '$.data'),
  sample('lines', lines, null, { isWholeAt: (length) => lineEnds.has(length) }),
  sample('nothing', '{"data":[ ]}', '$.data[*]'),
];

const NUMBERS = ['0', '-1', '12', '3.50', '1e+21', '123456789012', '-0.001', '9007199254740993', '1.5e-7'];
const TEXTS = ['', 'plain', 'tab\tq"b\\/', 'ünïcödé €', '😀', 'x'.repeat(70), '}],{["', 'a":"b'];

function value(random: Random, depth: number): string {
  const kind = random.int(0, depth > 3 ? 4 : 7);
  if (kind === 0) return random.pick(['true', 'false', 'null']);
  if (kind <= 2) return random.pick(NUMBERS);
  if (kind <= 4) return JSON.stringify(random.pick(TEXTS));
  const items = Array.from({ length: random.int(0, 3) }, () => value(random, depth + 1));
  if (kind === 5) return `[${items.join(',')}]`;
  return `{${items.map((item) => `${JSON.stringify(random.pick(['a', 'id', 'city', 'k', '']))}:${item}`).join(',')}}`;
}

function record(random: Random): string {
  const members: [string, string][] = [
    ['id', random.pick(['1', '-20', '9007199254740993', '"7"', 'null'])],
    ['name', random.chance(0.7) ? JSON.stringify(random.pick(TEXTS)) : value(random, 1)],
    ['price', random.chance(0.8) ? random.pick(['1', '0.50', '-12.125', '1e3', '"3.5"']) : 'null'],
    ['paid', random.pick(['true', 'false', 'null', '"yes"', '"f"'])],
    ['at', random.pick(['"2024-02-29T12:30:00Z"', '"1999-12-31 23:59:59.125+05:30"', 'null', '"2024-01-01"'])],
    ['address', `{"zip":${value(random, 2)},"city":${random.pick(['"Ulm"', 'null', value(random, 2)])}}`],
    ['tags', value(random, 1)],
    [random.pick(['other', 'x', 'ключ']), value(random, 0)],
  ];
  const kept = members.filter(() => random.chance(0.85));
  if (random.chance(0.2)) kept.sort(() => random.next() - 0.5);
  if (random.chance(0.1)) kept.push(['name', '"again"']);
  const space = random.chance(0.2) ? random.pick([' ', '\n  ', '\t']) : '';
  return `{${kept.map(([key, text]) => `${space}${JSON.stringify(key)}:${space}${text}${space}`).join(',')}}`;
}

/** The value at a column's field as JSON.parse has it; undefined when it is not there. */
function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  let at = document;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) !== (typeof step === 'number')) return undefined;
    at = Object.hasOwn(at, step) ? (at as Record<string | number, unknown>)[step] : undefined;
  }
  return at;
}

/** JSON.parse says what is well-formed and what the texts are; how the other types print is for other tests. */
function judge({ table, columns, body }: Sample): Verdict {
  // A mark makes it UTF-16, which is another matter.
  if ((body[0] === 0xfe && body[1] === 0xff) || (body[0] === 0xff && body[1] === 0xfe)) return null;
  if (!isUtf8Text(body)) return 'refused';
  let document: unknown;
  try {
    document = JSON.parse(body.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    return looksLikeLines(body) ? null : 'refused';
  }
  if (table.records !== '$.data[*]' || !hasUniqueKeys(body)) return null;
  const records = valueAt(document, ['data']);
  if (records === undefined) return 'refused';
  if (!Array.isArray(records)) return null;
  return records.map((record) =>
    columns.map(({ name }) => {
      const path = { name: ['name'], city: ['address', 'city'], second: ['tags', 1] }[name];
      if (path === undefined) return undefined;
      const found = valueAt(record, path) ?? null;
      return found === null || typeof found === 'string' ? found : undefined;
    }),
  );
}

function isUtf8Text(body: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(body);
    return true;
  } catch {
    return false;
  }
}

const looksLikeLines = (body: Buffer): boolean => /\}[ \t\r]*\n\s*\S/.test(body.toString('utf8'));

/** Of the member that leads to the records: which of two counts is not for JSON.parse to say. */
const hasUniqueKeys = (body: Buffer): boolean => body.toString('utf8').split('data').length === 2;

/** JSON: documents and lines. */
export const jsonFormat: Format = {
  name: 'json',
  samples: SAMPLES,
  generate: (random) => {
    const records = Array.from({ length: random.int(0, 8) }, () => record(random));
    const kind = random.int(0, 3);
    if (kind === 0) return sample('random array', `[${text(records)}]`, null);
    if (kind === 1 && records.length > 0) return sample('random lines', text(records, '\n'), null);
    return sample('random document', `{"a":${value(random, 1)},"data":[${text(records)}],"z":1}`, '$.data[*]');
  },
  dictionary: [
    '"',
    '\\',
    '\\u0000',
    '\\ud800',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    'null',
    'true',
    '1e',
    '-',
    '.',
    '\n',
    '\ufeff',
    '""',
    '{}',
    '"id":',
    '"name":',
    '"data":',
    '[[',
  ],
  judge,
  makeLarge: (bytes) => {
    const records: string[] = [];
    for (let length = 0, i = 0; length < bytes; i++) {
      records.push(RECORDS[i % RECORDS.length]!.replace(/"id":-?\d+/, `"id":${i}`));
      length += records[i]!.length;
    }
    return sample('large', `{"data":[${text(records)}],"next":null}`, '$.data[*]');
  },
};
