import { describe, expect, test } from 'vitest';
import { csvKernel } from '../../drivers/csv/kernel/row-kernel.js';
import { CsvReader } from '../../drivers/csv/reader.js';
import { Rows } from '../../drivers/kernel/kernel-rows.js';
import type { ColumnModel } from '../../src/config/model.js';
import { GatewayError } from '../../src/core/errors.js';
import { SCALAR_TYPES } from '../../src/core/sql-type.js';
import { Random } from '../core/random.js';
import { GENERATORS } from '../core/values.js';
import { type CsvOptions, PLAIN_CSV } from './plain-csv.js';
import { column, type PageOptions, page, type Row, readPage, table } from './reading.js';

/** Values of each type, and small bodies; TIDEGATE_KERNEL_VALUES=1000000 for a long run. */
const VALUES = Number(process.env.TIDEGATE_KERNEL_VALUES ?? 800);

interface Reading {
  readonly columns: readonly ColumnModel[];
  readonly options?: Partial<CsvOptions>;
  readonly page?: PageOptions;
}

type Outcome = { rows?: Row[]; recordCount?: number; error?: string; detail?: string | undefined };

async function read(body: string | Buffer, reading: Reading, isPlain: boolean): Promise<Outcome> {
  const { columns, options, page: pageOptions } = reading;
  const model = table({ ...PLAIN_CSV, ...options }, columns);
  try {
    const reader = new CsvReader({ table: model, columns, captures: [], isPlain });
    const { rows, recordCount } = await readPage(reader, page(body, pageOptions));
    return { rows, recordCount };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { error: `${error.sqlstate} ${error.message}`, detail: error.detail };
  }
}

/** Both ways give the same, rows or error with its line; returns it. */
async function same(body: string | Buffer, reading: Reading): Promise<Outcome> {
  const expected = await read(body, reading, true);
  const found = await read(body, reading, false);
  expect(found, JSON.stringify(body.toString().slice(0, 2_000))).toEqual(expected);
  return expected;
}

/** Rows that the kernel wrote in its last run: that a test is of the kernel at all. */
const rowsOfLastRun = (): number => csvKernel()!.numbers[Rows.rows >> 2]!;

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const ABC = ['a', 'b', 'c'].map((name) => column(name, 'text'));

test('the kernel was built and runs here', async () => {
  const { rows } = await same('id,a\n1,x\n2,"y"\n3,\n', { columns: [column('id', 'bigint'), column('a', 'text')] });
  expect(rows).toEqual([
    ['1', 'x'],
    ['2', 'y'],
    ['3', null],
  ]);
  expect(rowsOfLastRun()).toBe(3);
});

describe('the kernel gives what the general path gives', () => {
  const SETTINGS: Record<string, string[]> = {
    varchar: ['varchar', 'varchar(3)', 'varchar(20)'],
    numeric: ['numeric', 'numeric(12,2)', 'numeric(5)', 'numeric(4,4)', 'numeric(30,12)', 'numeric(3,-2)'],
  };
  for (const scalar of Object.keys(SCALAR_TYPES) as (keyof typeof SCALAR_TYPES)[]) {
    for (const type of SETTINGS[scalar] ?? [SCALAR_TYPES[scalar].sql, `${SCALAR_TYPES[scalar].sql}[]`]) {
      test(type, async () => {
        const random = new Random(scalar.length * 1_000 + type.length);
        const columns = [
          column('v', { type, onError: 'set_null' }),
          column('w', { type, onError: 'set_null' }),
          column('n', 'integer'),
        ];
        const lines = ['n,v,x,w'];
        for (let i = 0; i < VALUES; i++) {
          const text = GENERATORS[scalar](random).replaceAll('\0', '');
          const value = /[",\r\n]/.test(text) || random.chance(0.3) ? quoted(text) : text;
          lines.push(`${i},${value},"skip,ped",${random.pick([value, '', '""', 'true', '-7', '"say ""x"""'])}`);
        }
        for (const chunk of [1 << 20, 1_000]) {
          const { rows } = await same(`${lines.join('\r\n')}\n`, { columns, page: { chunk } });
          expect(rows).toHaveLength(VALUES);
        }
      });
    }
  }

  test('the first value that does not fit, with its record', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => (i === 33 ? 'x' : String(i)));
    const { error, detail } = await same(`id\n${lines.join('\n')}`, { columns: [column('id', 'bigint')] });
    expect(error).toMatch(/22P02/);
    expect(detail).toContain('record 34');
  });
});

