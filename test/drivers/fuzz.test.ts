import { describe, expect, test } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import { GatewayError } from '../../src/core/errors.js';
import { Random } from '../core/random.js';
import { FORMATS } from './formats/all.js';
import type { Format, Sample } from './formats/format.js';
import { page, type Row, readPage } from './reading.js';

/** Seconds for each format; TIDEGATE_FUZZ_SECONDS=300 for a long run, with other seeds through TIDEGATE_FUZZ_SEED. */
const SECONDS = Number(process.env.TIDEGATE_FUZZ_SECONDS ?? 1);
const SEED = Number(process.env.TIDEGATE_FUZZ_SEED ?? 1);

/** However busy the machine is. */
const LEAST = 100;

/** Longer than any of these small bodies may take, on a busy machine too. */
const HANG_MS = 5_000;

type Outcome = { readonly rows: readonly Row[] } | { readonly error: string };

async function outcome({ table, columns, body }: Sample, chunk: number): Promise<Outcome> {
  try {
    return { rows: (await readPage(createReader({ table, columns, captures: [] }), page(body, { chunk }))).rows };
  } catch (error) {
    // Anything else than an error for the user is a bug.
    if (!(error instanceof GatewayError) || error.sqlstate === 'XX000') throw error;
    return { error: `${error.sqlstate} ${error.message}` };
  }
}

/** One change of a body, as faults of networks and of programs make them. */
function mutate(random: Random, body: Buffer, dictionary: readonly string[], other: Buffer): Buffer {
  const at = random.int(0, body.length);
  const end = Math.min(body.length, at + random.int(1, random.chance(0.7) ? 4 : 60));
  const before = body.subarray(0, at);
  const after = body.subarray(end);
  switch (random.int(0, 8)) {
    case 0:
      return before;
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, body.subarray(at, end), body.subarray(at, end), after]);
    case 3:
    case 4:
      return Buffer.concat([before, Buffer.from(random.pick(dictionary)), body.subarray(at)]);
    case 5:
      return Buffer.concat([before, Buffer.from(random.pick(dictionary)), after]);
    case 6: {
      const from = random.int(0, other.length);
      return Buffer.concat([before, other.subarray(from, from + random.int(1, 40)), after]);
    }
    case 7: {
      const changed = Buffer.from(body);
      if (at < body.length) changed[at] = changed[at]! ^ (1 << random.int(0, 7));
      return changed;
    }
    default: {
      const changed = Buffer.from(body);
      if (at < body.length) changed[at] = random.int(0, 255);
      return changed;
    }
  }
}

function makeCase(format: Format, random: Random): Sample {
  const pick = (): Sample => (random.chance(0.5) ? random.pick(format.samples) : format.generate(random));
  const sample = pick();
  let { body } = sample;
  if (random.chance(0.1)) return sample;
  for (let changes = random.int(1, 4); changes > 0; changes--) {
    body = mutate(random, body, format.dictionary, pick().body);
  }
  return { ...sample, body };
}

async function check(format: Format, sample: Sample, random: Random): Promise<void> {
  const started = performance.now();
  const whole = await outcome(sample, 1 << 20);
  const chunk = random.pick([1, 2, 3, 7, 64, 4096]);
  const pieces = await outcome(sample, chunk);
  const ms = performance.now() - started;
  if (ms > HANG_MS) throw new Error(`took ${Math.round(ms)} ms`);
  // A cut value is found out sooner or later depending on the chunks, and then another error comes first: so kinds only.
  if ('rows' in whole || 'rows' in pieces) expect(pieces, `chunks of ${chunk}`).toEqual(whole);
  const verdict = format.judge(sample);
  if (verdict === null) return;
  if (verdict === 'refused') expect(whole).toHaveProperty('error');
  else if ('rows' in whole) {
    const vouched = whole.rows.map((row, r) =>
      row.map((cell, c) => (verdict[r]?.[c] === undefined ? undefined : cell)),
    );
    expect(vouched).toEqual(verdict);
  }
}

describe.each(FORMATS)('$name', (format) => {
  test(
    `mutated bodies, ${SECONDS} s`,
    async () => {
      const until = performance.now() + SECONDS * 1_000;
      let count = 0;
      for (let seed = SEED * 1_000_000; count < LEAST || performance.now() < until; seed++, count++) {
        const random = new Random(seed);
        const sample = makeCase(format, random);
        try {
          await check(format, sample, random);
        } catch (error) {
          throw new Error(`seed ${seed} (${sample.name}): ${JSON.stringify(sample.body.toString('latin1'))}`, {
            cause: error,
          });
        }
      }
      console.log(`${format.name}: ${count} bodies`);
      expect(count).toBeGreaterThanOrEqual(LEAST);
    },
    SECONDS * 1_000 + 60_000,
  );
});
