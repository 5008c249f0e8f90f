import { CsvReader } from './csv/reader.js';
import type { ReaderFactory } from './driver.js';
import { needsQuery, QueryReader } from './json/query-reader.js';
import { JsonReader } from './json/reader.js';
import { XmlReader } from './xml/reader.js';

/** Makes the reader of a table's driver. Throws F0000 for a selector or field that cannot be read. */
export const createReader: ReaderFactory = (options) => {
  switch (options.table.driver.type) {
    case 'json':
      return needsQuery(options) ? new QueryReader(options) : new JsonReader(options);
    case 'csv':
      return new CsvReader(options);
    case 'xml':
      return new XmlReader(options);
  }
};