describe('rows of every shape', () => {
  const many = (line: string): string => `${line}\n`.repeat(70);
  const cases: [string, string, Partial<CsvOptions>?][] = [
    ['line feeds', many('1,2,3')],
    ['carriage returns', many('1,2,3').replaceAll('\n', '\r')],
    ['both', many('1,2,3').replaceAll('\n', '\r\n')],
    ['all three', '1,2,3\r4,5,6\n7,8,9\r\n"a\r\n","b\r","c\n"\r\nx,y,z'],
    ['no line break at the end', '1,2,3\n4,5,6'],
    ['a carriage return at the end', '1,2,3\n4,5,6\r'],
    ['quotes', many('"1","",""""').concat('"a ""b""","c\nd","e,f"\n')],
    [
      'long quoted texts',
      `"${'x""y'.repeat(40)}","${'z'.repeat(100)}",\n"${'""'.repeat(33)}",,"${',\n'.repeat(40)}"\n`,
    ],
    ['quotes at the ends of blocks', Array.from({ length: 70 }, (_, k) => `${'x'.repeat(k)},"a""b",z`).join('\n')],
    ['empty lines', '1,2,3\n\n4,5,6\r\n\r\n\n7,8,9\n'],
    ['a short row', `${many('1,2,3')}1,2\n`],
    ['a long row', `${many('1,2,3')}1,2,3,4\n`],
    ['ragged rows, padded', '1\n1,2\n1,2,3\n1,2,3,4\n\n1,2,3\n', { ragged: 'pad' }],
    ['a quote in a field', `${many('1,"a\nb",3')}1,x"y,3\n`],
    ['text behind a quoted field', `${many('1,2,3')}1,"x"y,3\n`],
    ['a space behind a quoted field', '1,"x" ,3\n'],
    ['a quote that is not closed', `${many('1,2,3')}1,"x,3\n4,5,6\n`],
    ['a zero byte', `${many('1,2,3')}1,x\0y,3\n4,5,6\n`],
    ['comments', `#"\n1,2,3\n# a "quote\n4,5,6\n7,#,9\n#`, { comment: '#' }],
    ['long comments', '1,2,3\n//,"\n/,5,6\n', { comment: '//' }],
    ['no quotes at all', '1,"2,"3"\n"",",x\n', { quote: '', escape: '' }],
    ['another quote and delimiter', "1;'2;''';\"3\n", { quote: "'", escape: "'", delimiter: ';' }],
    ['tabs', '1\t"2\t"\t3\n', { delimiter: '\t' }],
    ['no header', '1,2,3\n4,5,6\n', { header: false }],
  ];
  test.each(cases)('%s', async (_, rest, options = {}) => {
    const { delimiter, header } = { ...PLAIN_CSV, ...options };
    const body = Buffer.from(header ? `${['a', 'b', 'c'].join(delimiter)}\n${rest}` : rest);
    const columns = header ? ABC : ABC.map((item, c) => ({ ...item, field: String(c + 1) }));
    for (const wanted of [columns, [...columns].reverse(), columns.slice(1, 2), []]) {
      for (const chunk of [1 << 20, 5, 64]) await same(body, { columns: wanted, options, page: { chunk } });
    }
    for (let length = 0; length < Math.min(body.length, 400); length++) {
      await same(body.subarray(0, length), { columns, options, page: { chunk: 1 + (length % 70) } });
    }
  });

  test('any bytes', async () => {
    const random = new Random(99);
    const alphabet = [
      '"',
      '"',
      ',',
      ',',
      '\n',
      '\r',
      '\r\n',
      'a',
      'é',
      ' ',
      '#',
      '""',
      'xyz'.repeat(9),
      '1,2,3\n',
      '\0',
    ];
    let readCount = 0;
    for (let i = 0; i < 2 * VALUES; i++) {
      const body = Array.from({ length: random.int(0, 60) }, () =>
        random.pick(random.chance(0.9) ? alphabet.slice(0, -1) : alphabet),
      ).join('');
      const options: Partial<CsvOptions> = random.pick([{}, { ragged: 'pad' }, { ragged: 'pad', comment: '#' }]);
      const { rows = [] } = await same(`a,b,c\n1,2,3\n${body}`, {
        columns: random.pick([ABC, [...ABC].reverse()]),
        options,
        page: { chunk: random.pick([1, 3, 64, 1 << 20]) },
      });
      if (rows.length > 1) readCount++;
    }
    expect(readCount).toBeGreaterThan(VALUES / 10);
  });

  test('one field', async () => {
    const columns = [column('a', 'text')];
    for (const chunk of [1, 1 << 20]) await same('a\nx\n\n"y"\n""\n\n', { columns, page: { chunk } });
  });

  test('columns that are not in the rows, twice there, or of another source', async () => {
    const columns = [
      column('shop', { type: 'text', from: 'filter' }),
      column('b', 'integer'),
      column('again', { type: 'text', field: 'b' }),
      column('none', { type: 'text', from: 'header', field: 'X' }),
      column('long', { type: 'text', from: 'page_url' }),
    ];
    const constants = new Map<string, string | null>([
      ['shop', 'Ulm'],
      ['none', null],
      ['long', 'u'.repeat(40_000)],
    ]);
    const { rows } = await same('a,b\n1,2\n3,4\n', { columns, page: { constants } });
    expect(rows![1]).toEqual(['Ulm', '4', '4', null, 'u'.repeat(40_000)]);
    const strict = [column('none', { type: 'text', from: 'header', field: 'X', notNull: true }), column('b', 'text')];
    expect((await same('a,b\n1,2\n', { columns: strict, page: { constants } })).error).toMatch(/23502/);
  });

  test('not null is kept', async () => {
    const columns = [column('a', { type: 'text', notNull: true }), column('b', 'text')];
    await same('a,b\n1,2\n"",\n', { columns });
    expect((await same('a,b\n1,2\n,3\n', { columns })).error).toMatch(/23502/);
  });

  test('several pages with one reader: other fields, other constants', async () => {
    const columns = [column('b', 'integer'), column('shop', { type: 'text', from: 'filter' })];
    const reader = new CsvReader({ table: table(PLAIN_CSV, columns), columns, captures: [] });
    for (const [header, row] of [
      ['a,b', '1,2'],
      ['a,b', '1,2'],
      ['b,a,c', '2,1,3'],
    ] as const) {
      const constants = new Map([['shop', header]]);
      const { rows } = await readPage(reader, page(`${header}\n${`${row}\n`.repeat(50)}`, { constants }));
      expect(rows).toEqual(Array.from({ length: 50 }, () => ['2', header]));
    }
  });

  test('larger than the kernel takes at once', async () => {
    const long = 'x'.repeat(300_000);
    const lines = Array.from({ length: 12 }, (_, i) => `${i},${i % 3 === 0 ? long : `"${i}"`},`);
    const body = `a,b,c\n${lines.join('\n')}\n`;
    for (const chunk of [1 << 20, 50_000]) await same(body, { columns: ABC, page: { chunk } });
    const names = Array.from({ length: 3_000 }, (_, i) => `f${i}`);
    const wide = `${names.join(',')}\n${`${names.map((_, i) => i).join(',')}\n`.repeat(40)}`;
    const columns = ['f0', 'f1500', 'f2999'].map((name) => column(name, 'integer'));
    const { rows } = await same(wide, { columns });
    expect(rows).toEqual(Array.from({ length: 40 }, () => ['0', '1500', '2999']));
  });

  test('several readers in turn', async () => {
    const body = Buffer.from(`a,b\n${Array.from({ length: 4_000 }, (_, i) => `${i},"t${i}"\n`).join('')}`);
    const readers = Array.from({ length: 5 }, (_, r) => {
      const own = [column(r % 2 === 0 ? 'a' : 'b', r % 2 === 0 ? 'integer' : 'text')];
      const reader = new CsvReader({ table: table(PLAIN_CSV, own), columns: own, captures: [] });
      return reader.read(page(body, { chunk: 3_000 }), new AbortController().signal);
    });
    const texts: string[] = readers.map(() => '');
    for (const open = new Set(readers.keys()); open.size > 0; ) {
      for (const index of open) {
        const { done, value } = await readers[index]!.next();
        if (done === true) open.delete(index);
        else
          for (let row = 0; row < value.rowCount; row++) {
            const start = value.offsets[row]!;
            texts[index] += `${value.bytes.toString('utf8', start, start + value.lengths[row]!)} `;
          }
      }
    }
    for (const [index, text] of texts.entries()) {
      expect(text).toBe(Array.from({ length: 4_000 }, (_, i) => `${index % 2 === 0 ? '' : 't'}${i} `).join(''));
    }
  });
});
