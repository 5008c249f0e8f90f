import { parse } from 'csv-parse/sync';
import type { ColumnModel } from '../../../src/config/model.js';
import type { Random } from '../../core/random.js';
import { type CsvOptions, PLAIN_CSV } from '../plain-csv.js';
import { column, table } from '../reading.js';
import type { Format, Sample, Verdict } from './format.js';

const COLUMNS: readonly ColumnModel[] = [
  column('id', 'bigint'),
  column('name', 'text'),
  column('price', 'numeric'),
  column('paid', 'boolean'),
  column('at', 'timestamptz'),
  column('note', 'text'),
  column('tags', 'json'),
];

const HEADER = COLUMNS.map(({ name }) => name);

const RECORDS: readonly (readonly string[])[] = [
  ['1', 'plain', '12.50', 'true', '2024-02-29T12:30:00Z', '', '["a","b"]'],
  ['-20', 'ünïcödé €', '', 'f', '2024-01-01 00:00:00.25+02', 'said "x"\r\nand left; # |', '{"k":[1,null]}'],
  ['9007199254740993', '', '1e3', '', '', "it's,long".repeat(4), ''],
];

interface Dialect {
  readonly options: Partial<CsvOptions>;
  readonly lineBreak: string;
  readonly columns: readonly ColumnModel[];
}

const COMMA: Dialect = { options: {}, lineBreak: '\n', columns: COLUMNS };

function field(text: string, { options }: Dialect): string {
  const { delimiter, quote, escape: mark } = { ...PLAIN_CSV, ...options };
  if (quote === '' || text === '') return text;
  const isPlain = ![delimiter, quote, mark, '\r', '\n', '#'].some((sign) => text.includes(sign));
  if (isPlain) return text;
  return quote + [...text].map((c) => (c === quote || c === mark ? mark + c : c)).join('') + quote;
}

function render(records: readonly (readonly string[])[], dialect: Dialect, hasHeader = true): string {
  const { delimiter } = { ...PLAIN_CSV, ...dialect.options };
  const rows = hasHeader ? [HEADER, ...records] : records;
  const lines = rows.map((row) => row.map((text) => field(text, dialect)).join(delimiter));
  return lines.join(dialect.lineBreak) + dialect.lineBreak;
}

function sample(name: string, body: string | Buffer, dialect: Dialect): Sample {
  const options = { ...PLAIN_CSV, ...dialect.options };
  return {
    name,
    columns: dialect.columns,
    table: table(options, COLUMNS),
    body: typeof body === 'string' ? Buffer.from(body) : body,
    // Nothing says where a CSV ends; a response that was cut off is found out by HTTP.
    hasOpenEnd: true,
  };
}

const dialect = (options: Partial<CsvOptions>, rest: Partial<Dialect> = {}): Dialect => ({
  ...COMMA,
  ...rest,
  options,
});
const reversed = [...COLUMNS].reverse();

const SAMPLES: readonly Sample[] = [
  sample('plain', render(RECORDS, COMMA), COMMA),
  sample('CRLF', render(RECORDS, dialect({}, { lineBreak: '\r\n' })), dialect({}, { lineBreak: '\r\n' })),
  sample('CR', render(RECORDS.slice(0, 1), dialect({}, { lineBreak: '\r' })), COMMA),
  sample('another order of columns', render(RECORDS, COMMA), dialect({}, { columns: reversed })),
  sample('three columns', render(RECORDS, COMMA), dialect({}, { columns: COLUMNS.filter((_, c) => c % 3 === 0) })),
  sample('semicolons', render(RECORDS, dialect({ delimiter: ';' })), dialect({ delimiter: ';' })),
  sample('long delimiters', render(RECORDS, dialect({ delimiter: '||' })), dialect({ delimiter: '||' })),
  sample('another escape', render(RECORDS, dialect({ escape: '\\' })), dialect({ escape: '\\' })),
  sample('apostrophes', render(RECORDS, dialect({ quote: "'", escape: "'" })), dialect({ quote: "'", escape: "'" })),
  sample(
    'skipped lines and comments',
    `"junk\nmore\n# c\n${render(RECORDS, COMMA)}#x,y\n`,
    dialect({ skipLines: 2, comment: '#' }),
  ),
  sample('padded', `${render(RECORDS, COMMA)}5\n6,x,1,t,,,null,more\n`, dialect({ ragged: 'pad' })),
];

