import { describe, expect, test } from 'vitest';
import { kernelMemory, Layout } from '../../drivers/json/kernel/memory.js';
import { JsonReader } from '../../drivers/json/reader.js';
import type { ColumnModel } from '../../src/config/model.js';
import { GatewayError } from '../../src/core/errors.js';
import { Random } from '../core/random.js';
import { column, page, readPage, table } from './reading.js';

/** How many documents are made up; TIDEGATE_ALIKE_DOCUMENTS=20000 for a long run. */
const DOCUMENTS = Number(process.env.TIDEGATE_ALIKE_DOCUMENTS ?? 500);

const JSON_DRIVER = { type: 'json', format: 'auto', encoding: null } as const;

async function read(body: string, columns: readonly ColumnModel[], chunk: number, isPlain: boolean) {
  const reader = new JsonReader({ table: table(JSON_DRIVER, columns), columns, captures: [], isPlain });
  try {
    const { rows, recordCount } = await readPage(reader, page(body, { chunk }));
    return { rows, recordCount };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { error: `${error.sqlstate} ${error.message}`, detail: error.detail };
  }
}

/** A member of made-up records: its key, how its values usually look, and its members where it is an object. */
interface Member {
  readonly key: string;
  readonly usual: (random: Random, i: number) => string;
  readonly members: readonly Member[] | null;
}

const USUAL: readonly Member['usual'][] = [
  (_, i) => `${i}`,
  (random) => `${random.int(-99_999, 99_999)}`,
  (random) => `${random.int(0, 999_999) / 100}`,
  (random) => `-${random.int(0, 99)}.${random.int(10, 99)}`,
  (random) => `"${'x'.repeat(random.int(0, 40))}"`,
  (random) => JSON.stringify(`é "${random.int(0, 9)}"\n`),
  (random) => random.pick(['true', 'false']),
  (random) => random.pick(['null', '1', '"a"']),
  () => '"2024-02-29T12:00:00Z"',
  (random) => random.pick(['[]', '[1,"a",{"k":[null]}]', '{"k":{}}', '{}']),
  (random, i) => `"${i}${random.pick(['', 'e', '.0'])}"`,
];

const ODD: readonly string[] = [
  'null',
  '""',
  '0',
  '-0',
  '-0.00',
  '1e3',
  '12.50',
  '12345678901234567890',
  '99999999999',
  'true',
  '"a\\u0041\\n"',
  '"\\ud83d\\ude00"',
  '[]',
  '{}',
  '[[1,2],{"a":"]"}]',
  '{"m0":1,"m1":"x"}',
  '"t"',
  '"12"',
  `"${'long '.repeat(50)}"`,
];
const BROKEN: readonly string[] = [
  'nul',
  '01',
  '1.',
  '"\\x"',
  '"\t"',
  '[1,]',
  '{"a"}',
  '-',
  'tru',
  '"\\ud800"',
  '"\\u0000"',
];

const TYPES = [
  'text',
  'bigint',
  'integer',
  'smallint',
  'numeric',
  'numeric(9,2)',
  'boolean',
  'json',
  'jsonb',
  'varchar(5)',
];
const MORE_TYPES = ['double precision', 'timestamptz', 'text[]', 'date', 'uuid'];

function makeMembers(random: Random, depth: number): Member[] {
  return Array.from({ length: random.int(1, 6) }, (_, m) => ({
    key: random.pick([`m${m}`, `m${m}`, `m${m} of a record, with a long name`, `é${m}`]),
    usual: random.pick(USUAL),
    members: depth > 0 && random.chance(0.25) ? makeMembers(random, depth - 1) : null,
  }));
}

/** Every path there is, and some that there are not. */
function paths(members: readonly Member[], prefix: string): string[] {
  return members.flatMap(({ key, members: inner }) => {
    const path = `${prefix}['${key}']`;
    return inner === null ? [path] : [path, ...paths(inner, path), `${path}.none`];
  });
}

