import { parse } from 'csv-parse/sync';
import type { BenchFormat } from './format.js';
import { cellText } from './records.js';

/** CSV with a header, beside csv-parse. */
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
  rivals: [{ name: 'csv-parse', make: () => (page) => (parse(page, { columns: true }) as unknown[]).length }],
};
