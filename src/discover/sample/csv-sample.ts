import { parse } from 'csv-parse/sync';
import type { DriverOptions } from '../../config/model.js';
import { errors } from '../../core/errors.js';
import type { SampleMap, SampleValue } from './sample-value.js';

type CsvOptions = Extract<DriverOptions, { type: 'csv' }>;

/** Rows of a CSV sample by header name, or by 1-based number without a header. An empty unquoted field is NULL. */
export function parseCsvSample(text: string, isTruncated: boolean, options: CsvOptions, name: string): SampleMap[] {
  const whole = isTruncated ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
  let rows: (string | null)[][];
  try {
    rows = parse(skipLines(whole, options.skipLines), {
      delimiter: options.delimiter,
      quote: options.quote,
      escape: options.escape,
      comment: options.comment ?? '',
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      // The last record may have been cut within a quoted field.
      skip_records_with_error: isTruncated,
      cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
    }) as unknown as (string | null)[][];
  } catch (error) {
    throw errors.apiError('the sample is not CSV', {
      detail: `${name}: ${(error as Error).message}`,
      hint: 'Check the address, and the options delimiter, quote and escape; for another format set driver to json or xml.',
    });
  }
  const [first] = rows;
  const width = Math.max(0, ...rows.map((row) => row.length));
  const names = options.header
    ? fieldNames(first ?? [])
    : Array.from({ length: width }, (_, index) => String(index + 1));
  return (options.header ? rows.slice(1) : rows).map(
    (row) => new Map(names.map((title, index): [string, SampleValue] => [title, row[index] ?? null])),
  );
}

/** Fields are asked for by their number where the header has no name for them, or one that is another field's too. */
function fieldNames(titles: readonly (string | null)[]): string[] {
  return titles.map((title, index) =>
    title === null || titles.indexOf(title) !== index || titles.lastIndexOf(title) !== index
      ? String(index + 1)
      : title,
  );
}

function skipLines(text: string, count: number): string {
  let at = 0;
  for (let line = 0; line < count; line++) {
    const end = text.indexOf('\n', at);
    if (end < 0) return '';
    at = end + 1;
  }
  return text.slice(at);
}

/** The character that most evenly separates the first lines' fields. */
export function guessDelimiter(text: string): string {
  const lines = text.split(/\r\n|\r|\n/, 6).filter((line) => line !== '');
  const scores = [',', ';', '\t', '|'].map((delimiter) => {
    const counts = lines.map((line) => line.replace(/"(?:[^"]|"")*"/g, '').split(delimiter).length - 1);
    return { delimiter, score: Math.min(...counts) };
  });
  return scores.reduce((best, next) => (next.score > best.score ? next : best)).delimiter;
}
