import { describe, expect, test } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { ColumnModel } from '../../src/config/model.js';
import { GatewayError } from '../../src/core/errors.js';
import { Random } from '../core/random.js';
import type { Format, Sample } from './formats/format.js';
import { xmlFormat } from './formats/xml.js';
import { column, page, type Row, readPage } from './reading.js';

/** Seconds for each format; TIDEGATE_FUZZ_SECONDS=300 for a long run. */
const SECONDS = Number(process.env.TIDEGATE_FUZZ_SECONDS ?? 1);
const LEAST = 150;

type Outcome = { readonly rows: readonly Row[] } | { readonly sqlstate: string };

async function outcome({ table, body }: Sample, columns: readonly ColumnModel[], chunk: number): Promise<Outcome> {
  try {
    const reader = createReader({ table, columns, captures: [] });
    return { rows: (await readPage(reader, page(body, { chunk }))).rows };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { sqlstate: error.sqlstate };
  }
}

/** Columns that keep a format's quick path from being taken, and what is left of a row that has them. */
const SLOW_WAYS: readonly [Format, (columns: readonly ColumnModel[]) => readonly ColumnModel[], (row: Row) => Row][] = [
  // It takes no column that climbs out of a record and into another.
  [
    xmlFormat,
    (columns) => [...columns, column('none', { type: 'text', field: '^/Order/none' })],
    (row) => row.slice(0, -1),
  ],
];

describe.each(SLOW_WAYS)('$name', (format, slowly, rest) => {
  test(
    'is read alike on both paths',
    async () => {
      const until = performance.now() + SECONDS * 1_000;
      let readCount = 0;
      for (let seed = 1, count = 0; count < LEAST || performance.now() < until; seed++, count++) {
        const random = new Random(seed);
        const sample = format.generate(random);
        if (sample.columns.length < 2) continue;
        let { body } = sample;
        if (random.chance(0.5)) {
          const at = random.int(0, body.length);
          const sign = Buffer.from(random.pick(format.dictionary));
          body = Buffer.concat([body.subarray(0, at), sign, body.subarray(at + random.int(0, 2))]);
        }
        const changed = { ...sample, body };
        const quick = await outcome(changed, sample.columns, random.pick([3, 64, 1 << 20]));
        const slow = await outcome(changed, slowly(sample.columns), 1 << 20);
        const shown = `seed ${seed}: ${JSON.stringify(body.toString('utf8'))}`;
        if ('rows' in quick && 'rows' in slow) {
          readCount++;
          expect(quick.rows, shown).toEqual(slow.rows.map(rest));
        } else expect('rows' in quick, shown).toBe('rows' in slow);
      }
      expect(readCount).toBeGreaterThan(LEAST / 6);
    },
    SECONDS * 1_000 + 60_000,
  );
});
