import { parse } from 'csv-parse/sync';
import { inferSchema, initParser } from 'udsv';
import { duckdbRival } from './duckdb.js';
import type { BenchFormat } from './format.js';
import { cellText } from './records.js';

/** csv-parse takes bytes; the other rivals take text. What they make of a row is said by their names. */
const decode = (page: Buffer): string => page.toString('utf8');

/** CSV with a header, beside csv-parse, udsv and DuckDB. */
export const csvFormat: BenchFormat = {
  name: 'csv',
  driver: {
    type: 'csv',
    delimiter: ',',
    quote: '"',
    escape: '"',
    header: true,
    skipLines: 0,
    comment: null,
    ragged: 'error',
    encoding: null,
  },
  records: null,
  renderPage: (fields, first, rowCount) => {
    const lines = [fields.map(([name]) => name).join(',')];
    for (let r = 0; r < rowCount; r++) {
      lines.push(
        fields
          .map(([, , value]) => cellText(value(first + r)))
          .map((text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
          .join(','),
      );
    }
    return Buffer.from(`${lines.join('\n')}\n`);
  },
  rivals: [
    { name: 'csv-parse, arrays of strings', make: () => (page) => parse(page).length - 1 },
    { name: 'csv-parse, objects', make: () => (page) => (parse(page, { columns: true }) as unknown[]).length },
    {
      name: 'udsv, arrays of strings',
      make: (fields) => {
        const parser = initParser(inferSchema(decode(csvFormat.renderPage(fields, 0, 100))));
        return (page) => parser.stringArrs(decode(page)).length;
      },
    },
    {
      name: 'udsv, typed arrays',
      make: (fields) => {
        const parser = initParser(inferSchema(decode(csvFormat.renderPage(fields, 0, 100))));
        return (page) => parser.typedArrs(decode(page)).length;
      },
    },
    duckdbRival('csv', (file) => `FROM read_csv(${file}, header := true)`),
  ],
};