interface Oddness {
  /** Chances of a value, a record's keys, and its syntax to be unusual. */
  readonly value: number;
  readonly keys: number;
  readonly broken: number;
  /** Around colons, commas and brackets. */
  readonly space: readonly [string, string, string];
}

function render(members: readonly Member[], random: Random, i: number, odd: Oddness): string {
  let list = members;
  if (random.chance(odd.keys)) {
    const some = list.filter(() => random.chance(0.7));
    const twice = random.chance(0.5) ? list.filter(() => random.chance(0.3)) : [];
    list = random.chance(0.5) ? [...some, ...twice] : [...twice, ...some].reverse();
  }
  const [colon, comma, bracket] = odd.space;
  const parts = list.map(({ key, usual, members: inner }) => {
    let value = inner === null ? usual(random, i) : render(inner, random, i, odd);
    if (random.chance(odd.value)) value = random.pick(ODD);
    if (random.chance(odd.broken)) value = random.pick(BROKEN);
    return `${JSON.stringify(key)}${colon}${value}`;
  });
  return `{${bracket}${parts.join(comma)}${bracket}}`;
}

function makeColumns(random: Random, members: readonly Member[]): ColumnModel[] {
  const all = [...paths(members, '$'), '$.none'];
  const wanted = all.filter(() => random.chance(0.6));
  if (random.chance(0.2)) wanted.push(random.pick(all));
  if (random.chance(0.3)) wanted.sort(() => (random.chance(0.5) ? 1 : -1));
  return wanted.map((field, c) => {
    const type = random.pick(random.chance(0.2) ? MORE_TYPES : TYPES);
    const defaultValue = type === 'text' && random.chance(0.3) ? 'none' : null;
    return column(`c${c}`, { type, field, defaultValue, onError: random.chance(0.9) ? 'set_null' : 'fail' });
  });
}

describe('records that are mostly alike', () => {
  test(`both ways give the same for ${DOCUMENTS} made-up documents`, {
    timeout: 60_000 + DOCUMENTS * 100,
  }, async () => {
    const seen = [0, 0, 0, 0];
    for (let seed = 0; seed < DOCUMENTS; seed++) {
      const random = new Random(seed);
      const members = makeMembers(random, 2);
      const columns = makeColumns(random, members);
      const odd: Oddness = {
        value: random.pick([0, 0.002, 0.02, 0.2]),
        keys: random.pick([0, 0, 0.01, 0.1]),
        broken: random.pick([0, 0, 0, 0.0005]),
        space: random.pick([
          [':', ',', ''],
          [': ', ', ', ''],
          [' : ', ',\n    ', '\n  '],
        ]),
      };
      const records = Array.from({ length: random.int(1, 150) }, (_, i) => render(members, random, i, odd));
      const body =
        random.chance(0.3) && odd.space[1] !== ',\n    ' ? records.join('\n') : `[${records.join(odd.space[1])}]`;
      const expected = await read(body, columns, 1 << 20, true);
      for (const chunk of [1 << 20, random.pick([64, 700, 3_000])]) {
        expect(await read(body, columns, chunk, false), `seed ${seed}, chunks of ${chunk}`).toEqual(expected);
      }
      for (const status of templateStatuses()) seen[status]!++;
    }
    // The test is of what it is for only if many of the documents have led to a template.
    const [, inOrder, bySlots, resting] = seen;
    expect(inOrder).toBeGreaterThan(DOCUMENTS);
    expect(bySlots).toBeGreaterThan(DOCUMENTS / 2);
    expect(resting).toBeGreaterThan(DOCUMENTS / 20);
  });
});

/** What kernels/json/template.ts has made of the records of the last eight readers, as numbers of its statuses. */
function templateStatuses(): number[] {
  const { numbers } = kernelMemory()!;
  return Array.from({ length: 8 }, (_, k) => numbers[(Layout.states + k * Layout.stateBytes + 0x10) >> 2]!);
}
