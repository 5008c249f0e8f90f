import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Coercer, makeCoercer } from '../../src/core/coerce/coercer.js';
import { type ComparisonOperator, comparator } from '../../src/core/compare/comparator.js';
import { binaryEncoder, binaryExpansion } from '../../src/core/encode/binary.js';
import { GatewayError } from '../../src/core/errors.js';
import { parseSqlType, type ScalarName } from '../../src/core/sql-type.js';
import { column } from './columns.js';
import { type Oracle, startOracle } from './oracle.js';
import { Random } from './random.js';
import { arrayLiteral, GENERATORS, type Generator } from './values.js';

/** Values per type; a release run raises it. */
const COUNT = Number(process.env.TIDEGATE_ORACLE_VALUES ?? 20_000);
const CHUNK = 5_000;

let oracle: Oracle;
beforeAll(async () => {
  oracle = await startOracle();
}, 60_000);
afterAll(() => oracle?.close());

function generate(generator: Generator, seed: number, count = COUNT): string[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => generator(random));
}

async function inChunks<T>(items: readonly T[], ask: (chunk: readonly T[]) => Promise<readonly string[]>) {
  const answers: string[] = [];
  for (let i = 0; i < items.length; i += CHUNK) answers.push(...(await ask(items.slice(i, i + CHUNK))));
  return answers;
}

function coerced(coercer: Coercer, text: string): string {
  try {
    return coercer.fromString(text) ?? 'NULL';
  } catch (error) {
    if (error instanceof GatewayError) return `!${error.sqlstate}`;
    throw error;
  }
}

/** The first few differences, or none. */
function differences(rows: readonly { readonly text: string; readonly ours: string; readonly theirs: string }[]) {
  return rows.filter(({ ours, theirs }) => ours !== theirs).slice(0, 12);
}

/** Codes of one fault that PostgreSQL tells apart by what its parser meets first. */
const CLASSES: Readonly<Record<string, string>> = {
  '!22023': '!22P02',
  '!22007': '!time',
  '!22008': '!time',
  '!22009': '!time',
};

/** Our answer and PostgreSQL's, made equal where only the class of an error differs that has both faults. */
function row(text: string, ours: string, theirs: string) {
  // Digits that overflow before garbage: PostgreSQL complains of the first, we of the second.
  // In jsonb it is the other way round: it checks numbers when the whole text is read.
  const isBoth =
    (ours === '!22P02' && theirs === '!22003') || (ours === '!22003' && theirs === '!22P02' && /e/i.test(text));
  return { text, ours: CLASSES[ours] ?? ours, theirs: isBoth ? ours : (CLASSES[theirs] ?? theirs) };
}

const TYPES: readonly string[] = [
  'text',
  'varchar(4)',
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'numeric(8,3)',
  'numeric(3,5)',
  'numeric(4,-2)',
  'real',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
  'json',
  'jsonb',
  'bytea',
];

describe('canonical text', () => {
  test.each(TYPES)('%s is what PostgreSQL prints', async (name) => {
    const type = parseSqlType(name)!;
    const texts = generate(GENERATORS[type.scalar], 7);
    const coercer = makeCoercer(column(name), 'text');
    const theirs = await inChunks(texts, (chunk) => oracle.print(name, chunk));
    const rows = texts.map((text, i) => row(text, coerced(coercer, text), theirs[i]!));
    expect(differences(rows)).toEqual([]);
    expect(rows.filter(({ theirs: answer }) => !answer.startsWith('!')).length).toBeGreaterThan(
      COUNT / (name === 'numeric(3,5)' ? 50 : 4),
    );
  });

  test.each(TYPES)('%s: the byte path agrees with the complete path', (name) => {
    const type = parseSqlType(name)!;
    const coercer = makeCoercer(column(name), 'json');
    const target = Buffer.alloc(400_000);
    let taken = 0;
    for (const text of generate(GENERATORS[type.scalar], 11)) {
      const source = Buffer.from(`\x01${text}\x02`);
      const written = coercer.writeString(source, 1, source.length - 1, target, 3);
      if (written < 0) continue;
      taken++;
      expect(target.toString('utf8', 3, 3 + written), text).toBe(coerced(coercer, text));
    }
    if (!['bytea', 'numeric(4,-2)', 'numeric(3,5)'].includes(name)) expect(taken).toBeGreaterThan(COUNT / 50);
  });

  test.each(['integer', 'text', 'numeric(8,3)', 'boolean', 'timestamptz', 'jsonb', 'varchar(4)', 'double'])(
    '%s[] is what PostgreSQL prints',
    async (name) => {
      const texts = generate(
        arrayLiteral(GENERATORS[parseSqlType(name)!.scalar], name !== 'timestamptz'),
        13,
        COUNT / 2,
      );
      const coercer = makeCoercer(column(`${name}[]`));
      const theirs = await inChunks(texts, (chunk) => oracle.print(`${name}[]`, chunk));
      // Which of several faults comes first differs, and one fault is enough.
      const either = (answer: string): string => (answer.startsWith('!') ? '!' : answer);
      const rows = texts.map((text, i) => ({ text, ours: either(coerced(coercer, text)), theirs: either(theirs[i]!) }));
      expect(differences(rows)).toEqual([]);
    },
  );

  test.each([
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'America/Sao_Paulo',
    'Pacific/Apia',
  ])('times without a zone are read in %s, gaps and overlaps included', async (zone) => {
    const random = new Random(17);
    const texts = Array.from({ length: Math.min(COUNT, 50_000) }, () => {
      const year = random.chance(0.9) ? random.int(1975, 2037) : random.int(2038, 9000);
      const [month, day] = [random.pick([1, 3, 4, 7, 10, 11, 12]), random.int(1, 31)];
      const date = `${year}-${String(month).padStart(2, '0')}-${String(Math.min(day, 30)).padStart(2, '0')}`;
      return `${date} ${String(random.int(0, 23)).padStart(2, '0')}:${random.pick(['00', '29', '30', '45', '59'])}:00`;
    });
    const coercer = makeCoercer({ ...column('timestamptz'), timezone: zone });
    const theirs = await inChunks(texts, (chunk) => oracle.printLocal(zone, chunk));
    expect(differences(texts.map((text, i) => ({ text, ours: coerced(coercer, text), theirs: theirs[i]! })))).toEqual(
      [],
    );
  });
});

