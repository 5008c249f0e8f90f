import { describe, expect, test } from 'vitest';
import { JsonReader } from '../../drivers/json/reader.js';
import type { TableModel } from '../../src/config/model.js';
import { column, page, type ReadResult, type Row, readPage, seeded, table } from './reading.js';

const JSON_DRIVER = { type: 'json', format: 'auto', encoding: null } as const;

const FIELDS = [
  'id',
  'name',
  '$.nested.deep.x',
  '$.tags[1]',
  "$['odd \\'name\\'']",
  '$.nested',
  'tags',
  'é',
  '$.list[0].a',
];

const COLUMNS = FIELDS.map((field, index) => column(`c${index}`, { type: 'text', field }));

/** The value at a column's field, as JSON.parse sees the record: strings as they are, all else as JSON.stringify has it. */
function oracleCell(record: unknown, field: string): string | null {
  const steps: (string | number)[] = field.startsWith('$')
    ? [...field.matchAll(/\.(\w+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]/g)].map(
        ([, name, position, quoted]) =>
          name ?? (position !== undefined ? Number(position) : quoted!.replace(/\\(.)/g, '$1')),
      )
    : [field];
  let value = record as Record<string, unknown> | unknown[] | null | undefined;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) !== (typeof step === 'number')) return null;
    value = Object.hasOwn(value, step) ? ((value as Record<string, unknown>)[step] as typeof value) : undefined;
  }
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const STRINGS = [
  '',
  'plain',
  'tab\tline\nquote"back\\slash/',
  'ünïcödé €',
  '😀 pair',
  '\u007f',
  'x'.repeat(300),
  'a":"b',
  '}],{["',
];
const NUMBERS = ['0', '-1', '12', '3.5', '1e+21', '123456789012', '-0.001', '1.5e-7'];

