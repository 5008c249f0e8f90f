import type { ColumnModel } from '../config/model.js';

/** Where the values that no record holds come from. */
export interface ConstantSource {
  /** Canonical texts of the filters that this page's request was made for. */
  readonly filters: ReadonlyMap<string, string>;
  readonly header: (name: string) => string | null;
  /** As it may be shown: a secret in it must not come back as a column. */
  readonly pageUrl: string;
  readonly pageNumber: number;
}

/** The text of each column that is the same in all rows of a page. */
export function pageConstants(
  columns: readonly ColumnModel[],
  source: ConstantSource,
): ReadonlyMap<string, string | null> {
  const constants = new Map<string, string | null>();
  for (const column of columns) {
    switch (column.from) {
      case 'record':
        break;
      case 'filter':
        constants.set(column.name, source.filters.get(column.name) ?? null);
        break;
      case 'header':
        constants.set(column.name, source.header(column.field));
        break;
      case 'page_url':
        constants.set(column.name, source.pageUrl);
        break;
      case 'page_number':
        constants.set(column.name, String(source.pageNumber));
        break;
    }
  }
  return constants;
}
