import { duckdbRival } from './duckdb.js';
import type { BenchFormat } from './format.js';

interface Document {
  readonly data: readonly unknown[];
}

/** JSON documents, beside JSON.parse and DuckDB. */
export const jsonFormat: BenchFormat = {
  name: 'json',
  driver: { type: 'json', format: 'auto', encoding: null },
  records: '$.data[*]',
  renderPage: (fields, first, rowCount) => {
    const records = Array.from({ length: rowCount }, (_, r) =>
      Object.fromEntries(fields.map(([name, , value]) => [name, value(first + r)])),
    );
    return Buffer.from(JSON.stringify({ data: records, next: null }));
  },
  rivals: [
    {
      name: 'JSON.parse',
      make: () => (page) => (JSON.parse(page.toString('utf8')) as Document).data.length,
    },
    duckdbRival('json', (file) => `SELECT unnest(data, max_depth := 2) FROM read_json(${file})`),
  ],
};
