import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { XmlReader } from '../../drivers/xml/reader.js';
import type { ColumnModel } from '../../src/config/model.js';
import { column, failure, page, type ReadResult, type Row, readPage, seeded, table } from './reading.js';

const text = (name: string, field = name): ColumnModel => column(name, { type: 'text', field });

interface Setting {
  readonly records?: string | null;
  readonly columns?: readonly ColumnModel[];
  readonly captures?: readonly string[];
  readonly namespaces?: Record<string, string>;
  readonly recordsMissing?: 'error' | 'empty';
  readonly encoding?: string;
  readonly chunk?: number;
  readonly contentType?: string;
}

async function read(body: string | Uint8Array, setting: Setting = {}): Promise<ReadResult> {
  const { records = '/L/R', columns = [text('a')], captures = [], namespaces = {}, recordsMissing = 'error' } = setting;
  const driver = {
    type: 'xml',
    namespaces: new Map(Object.entries(namespaces)),
    encoding: setting.encoding ?? null,
  } as const;
  const reader = new XmlReader({ table: table(driver, columns, { records, recordsMissing }), columns, captures });
  const { chunk = 1 << 20, contentType = null } = setting;
  return readPage(reader, page(body, { chunk, contentType }));
}

const rows = async (body: string | Uint8Array, setting: Setting = {}): Promise<Row[]> =>
  (await read(body, setting)).rows;

const CHUNKS = [1 << 20, 1, 2, 3, 7];