class Documents {
  readonly #next: () => number;
  constructor(seed: number) {
    this.#next = seeded(seed);
  }
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#next() * items.length)]!;
  }
  below(n: number): number {
    return Math.floor(this.#next() * n);
  }
  space(): string {
    return this.#next() < 0.2 ? this.pick([' ', '\n', '\r\n', '\t', '   ']) : '';
  }
  string(text: string): string {
    let out = '"';
    for (const character of text) {
      const mustEscape = character < ' ' || character === '"' || character === '\\';
      if (mustEscape || this.#next() < 0.05) {
        for (let i = 0; i < character.length; i++) {
          const hex = character.charCodeAt(i).toString(16).padStart(4, '0');
          out += `\\u${this.#next() < 0.5 ? hex : hex.toUpperCase()}`;
        }
      } else if (character === '/' && this.#next() < 0.5) out += '\\/';
      else out += character;
    }
    return `${out}"`;
  }
  value(depth: number): string {
    const kind = this.below(depth > 3 ? 5 : 8);
    if (kind === 0) return this.pick(['true', 'false', 'null']);
    if (kind <= 2) return this.pick(NUMBERS);
    if (kind <= 4) return this.string(this.pick(STRINGS));
    if (kind === 5) return this.array(Array.from({ length: this.below(4) }, () => this.value(depth + 1)));
    return this.object(
      Array.from({ length: this.below(4) }, () => [this.pick(['a', 'x', 'deep', 'k', '']), this.value(depth + 1)]),
    );
  }
  array(items: string[]): string {
    return `[${this.space()}${items.map((item) => item + this.space()).join(`,${this.space()}`)}]`;
  }
  object(members: [string, string][]): string {
    const written = members.map(
      ([key, value]) => `${this.string(key)}${this.space()}:${this.space()}${value}${this.space()}`,
    );
    return `{${this.space()}${written.join(`,${this.space()}`)}}`;
  }
  record(): string {
    const members: [string, string][] = [];
    const add = (key: string, value: string): void => {
      if (this.#next() < 0.8) members.push([key, value]);
    };
    add('id', this.pick(NUMBERS));
    add('name', this.string(this.pick(STRINGS)));
    add('unwanted', this.value(0));
    add(
      'nested',
      this.#next() < 0.7
        ? this.object([
            ['k', this.value(2)],
            ['deep', this.object([['x', this.value(2)]])],
          ])
        : this.value(1),
    );
    add('tags', this.#next() < 0.7 ? this.array([this.value(3), this.value(3)]) : this.value(1));
    add("odd 'name'", this.value(2));
    add('é', this.value(2));
    add('list', this.array([this.object([['a', this.value(2)]])]));
    if (this.#next() < 0.3) members.push([this.pick(['nested', 'name', 'tags', 'list']), this.value(1)]);
    if (this.#next() < 0.3) members.sort(() => this.#next() - 0.5);
    if (this.#next() < 0.05) return this.value(0);
    return this.object(members);
  }
}

/** Numbers and whole sub-documents keep their bytes: compare what they mean. */
const meaning = (rows: Row[]): Row[] =>
  rows.map((row) =>
    row.map((cell) => {
      if (cell === null || !/^[[{\d-]/.test(cell)) return cell;
      try {
        return JSON.stringify(JSON.parse(cell));
      } catch {
        return cell;
      }
    }),
  );

const expectedRows = (records: unknown[]): Row[] =>
  records.map((record) => FIELDS.map((field) => oracleCell(record, field)));

const SHAPES: { records: string | null; wrap: (d: Documents, records: string[]) => string }[] = [
  { records: null, wrap: (d, records) => d.array(records) },
  {
    records: '$.data[*]',
    wrap: (d, records) =>
      d.object([
        ['before', d.value(0)],
        ['data', d.array(records)],
        ['after', d.value(0)],
      ]),
  },
  {
    records: '$.a[0].b',
    wrap: (d, records) =>
      d.object([
        [
          'a',
          d.array([
            d.object([
              ['c', d.value(1)],
              ['b', d.array(records)],
            ]),
            d.value(0),
          ]),
        ],
      ]),
  },
];

const read = (records: string | null, body: string, chunk: number): Promise<ReadResult> => {
  const model: TableModel = table(JSON_DRIVER, COLUMNS, { records });
  const reader = new JsonReader({ table: model, columns: COLUMNS, captures: [] });
  return readPage(reader, page(body, { chunk }));
};

describe('JSON.parse is the oracle', { timeout: 120_000 }, () => {
  test.each([1, 2, 3, 4, 5, 6])('random documents, seed %i, in chunks of any size', async (seed) => {
    for (let round = 0; round < 30; round++) {
      const documents = new Documents(seed * 1000 + round);
      const shape = SHAPES[round % SHAPES.length]!;
      const records = Array.from({ length: documents.below(12) }, () => documents.record());
      const body = shape.wrap(documents, records);
      JSON.parse(body);
      const expected = meaning(expectedRows(records.map((record) => JSON.parse(record) as unknown)));
      for (const chunk of [1 << 20, 1, 2, 3, 7, 64]) {
        const result = await read(shape.records, body, chunk);
        expect(meaning(result.rows), `seed ${seed}, round ${round}, chunk ${chunk}: ${body}`).toEqual(expected);
        expect(result.recordCount).toBe(records.length);
      }
    }
  });

  test('a document cut at every byte is an error', async () => {
    const documents = new Documents(77);
    for (const shape of SHAPES) {
      const body = Buffer.from(shape.wrap(documents, [documents.record(), documents.record(), documents.record()]));
      for (let cut = 0; cut < body.length; cut++) {
        for (const chunk of [cut % 2 === 0 ? 1 << 20 : 3]) {
          const model = table(JSON_DRIVER, COLUMNS, { records: shape.records });
          const reader = new JsonReader({ table: model, columns: COLUMNS, captures: [] });
          await expect(readPage(reader, page(body.subarray(0, cut), { chunk })), `cut at ${cut}`).rejects.toThrow(
            /cut off|is empty|invalid byte sequence/,
          );
        }
      }
    }
  });

  test('a document cut in two at every byte gives the same rows', async () => {
    const documents = new Documents(78);
    const body = Buffer.from(SHAPES[1]!.wrap(documents, [documents.record(), documents.record()]));
    const whole = await read('$.data[*]', body.toString(), 1 << 20);
    for (let cut = 0; cut <= body.length; cut++) {
      const model = table(JSON_DRIVER, COLUMNS, { records: '$.data[*]' });
      const reader = new JsonReader({ table: model, columns: COLUMNS, captures: [] });
      const halves = (async function* () {
        yield body.subarray(0, cut);
        yield body.subarray(cut);
      })();
      const result = await readPage(reader, { ...page(''), body: halves });
      expect(result.rows).toEqual(whole.rows);
    }
  });

  test('every byte replaced: what JSON.parse refuses is refused', async () => {
    const body = Buffer.from(
      '{"n":1,"data":[{"id":-1.5e3,"name":"a\\u00e9\\n","x":[true,{"y":null}]},{"id":0}],"z":{"a":[]}}',
    );
    for (let at = 0; at < body.length; at++) {
      for (const byte of [
        0x00, 0x20, 0x22, 0x2c, 0x30, 0x2d, 0x3a, 0x5b, 0x5c, 0x5d, 0x61, 0x7b, 0x7d, 0x0a, 0x2e, 0x65,
      ]) {
        const changed = Buffer.from(body);
        changed[at] = byte;
        const text = changed.toString();
        let parsed: { data?: unknown } | undefined;
        try {
          parsed = JSON.parse(text) as { data?: unknown };
        } catch {}
        const reading = read('$.data[*]', text, 1 << 20);
        if (parsed === undefined) await expect(reading, text).rejects.toMatchObject({ sqlstate: 'HV000' });
        else if (Array.isArray(parsed.data)) {
          expect(meaning((await reading).rows), text).toEqual(meaning(expectedRows(parsed.data)));
        } else await expect(reading).rejects.toThrow(/records/);
      }
    }
  });
});
