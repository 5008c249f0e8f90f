import type { DriverOptions } from '../../src/config/model.js';

export type CsvOptions = Extract<DriverOptions, { type: 'csv' }>;

/** CSV of which a DSN file says nothing more. */
export const PLAIN_CSV: CsvOptions = {
  type: 'csv',
  delimiter: ',',
  quote: '"',
  escape: '"',
  header: true,
  skipLines: 0,
  comment: null,
  ragged: 'error',
  encoding: null,
};