describe('xml', () => {
  const xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
  const cases: [string, string, Setting, Row[]][] = [
    [
      'elements, attributes, text',
      '<L><R id="1">t<a>x</a>u</R><R id=\'2\'/></L>',
      { columns: [text('a'), text('i', '@id'), text('t', 'text()'), text('w', '.')] },
      [
        ['x', '1', 'tu', 'txu'],
        [null, '2', '', ''],
      ],
    ],
    [
      'deeper fields',
      '<L><R><c><n k="v">x</n></c></R></L>',
      { columns: [text('n', 'c/n'), text('k', 'c/n/@k'), text('t', 'c/n/text()'), text('c')] },
      [['x', 'v', 'x', 'x']],
    ],
    [
      'only elements of the path',
      '<L><X><R><a>0</a></R></X><R><b><a>1</a></b></R><R><a>2</a></R></L>',
      {},
      [[null], ['2']],
    ],
    [
      'empty elements',
      '<L><R><a/></R><R><a></a></R><R/></L>',
      { columns: [text('t', 'a'), column('i', { type: 'integer', field: 'a' })] },
      [
        ['', null],
        ['', null],
        [null, null],
      ],
    ],
    [
      'xsi:nil',
      `<L ${xsi}><R><a xsi:nil="true"/></R><R xmlns:z="http://www.w3.org/2001/XMLSchema-instance"><a z:nil="1"></a></R><R><a xsi:nil="false"/></R><R><a nil="true"/></R></L>`,
      {},
      [[null], [null], [''], ['']],
    ],
    ['white space is kept', '<L>\n <R>\n  <a> x\ty \n</a>\n </R>\n</L>\n', {}, [[' x\ty \n']]],
    [
      'line ends are line feeds',
      '<L><R><a b="1\r\n2\t3">x\r\ny\rz</a></R></L>',
      { columns: [text('a'), text('b', 'a/@b')] },
      [['x\ny\nz', '1 2 3']],
    ],
    [
      'CDATA, comments, instructions',
      '<?xml version="1.0"?><!-- c --><L><R><a>1<![CDATA[<b>&amp;]]]]><!-- > --><?p ?> ?>2</a></R></L><!-- e -->',
      {},
      [['1<b>&amp;]] ?>2']],
    ],
    [
      'references',
      '<L><R><a q="&quot;&#10;&apos;">&lt;&gt;&amp;&#65;&#x1F600;&#x000041;</a></R></L>',
      { columns: [text('a'), text('q', 'a/@q')] },
      [['<>&A😀A', '"\n\'']],
    ],
    [
      'prefixes are ignored',
      '<s:L xmlns:s="u"><t:R xmlns:t="v"><a>1</a></t:R><R><s:a>2</s:a></R></s:L>',
      {},
      [['1'], ['2']],
    ],
    [
      'unless mapped',
      '<L xmlns:p="u1" xmlns="u2"><p:R><p:a>1</p:a><a>2</a></p:R><R xmlns="u1"><a>3</a></R><R><a>4</a></R></L>',
      {
        records: '/L/x:R',
        namespaces: { x: 'u1', y: 'u2' },
        columns: [text('a', 'x:a'), text('b', 'y:a'), text('c', 'a')],
      },
      [
        ['1', '2', '1'],
        ['3', null, '3'],
      ],
    ],
    ['the first of several', '<L><R><a>1</a><a>2</a></R></L>', {}, [['1']]],
    [
      'all of them in an array',
      '<L><R><a>1</a><a/><a>2</a></R><R><a>3</a></R><R/></L>',
      { columns: [column('a', 'integer[]'), column('t', { type: 'text[]', field: 'a' })] },
      [
        ['{1,NULL,2}', '{1,"",2}'],
        ['{3}', '{3}'],
        [null, null],
      ],
    ],
    [
      'the first of them beside an array',
      '<L><R><a>1</a><a>2</a></R><R/><R><b k="3"/></R></L>',
      {
        columns: [
          column('all', { type: 'integer[]', field: 'a' }),
          column('first', { type: 'integer', field: 'a' }),
          column('k', { type: 'text', field: 'b/@k' }),
        ],
      },
      [
        ['{1,2}', '1', null],
        [null, null, null],
        [null, null, '3'],
      ],
    ],
    [
      'attributes of elements that repeat, and an array as the text of the one attribute',
      '<L k="{1,2}"><R k="{3}"><b k="1"/><b k="2"><c j="x"/><c j="y"/></b></R><R><b/></R></L>',
      {
        columns: [
          column('ks', { type: 'integer[]', field: 'b/@k' }),
          column('first', { type: 'integer', field: 'b/@k' }),
          column('js', { type: 'text[]', field: 'b/c/@j' }),
          column('own', { type: 'integer[]', field: '@k' }),
          column('outer', { type: 'integer[]', field: '^/@k' }),
        ],
      },
      [
        ['{1,2}', '1', '{x,y}', '{3}', '{1,2}'],
        [null, null, null, null, '{1,2}'],
      ],
    ],
    [
      'JSON documents in an array of them, as in a column of one',
      '<L><R><a>{"k": [1, "x\\\\y"]}</a><a>null</a><a/><a>NA</a></R></L>',
      {
        columns: [
          column('a', { type: 'json[]', nullValues: ['NA'] }),
          column('b', { type: 'jsonb[]', field: 'a', nullValues: ['NA'] }),
          column('c', { type: 'jsonb', field: 'a' }),
        ],
      },
      [
        [
          String.raw`{"{\"k\": [1, \"x\\\\y\"]}","null",NULL,NULL}`,
          String.raw`{"{\"k\": [1, \"x\\\\y\"]}","null",NULL,NULL}`,
          String.raw`{"k": [1, "x\\y"]}`,
        ],
      ],
    ],
    [
      'climbing',
      '<P v="9"><L id="5"><n>N</n><R><a>1</a></R><R><a>2</a></R></L><L><R/></L></P>',
      { records: '/P/L/R', columns: [text('a'), text('i', '^/@id'), text('n', '^/n'), text('v', '^^/@v')] },
      [
        ['1', '5', 'N', '9'],
        ['2', '5', 'N', '9'],
        [null, null, null, '9'],
      ],
    ],
    ['the document itself', '<R><a>1</a></R>', { records: null }, [['1']]],
    ['any element', '<L><X><a>1</a></X><Y><a>2</a></Y></L>', { records: '/L/*' }, [['1'], ['2']]],
    ['no records in their list', '<L></L>', {}, []],
    ['names beyond ASCII', '<L><R><přík.lad-1>x</přík.lad-1></R></L>', { columns: [text('a', 'přík.lad-1')] }, [['x']]],
    [
      'a default where it is missing',
      '<L><R/><R><a/></R></L>',
      { columns: [column('a', { type: 'integer', defaultValue: '3' })] },
      [['3'], [null]],
    ],
    ['no columns', '<L><R/><R/></L>', { columns: [] }, [[], []]],
  ];
  test.each(cases)('%s', async (_name, body, setting, expected) => {
    for (const chunk of CHUNKS) expect(await rows(body, { ...setting, chunk }), `chunk ${chunk}`).toEqual(expected);
  });

  const malformed = [
    '<L><R></L>',
    '<L><R></r></L>',
    '<L></L><L/>',
    '<L/>x',
    'x<L/>',
    '<L><R a=1/></L>',
    '<L><R a="1" a="2"/></L>',
    '<L><R a="<"/></L>',
    '<L><R>&nbsp;</R></L>',
    '<L><R>a & b</R></L>',
    '<L><R>&#0;</R></L>',
    '<L><R>&#xD800;</R></L>',
    '<L><R>&#x110000;</R></L>',
    '<L>]]></L>',
    '<L><!-- a -- b --></L>',
    '<L><1/></L>',
    '<L><R b="1"c="2"/></L>',
    '</L>',
    '<L><R/ ></L>',
    ' <?xml version="1.0"?><L/>',
    '<L><?xml version="1.0"?></L>',
    '<L>\u0001</L>',
    '<L><R a="\u0000"/></L>',
    '<L><!ELEMENT x></L>',
    '<![CDATA[x]]><L/>',
    '<L>&#99999999999;</L>',
    '<L b></L>',
    '<L><R>\ufffe</R></L>',
    '<?xml encoding="utf-8"?><L/>',
    '<L><></></L>',
    '<L a="&x;"/>',
  ];
  test.each(malformed)('refuses %j', async (body) => {
    for (const chunk of CHUNKS) {
      const error = await failure(rows(body, { chunk, recordsMissing: 'empty' }));
      expect(error).toMatchObject({ sqlstate: 'HV000', detail: expect.stringContaining('page 3 (orders.dat)') });
      expect(error.message).toMatch(/not well-formed XML|not XML/);
    }
  });

  test('every cut is an error', async () => {
    const body = Buffer.from(
      '<?xml version="1.0"?>\n<!-- é --><L a="b"><R id="1"><a>é&amp;<![CDATA[x]]></a></R><R/><?p q?></L>',
    );
    for (let cut = 0; cut < body.length; cut++) {
      for (const chunk of [1 << 20, 2]) {
        await expect(rows(body.subarray(0, cut), { chunk }), String(cut)).rejects.toThrow(
          /cut off|is empty|invalid byte/,
        );
      }
    }
  });

  test('DOCTYPE and what it could do is refused at once', async () => {
    const bombs = [
      '<!DOCTYPE L [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><L><R><a>&b;</a></R></L>',
      '<!DOCTYPE L SYSTEM "file:///etc/passwd"><L/>',
      '<?xml version="1.0"?><!doctype L [<!ENTITY % p SYSTEM "http://127.0.0.1/">%p;]><L/>',
    ];
    for (const body of bombs)
      expect((await failure(rows(body))).message).toBe('the page has a DOCTYPE, which is not read');
    expect((await failure(rows('<!DOCTYPE html><html><body>Log in'))).message).toBe(
      'the page is not XML: it begins with "<!DOCTYPE html><html><body>Log in"',
    );
    expect((await failure(rows('{"error":"no"}'))).message).toBe(
      'the page is not XML: it begins with "{"error":"no"}"',
    );
  });

  test('depth and size are bounded', async () => {
    expect((await failure(rows(`<L>${'<x>'.repeat(600)}`))).sqlstate).toBe('54000');
    const endless = (async function* () {
      yield Buffer.from('<L><R><a>');
      for (;;) yield Buffer.alloc(1 << 20, 0x78);
    })();
    const reader = new XmlReader({
      table: table({ type: 'xml', namespaces: new Map(), encoding: null }, [text('a')], { records: '/L/R' }),
      columns: [text('a')],
      captures: [],
    });
    expect((await failure(readPage(reader, { ...page(''), body: endless }))).sqlstate).toBe('54000');
  });

  test('SOAP faults are errors, of both versions', async () => {
    const soap = (fault: string): string =>
      `<s:Envelope xmlns:s="http://x/"><s:Header/><s:Body><s:Fault>${fault}</s:Fault></s:Body></s:Envelope>`;
    const setting = { records: '/Envelope/Body/List/Item' };
    expect(
      await failure(rows(soap('<faultcode>s:Client</faultcode><faultstring>No\u00a0such\nday</faultstring>'), setting)),
    ).toMatchObject({
      sqlstate: 'HV000',
      message: 'the API answered with a SOAP fault: No\u00a0such day',
      detail: 'page 3 (orders.dat), fault code s:Client',
    });
    expect(
      (
        await failure(
          rows(
            soap('<s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">Bad</s:Text></s:Reason>'),
            setting,
          ),
        )
      ).message,
    ).toBe('the API answered with a SOAP fault: Bad');
    expect(
      await rows(soap('<faultstring>x</faultstring>'), {
        records: '/Envelope/Body/Fault',
        columns: [text('m', 'faultstring')],
      }),
    ).toEqual([['x']]);
  });

  test('records that are not there', async () => {
    for (const body of ['<X/>', '<X><R/></X>']) {
      expect((await failure(rows(body))).message).toBe('the page has no records at "/L/R"');
      expect(await rows(body, { recordsMissing: 'empty' })).toEqual([]);
    }
    expect(await failure((async () => rows('<L/>', { records: 'L/R' }))())).toMatchObject({
      sqlstate: 'F0000',
      hint: expect.stringContaining('/Envelope'),
    });
    expect(await failure((async () => rows('<L/>', { records: '//R' }))())).toMatchObject({ sqlstate: 'F0000' });
    expect(await failure((async () => rows('<L/>', { columns: [text('x', '^^^/@a')] }))())).toMatchObject({
      sqlstate: 'F0000',
    });
  });

  test('captures stand before or behind the records', async () => {
    const captures = ['/L/Next', '/L/@total', 'L/None', '/L/Empty'];
    for (const body of [
      '<L total="5"><Next>a&amp;b</Next><R/><Empty/></L>',
      '<L total="5"><R/><Empty/><Next>a&amp;b</Next></L>',
    ]) {
      expect((await read(body, { captures })).captured).toEqual({ '/L/Next': 'a&b', '/L/@total': '5', '/L/Empty': '' });
    }
  });

  test('an enclosing value behind the records', async () => {
    const setting = { columns: [text('n', '^/n')] };
    expect((await failure(rows('<L><R/><n>1</n></L>', setting))).message).toBe(
      'the enclosing field "^/n" comes after the records in the page',
    );
    expect(await rows('<L><n>1</n><R/></L>', setting)).toEqual([['1']]);
  });

  test('encodings: declaration, mark, Content-Type, option', async () => {
    const latin = (head: string): Buffer => Buffer.from(`${head}<L><R><a>\xe9</a></R></L>`, 'latin1');
    const declared = '<?xml version="1.0" encoding="ISO-8859-1"?>';
    for (const chunk of [1, 5, 4096]) {
      expect(await rows(latin(declared), { chunk })).toEqual([['é']]);
      expect(await rows(latin(''), { chunk, contentType: 'text/xml; charset=latin1' })).toEqual([['é']]);
      expect(await rows(latin(declared.replace('ISO-8859-1', 'utf-8')), { chunk, encoding: 'latin1' })).toEqual([
        ['é'],
      ]);
      const wide = Buffer.from(`${declared.replace('ISO-8859-1', 'UTF-16')}<L><R><a>é</a></R></L>`, 'utf16le');
      expect(await rows(wide, { chunk })).toEqual([['é']]);
      expect(await rows(Buffer.concat([Buffer.from([0xff, 0xfe]), wide]), { chunk })).toEqual([['é']]);
    }
    expect((await failure(rows(latin('')))).sqlstate).toBe('22021');
    expect((await failure(rows(latin('<?xml version="1.0" encoding="klingon"?>')))).message).toContain(
      'unknown encoding "klingon"',
    );
  });

  test('a value that does not fit is located', async () => {
    const columns = [column('a', 'integer')];
    expect(await failure(rows('<L><R><a>1</a></R><R><a>x</a></R></L>', { columns, chunk: 3 }))).toMatchObject({
      sqlstate: '22P02',
      detail: 'table "shop.orders", column "a", page 3 (orders.dat), record 2',
    });
  });
});

