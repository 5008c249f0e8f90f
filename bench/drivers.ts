import { compare, type Pace } from './drivers/compare.js';
import { csvFormat } from './drivers/csv.js';
import { driveReader } from './drivers/drive.js';
import type { BenchFormat, Work } from './drivers/format.js';
import { jsonFormat } from './drivers/json.js';
import { RECORD_KINDS, type RecordKind } from './drivers/records.js';
import { xmlFormat } from './drivers/xml.js';
import { formatTable } from './report.js';

const FORMATS: readonly BenchFormat[] = [jsonFormat, csvFormat, xmlFormat];

const PAGE_ROWS = 2_000;
const QUICK: Pace = { warmUpMs: 150, roundMs: 50, rounds: 3 };
const FULL: Pace = { warmUpMs: 800, roundMs: 400, rounds: 5 };
/** Distinct pages, so that no cache of the processor holds them. */
const QUICK_BYTES = 2 * 1024 * 1024;
const FULL_BYTES = 8 * 1024 * 1024;

/**
 * Rows per second of processor time of the drivers alone, from page bytes in memory to row batches, beside other readers of
 * the same bytes.
 * A rival that is not installed is left out.
 */
export async function benchDrivers(
  isQuick: boolean,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const format of FORMATS) {
    for (const kind of RECORD_KINDS) await benchKind(format, kind, isQuick, print, signal);
  }
}

async function benchKind(
  format: BenchFormat,
  { name, fields }: RecordKind,
  isQuick: boolean,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const pageBytes = format.renderPage(fields, 0, PAGE_ROWS).length;
  const count = Math.max(2, Math.floor((isQuick ? QUICK_BYTES : FULL_BYTES) / pageBytes));
  const pages = Array.from({ length: count }, (_, p) => format.renderPage(fields, p * PAGE_ROWS, PAGE_ROWS));
  const works: { readonly name: string; readonly work: Work }[] = [];
  for (const rival of format.rivals) {
    const work = await rival.make(fields);
    if (work !== null) works.push({ name: rival.name, work });
  }
  const all = fields.map((_, index) => index);
  const three = [0, fields.length >> 1, fields.length - 1];
  works.push({ name: `tidegate, all ${fields.length}`, work: driveReader(format, fields, all) });
  works.push({ name: 'tidegate, 3 fields', work: driveReader(format, fields, three) });

  const functions = works.map(({ work }) => work);
  const rates = await compare(pages, functions, PAGE_ROWS, isQuick ? QUICK : FULL, signal);
  print('');
  print(`${format.name}, ${name}: ${fields.length} fields, ${Math.round(pageBytes / PAGE_ROWS)} bytes a record`);
  print('');
  const lines = works.map((work, index) => [
    work.name,
    ((rates[index]! * PAGE_ROWS) / 1e6).toFixed(3),
    ((rates[index]! * pageBytes) / 1e6).toFixed(0),
    (rates[index]! / rates[0]!).toFixed(2),
  ]);
  print(formatTable(['reader', 'M rows/s', 'MB/s', `of ${works[0]!.name}`], lines));
}