/** Distinct canonical values of a type. */
function canonicalValues(scalar: ScalarName, seed: number): string[] {
  const coercer = makeCoercer(column(scalar), 'text');
  return generate(GENERATORS[scalar], seed)
    .map((text) => coerced(coercer, text))
    .filter((text) => !text.startsWith('!') && !text.includes('\0'));
}

const SCALARS = Object.keys(GENERATORS) as ScalarName[];

/** Canonical arrays, nested and with NULLs, that a JSON source would give: no lower bounds. */
function canonicalArrays(scalar: ScalarName, seed: number): string[] {
  const items = canonicalValues(scalar, seed);
  const coercer = makeCoercer(column(`${scalar}[]`), 'text');
  const literal = arrayLiteral((random) => random.pick(items), false);
  return generate(literal, seed + 1, Math.ceil(COUNT / 2))
    .map((text) => coerced(coercer, text))
    .filter((text) => !text.startsWith('!'));
}

describe('binary format', () => {
  test.each(
    SCALARS.flatMap((scalar) => [
      [scalar, () => canonicalValues(scalar, 19)] as const,
      [`${scalar}[]`, () => canonicalArrays(scalar, 41)] as const,
    ]),
  )('%s is what PostgreSQL sends', async (name, valuesOf) => {
    const values = valuesOf();
    const type = parseSqlType(name)!;
    const encode = binaryEncoder(type);
    const target = Buffer.alloc(400_000);
    const theirs = await inChunks(values, (chunk) => oracle.send(name, chunk));
    const rows = values.map((text, i) => {
      const source = Buffer.from(`xy${text}z`);
      const length = encode(source, 2, source.length - 1, target, 5);
      expect(length).toBeLessThanOrEqual(binaryExpansion(type) * (source.length - 3) + 64);
      return { text, ours: target.toString('hex', 5, 5 + length), theirs: theirs[i]! };
    });
    expect(rows.length).toBeGreaterThan(COUNT / 4);
    expect(differences(rows)).toEqual([]);
  });
});

const OPERATORS: readonly ComparisonOperator[] = ['=', '<>', '<', '<=', '>', '>='];

describe('comparisons', () => {
  test.each(SCALARS.filter((scalar) => !['json', 'jsonb', 'bytea'].includes(scalar)))(
    '%s compares as in PostgreSQL',
    async (scalar) => {
      const random = new Random(23);
      const values = canonicalValues(scalar, 29);
      const pairs = values.map((left) => [left, random.chance(0.2) ? left : random.pick(values)] as const);
      const type = parseSqlType(scalar)!;
      const theirs = await inChunks(pairs, (chunk) =>
        oracle.compare(
          scalar,
          chunk.map(([left]) => left),
          chunk.map(([, right]) => right),
        ),
      );
      const rows = pairs.map(([left, right], i) => {
        const cell = Buffer.from(`ab${left}c`);
        const ours = OPERATORS.map((operator) =>
          comparator(type, operator, right)!(cell, 2, cell.length - 1) ? 't' : 'f',
        ).join('');
        return { text: `${left} ? ${right}`, ours, theirs: theirs[i]! };
      });
      expect(differences(rows)).toEqual([]);
    },
  );
});