const TEXTS = [
  '',
  'plain',
  'a,b',
  'q"q',
  '""',
  'two\nlines',
  'cr\rlf\r\n',
  'ünïcödé €',
  '😀',
  'x'.repeat(70),
  ' sp ',
  '#',
];

/** csv-parse says what the texts are, of bodies in the plain dialect whose rows are all of one width. */
function judge({ table: { driver }, columns, body }: Sample): Verdict {
  if (driver.type !== 'csv' || driver.ragged !== 'error' || driver.comment !== null || driver.skipLines > 0)
    return null;
  // Before anything but a quote, csv-parse drops an escape, and PostgreSQL and this reader keep it.
  if (driver.escape !== driver.quote) return null;
  const text = body.toString('utf8');
  // Mixed line ends, marks and NULs are told by other tests; csv-parse has its own idea of lone CRs and of empty lines.
  if (/[\r\0\ufeff\ufffd]/.test(text) || /^\n|\n\n/.test(text) || driver.delimiter.length > 1) return null;
  let rows: (string | null)[][];
  try {
    rows = parse(text, {
      delimiter: driver.delimiter,
      quote: driver.quote,
      escape: driver.escape,
      record_delimiter: '\n',
      cast: (value, { quoting }) => (value === '' && !quoting ? null : value) as string,
    }) as unknown as (string | null)[][];
  } catch {
    return null;
  }
  const header = rows.shift();
  if (header === undefined || new Set(header).size !== header.length) return null;
  const places = columns.map(({ field: name }) => header.indexOf(name));
  if (places.includes(-1)) return null;
  return rows.map((row) => columns.map(({ type }, c) => (type.scalar === 'text' ? row[places[c]!]! : undefined)));
}

/** CSV in its dialects. */
export const csvFormat: Format = {
  name: 'csv',
  samples: SAMPLES,
  generate: (random: Random) => {
    const records = Array.from({ length: random.int(0, 8) }, () => [
      random.pick(['1', '-20', '007', '9007199254740993', '']),
      random.pick(TEXTS),
      random.pick(['1', '0.50', '-12.125', '1e3', '.5', '5.', '00.1', '']),
      random.pick(['true', 'f', 'yes', '0', '']),
      random.pick(['2024-02-29T12:30:00Z', '1999-12-31 23:59:59.125+05:30', '2024-01-01', '']),
      random.pick(TEXTS),
      random.pick(['null', '{"a":[1,"x\\n"]}', ' [ ] ', '"t"', '']),
    ]);
    const options = random.pick<Partial<CsvOptions>>([
      {},
      {},
      { delimiter: ';' },
      { delimiter: '\t' },
      { escape: '\\' },
    ]);
    const columns = random.pick([COLUMNS, COLUMNS, reversed, COLUMNS.filter((_, c) => c % 2 === 0)]);
    const chosen: Dialect = { options, columns, lineBreak: random.pick(['\n', '\n', '\r\n']) };
    return sample('random', render(records, chosen), chosen);
  },
  dictionary: [
    '"',
    '""',
    ',',
    ';',
    '\t',
    '|',
    '\n',
    '\r',
    '\r\n',
    '\\',
    '#',
    "'",
    '\0',
    '\ufeff',
    ',,',
    '"\n',
    '",',
    ' ',
  ],
  judge,
  makeLarge: (bytes) => {
    const records: string[][] = [];
    for (let length = 0, i = 0; length < bytes; i++) {
      const record = [String(i), ...RECORDS[i % RECORDS.length]!.slice(1)];
      records.push(record);
      length += record.join(',').length;
    }
    return sample('large', render(records, COMMA), COMMA);
  },
};
