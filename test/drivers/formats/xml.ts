import { SaxesParser } from 'saxes';
import type { ColumnModel } from '../../../src/config/model.js';
import type { Random } from '../../core/random.js';
import { column, table } from '../reading.js';
import type { Format, Sample, Verdict } from './format.js';

const COLUMNS: readonly ColumnModel[] = [
  column('id', { type: 'bigint', field: '@id' }),
  column('name', 'text'),
  column('lang', { type: 'text', field: 'name/@lang' }),
  column('price', 'numeric'),
  column('paid', 'boolean'),
  column('at', 'timestamptz'),
  column('city', { type: 'text', field: 'address/city' }),
  column('tags', { type: 'text[]', field: 'tag' }),
  column('own', { type: 'text', field: 'text()' }),
];

const RECORDS = [
  '<Order id="1"><name lang="de">plain</name><price>12.50</price><paid>true</paid><at>2024-02-29T12:30:00Z</at><address><zip>1</zip><city>Ulm</city></address><tag>a</tag><tag>b</tag></Order>',
  '<Order id=\'-20\' x="&lt;&#10;y">\n  <tag/>\n  <other><a k="v"><b/>t</a><![CDATA[<c>]]></other>\n  <name lang="q&quot;">K&#246;ln &amp; \r\n ü€😀</name>\n</Order>',
  '<o:Order xmlns:o="urn:o" id="3"><!-- c --><name><![CDATA[a<b>&c]]></name><price/><?p i?><at></at>own</o:Order>',
  '<Order><paid>f</paid><name lang="">two<!-- c --> pieces</name><name>second</name><address/></Order >',
];

/** Columns whose records only the tokenizer reads: one climbs into a record that it is not of. */
const SLOW = [...COLUMNS, column('none', { type: 'text', field: '^/Order/none' })];

