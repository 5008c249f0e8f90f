import { describe, expect, test } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import { FORMATS } from './formats/all.js';
import type { Sample } from './formats/format.js';
import { failure, page, type Row, readPage, seeded } from './reading.js';

const CHUNKS = [1, 2, 3, 7, 4096];

/** Random cuts of a large body; with TIDEGATE_CUTS=2000 also every cut of a small one in chunks of every size. */
const CUTS = Number(process.env.TIDEGATE_CUTS ?? 25);
const IS_LONG = process.env.TIDEGATE_CUTS !== undefined;
const LARGE_BYTES = 300_000;
const TIMEOUT_MS = 120_000 + CUTS * 500;

const read = async ({ table, columns }: Sample, body: Buffer, chunk: number): Promise<Row[]> =>
  (await readPage(createReader({ table, columns, captures: [] }), page(body, { chunk }))).rows;

/** A beginning of a body is read to all of its rows, or refused; where it is a body of its own, to its rows or refused. */
async function checkCut(sample: Sample, length: number, whole: readonly Row[], chunk: number): Promise<void> {
  const where = `${sample.name}, cut at byte ${length}, chunks of ${chunk}`;
  let rows: Row[];
  try {
    rows = await read(sample, sample.body.subarray(0, length), chunk);
  } catch (error) {
    const { sqlstate } = await failure(Promise.reject(error));
    expect(sqlstate, where).not.toBe('XX000');
    return;
  }
  if (sample.hasOpenEnd === true)
    expect(rows.slice(0, -1), where).toEqual(whole.slice(0, Math.max(0, rows.length - 1)));
  else if (sample.isWholeAt?.(length) === true) expect(rows, where).toEqual(whole.slice(0, rows.length));
  else expect(rows, where).toEqual(whole);
}

describe.each(FORMATS)('$name bodies', (format) => {
  test.each(format.samples)(
    '$name: the same in chunks of any size, and cut at every byte',
    async (sample) => {
      const whole = await read(sample, sample.body, 1 << 20);
      for (const chunk of CHUNKS) expect(await read(sample, sample.body, chunk), `chunks of ${chunk}`).toEqual(whole);
      for (let length = 0; length < sample.body.length; length++) {
        const chunks = IS_LONG ? CHUNKS : [CHUNKS[length % CHUNKS.length]!];
        for (const chunk of chunks) await checkCut(sample, length, whole, chunk);
      }
    },
    TIMEOUT_MS,
  );

  test(
    'a large one, cut at random bytes',
    async () => {
      const sample = format.makeLarge(LARGE_BYTES);
      const whole = await read(sample, sample.body, 1 << 20);
      for (const chunk of [7, 1000, 4096, 65_536]) expect(await read(sample, sample.body, chunk)).toEqual(whole);
      const next = seeded(20_240);
      for (let cut = 0; cut < CUTS; cut++) {
        const length = Math.floor(next() * sample.body.length);
        await checkCut(sample, length, whole, [1000, 4096, 65_536][cut % 3]!);
      }
    },
    TIMEOUT_MS,
  );
});