describe('fast-xml-parser is the oracle', () => {
  test('random documents', async () => {
    const next = seeded(9);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!;
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '@',
      parseTagValue: false,
      parseAttributeValue: false,
      trimValues: false,
      removeNSPrefix: true,
      isArray: (name) => name === 'R',
      textNodeName: '#',
      alwaysCreateTextNode: true,
    });
    for (let round = 0; round < 100; round++) {
      const value = (): string =>
        pick(['', 'x', 'a &lt; b', ' sp ', 'é€😀', '&amp;amp;', 'long'.repeat(50), "it's", '&quot;']);
      const record = (): string => {
        const prefix = pick(['', 'p:']);
        const fields = ['a', 'b', 'c']
          .filter(() => next() < 0.8)
          .map((name) => `<${prefix}${name} k="${value()}">${value()}</${prefix}${name}>`);
        return `<${prefix}R id="${value()}">${fields.join(pick(['', '\n  ', '<!-- - -->']))}</${prefix}R>`;
      };
      const body = `<?xml version="1.0"?><p:L xmlns:p="u">${Array.from({ length: 8 }, record).join(pick(['', '\n']))}</p:L>`;
      expect(XMLValidator.validate(body)).toBe(true);
      const parsed = parser.parse(body) as { L: { R: Record<string, string & Record<string, string>>[] } };
      const expected = parsed.L.R.map((item) => [
        item['@id'] ?? null,
        ...['a', 'b', 'c'].flatMap((name) => [item[name]?.['#'] ?? null, item[name]?.['@k'] ?? null]),
      ]);
      const columns = [
        text('id', '@id'),
        ...['a', 'b', 'c'].flatMap((name) => [text(name), text(`${name}k`, `${name}/@k`)]),
      ];
      for (const chunk of [1 << 20, 1, 11]) expect(await rows(body, { columns, chunk }), body).toEqual(expected);
    }
  });
});
