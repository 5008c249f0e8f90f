import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Size of each format's single document; TIDEGATE_LARGE_BODY_MB=2048 for a long run. */
const MEGABYTES = Number(process.env.TIDEGATE_LARGE_BODY_MB ?? 96);
const MOST_RSS_MB = 150;

const folder = new URL('./large/', import.meta.url);
const child = fileURLToPath(new URL('read-large.mjs', folder));
const formats = readdirSync(folder).flatMap((name) => (name === 'read-large.mjs' ? [] : [name.replace('.mjs', '')]));

/** The compiled driver in a process of its own, so that nothing else's memory counts. */
test.each(formats)(
  `a %s document of ${MEGABYTES} MB is read in ${MOST_RSS_MB} MB`,
  async (format) => {
    const { stdout } = await promisify(execFile)(process.execPath, [child, format, String(MEGABYTES * 1024 * 1024)]);
    const { rows, expected, maxRssMb, seconds } = JSON.parse(stdout) as Record<string, number>;
    console.log(`${format}: ${rows} rows, ${Math.round(maxRssMb!)} MB, ${seconds!.toFixed(1)} s`);
    expect(rows).toBe(expected);
    expect(maxRssMb).toBeLessThan(MOST_RSS_MB);
  },
  Math.max(60_000, MEGABYTES * 500),
);
