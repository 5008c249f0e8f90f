import type { ColumnModel, TableModel } from '../src/config/model.js';
import { GatewayError } from '../src/core/errors.js';
import type { Page } from './driver.js';
import { inferredColumnHint } from './inferred-column.js';

/** How messages name a page: `page 3 (GET https://…)`. */
export function describePage(page: Pick<Page, 'number' | 'name'>): string {
  return `page ${page.number} (${page.name})`;
}

/** Adds table, column, page and record to an error of a coercer; anything that is no `GatewayError` passes unchanged. */
export function locateCellError(
  error: unknown,
  table: Pick<TableModel, 'dsn' | 'name' | 'inference' | 'location'>,
  column: Pick<ColumnModel, 'name' | 'type' | 'field'>,
  page: Pick<Page, 'number' | 'name'>,
  record: number,
): unknown {
  if (!(error instanceof GatewayError)) return error;
  const detail = `table "${table.dsn}.${table.name}", column "${column.name}", ${describePage(page)}, record ${record}`;
  const hint = inferredColumnHint(table, column, error.message) ?? error.hint;
  return new GatewayError(error.sqlstate, error.message, { detail, hint, cause: error });
}

/** The beginning of a body that is not what it should be, without control characters. */
export function excerpt(bytes: Buffer, maxCharacters = 80): string {
  const text = bytes
    .subarray(0, 400)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
  // Direction overrides could make the rest of the message read differently.
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim();
  return [...plain].slice(0, maxCharacters).join('');
}
