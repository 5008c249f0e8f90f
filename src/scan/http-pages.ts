import type { HttpClient } from '../http/client.js';
import type { FilterPlan, RequestVariant } from './filter-plan.js';
import type { HttpTable } from './http-table.js';
import { drainLane, Lane } from './lane.js';
import { PageSequence } from './page-sequence.js';
import type { ScanRun } from './scan-run.js';

/** Requests of one IN list that are under way at once, unless `limits.concurrency` allows fewer. */
const REQUESTS_AT_ONCE = 4;

/** How many of a scan's sequences of pages are read at once. */
export function sequencesAtOnce(http: HttpTable, plan: FilterPlan): number {
  return Math.min(plan.requestCount, REQUESTS_AT_ONCE, http.source.limits.concurrency ?? REQUESTS_AT_ONCE);
}

/** Reads all pages of an HTTP table into the run: those of several requests side by side, their rows in order. */
export async function readHttpPages(
  run: ScanRun,
  client: HttpClient,
  http: HttpTable,
  plan: FilterPlan,
): Promise<void> {
  const sequences = run.readsAhead ? sequencesAtOnce(http, plan) : 1;
  const mostPages = run.readsAhead ? Math.max(1, Math.floor(pagesAtOnce(http) / sequences)) : 1;
  const newSequence = (variant: RequestVariant): PageSequence => new PageSequence(run, client, http, variant);
  if (sequences > 1) {
    await readSideBySide(run, plan.variants(), sequences, newSequence, mostPages);
    return;
  }
  for (const variant of plan.variants()) if (await newSequence(variant).read(run, mostPages)) return;
}

function pagesAtOnce({ source: { pagination, limits } }: HttpTable): number {
  const wanted = pagination.type === 'page' || pagination.type === 'offset' ? pagination.concurrency : 1;
  return Math.min(wanted, limits.concurrency ?? wanted);
}

async function readSideBySide(
  run: ScanRun,
  variants: Generator<RequestVariant, void, void>,
  mostSequences: number,
  newSequence: (variant: RequestVariant) => PageSequence,
  mostPages: number,
): Promise<void> {
  const lanes: Lane<boolean>[] = [];
  let finished = 0;
  let rows = 0;
  const startOne = (): boolean => {
    const { value: variant, done } = variants.next();
    if (done === true || variant === undefined) return false;
    const sequence = newSequence(variant);
    const options = { parent: run, readers: run.readers, countsPages: true };
    lanes.push(new Lane(options, (lane) => sequence.read(lane, mostPages)));
    return true;
  };
  try {
    for (;;) {
      const width = Math.min(mostSequences, usefulSequences(run.rowsWanted, rows, finished));
      while (lanes.length < Math.max(1, width) && startOne());
      const [lane] = lanes;
      if (lane === undefined) return;
      const before = run.rowsWanted ?? 0;
      if (await drainLane(lane, run)) return;
      rows += before - (run.rowsWanted ?? 0);
      finished++;
      await lane.close();
      lanes.shift();
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

/** With a LIMIT: as many as will be needed if each gives as many rows as those before; one where none was read yet. */
function usefulSequences(rowsWanted: number | null, rows: number, finished: number): number {
  if (rowsWanted === null) return Number.POSITIVE_INFINITY;
  if (finished === 0) return 1;
  return Math.ceil(rowsWanted / Math.max(1, rows / finished));
}