const document = (records: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!-- head --><List total="2"><Next>x</Next><Orders>${records.join('\n')}</Orders><After/></List>\n`;

function sample(
  name: string,
  body: string,
  columns: readonly ColumnModel[] = COLUMNS,
  records = '/List/Orders/Order',
): Sample {
  const xml = { type: 'xml', namespaces: new Map([['s', 'urn:s']]), encoding: null } as const;
  const rootEnd = body.lastIndexOf('>') + 1;
  return {
    name,
    columns,
    table: table(xml, columns, { records, recordsMissing: 'error' }),
    body: Buffer.from(body),
    // White space and comments behind the root element may be missing.
    isWholeAt: (length) => length >= Buffer.byteLength(body.slice(0, rootEnd)),
  };
}

const SAMPLES: readonly Sample[] = [
  sample('a document', document(RECORDS)),
  sample('read by the tokenizer alone', document(RECORDS), SLOW),
  sample(
    'a SOAP envelope',
    `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>${RECORDS.join('')}</s:Body></s:Envelope>`,
    COLUMNS,
    '/Envelope/Body/Order',
  ),
  sample(
    'namespaces',
    '<s:List xmlns:s="urn:s"><s:Order><s:name>1</s:name><name>2</name></s:Order><s:Order xmlns:s="urn:t"><s:name>3</s:name></s:Order><Order xmlns="urn:s"><name>4</name></Order></s:List>',
    [column('name', { type: 'text', field: 's:name' }), column('any', { type: 'text', field: 'name' })],
    '/s:List/s:Order',
  ),
  sample('any element', `<List>${RECORDS.join('')}<Other><name>n</name></Other></List>`, COLUMNS, '/List/*'),
  sample('the root', RECORDS[0]!, COLUMNS, '/Order'),
  sample('nothing', '<List><Orders/></List>'),
];

const TEXTS = [
  '',
  'plain',
  'a &lt; b',
  ' sp ',
  'ü€😀',
  '&amp;amp;',
  'x'.repeat(70),
  "it's",
  '&#x41;&#65;',
  '<![CDATA[<x>&]]>',
  ']]',
  'a\r\nb',
];
const PIECES = ['<!-- c -->', '<?p q?>', '<b>bold</b>', '<![CDATA[]]>'];

function element(random: Random, name: string, text: string): string {
  const prefix = random.chance(0.1) ? 'p:' : '';
  const attributes = random.pick([
    '',
    '',
    '',
    ' lang="en"',
    ' lang=\'&lt;\' k = "v"',
    ' p:nil="true"',
    ' xsi:nil="true"',
    ' lang=""\n',
  ]);
  if (text === '' && random.chance(0.5)) return `<${prefix}${name}${attributes}/>`;
  const content = random.chance(0.08) ? text + random.pick(PIECES) + random.pick(TEXTS) : text;
  return `<${prefix}${name}${attributes}>${content}</${prefix}${name}${random.pick(['', '', ' '])}>`;
}

function record(random: Random): string {
  const fields = [
    element(random, 'name', random.pick(TEXTS)),
    element(random, 'price', random.pick(['1', '0.50', '1e3', ' 3 ', ''])),
    element(random, 'paid', random.pick(['true', 'f', 'yes', ''])),
    element(random, 'at', random.pick(['2024-02-29T12:30:00Z', '2024-01-01', ''])),
    `<address><zip>${random.pick(TEXTS)}</zip>${element(random, 'city', random.pick(TEXTS))}</address>`,
    ...Array.from({ length: random.int(0, 3) }, () => element(random, 'tag', random.pick(TEXTS))),
    element(random, random.pick(['other', 'x', 'ключ', 'Order']), random.pick(TEXTS)),
  ].filter(() => random.chance(0.85));
  if (random.chance(0.2)) fields.sort(() => random.next() - 0.5);
  const space = random.chance(0.3) ? random.pick(['\n  ', '\t', '\r\n']) : '';
  return `<Order id="${random.pick(['1', '-20', '9007199254740993'])}">${fields.join(space)}${space}</Order>`;
}

/** saxes says what is well-formed; of plain bodies also how many records there are. */
function judge({ table: { records }, columns, body }: Sample): Verdict {
  const text = body.toString('utf8');
  // What saxes takes and this reader refuses on purpose, or knows by bytes alone.
  if (text.includes('<!DOCTYPE') || text.includes('\ufffd')) return null;
  let depth = 0;
  let count = 0;
  const parser = new SaxesParser();
  let isBad = false;
  const path: string[] = [];
  parser.on('error', () => {
    isBad = true;
  });
  parser.on('opentag', ({ name }) => {
    path.push(name.slice(name.indexOf(':') + 1));
    depth++;
    if (`/${path.join('/')}` === records) count++;
  });
  parser.on('closetag', () => {
    path.pop();
    depth--;
  });
  try {
    parser.write(text).close();
  } catch {
    return 'refused';
  }
  if (isBad) return 'refused';
  if (depth !== 0 || records !== '/List/Orders/Order' || count === 0) return null;
  return Array.from({ length: count }, () => columns.map(() => undefined));
}

/** XML documents. */
export const xmlFormat: Format = {
  name: 'xml',
  samples: SAMPLES,
  generate: (random) => {
    const records = Array.from({ length: random.int(0, 8) }, () => record(random));
    const body = document(records).replace(
      '<List',
      '<List xmlns:p="urn:p" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
    );
    return sample('random', body, random.pick([COLUMNS, COLUMNS, SLOW, COLUMNS.filter((_, c) => c % 3 === 1)]));
  },
  dictionary: [
    '<',
    '>',
    '</',
    '/>',
    '&',
    ';',
    '&amp;',
    '&#0;',
    '&#x10FFFF;',
    '&x;',
    '"',
    "'",
    '=',
    ' ',
    '\n',
    '\r',
    '<!--',
    '-->',
    '--',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    '<?xml version="1.0"?>',
    '<name>',
    '</name>',
    '<Order>',
    '</Order>',
    '<tag/>',
    ' id="1"',
    ' xmlns="urn:s"',
    ' xmlns:s="u"',
    ' p:nil="1"',
    '\0',
    '\u0001',
    '\ufffe',
    '<1/>',
    ':',
  ],
  judge,
  makeLarge: (bytes) => {
    const records: string[] = [];
    for (let length = 0, i = 0; length < bytes; i++) {
      records.push(RECORDS[i % RECORDS.length]!.replace(/id="-?\d+"/, `id="${i}"`));
      length += records[i]!.length;
    }
    return sample('large', document(records));
  },
};
