import type { Work } from './format.js';

/** How long each work runs before it is measured, and in each round. */
export interface Pace {
  readonly warmUpMs: number;
  readonly roundMs: number;
  readonly rounds: number;
}

const BYTES_PER_LOOK = 512 * 1024;

/** Processor time of this process so far, collecting garbage included; other processes' load does not count. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** How often `work` gets through a page in a second of processor time, over about `ms`. */
async function rate(pages: readonly Buffer[], work: Work, rows: number, ms: number): Promise<number> {
  const start = processorMs();
  let done = 0;
  let elapsed = 0;
  do {
    // The clock is a system call: small pages are read a few times between two looks.
    for (let bytes = 0; bytes < BYTES_PER_LOOK; ) {
      const page = pages[done % pages.length]!;
      const found = await work(page);
      if (found !== undefined && found !== rows) throw new Error(`${found} rows, not ${rows}`);
      done++;
      bytes += page.length;
    }
    elapsed = processorMs() - start;
  } while (elapsed < ms);
  return (done * 1000) / elapsed;
}

/**
 * The best rate of each work, in pages of `rows` a second. The works take turns, so that a busy machine slows all of them alike,
 * and each is run before it is measured: the rates are those of compiled code, which a process has not from its start.
 */
export async function compare(
  pages: readonly Buffer[],
  works: readonly Work[],
  rows: number,
  { warmUpMs, roundMs, rounds }: Pace,
  signal: AbortSignal,
): Promise<number[]> {
  for (const work of works) await rate(pages, work, rows, warmUpMs);
  const best = works.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    for (const [index, work] of works.entries()) {
      signal.throwIfAborted();
      best[index] = Math.max(best[index]!, await rate(pages, work, rows, roundMs));
    }
  }
  return best;
}
