import type { ColumnModel, TableModel } from '../config/model.js';
import type { PlacedValue } from '../http/placed-value.js';
import type { OrderKey, ScanSpec } from './scan.js';

/** What a scan's requests ask for besides its filters. */
export interface RequestShape {
  /** No more rows will be used; null: all. */
  readonly rowLimit: number | null;
  /** So many rows will probably do, but the scan does not end there; null: not known. */
  readonly expectedRows: number | null;
  /** The parameters for fields and order. */
  readonly values: readonly PlacedValue[];
}

/** The parameters that say which fields are wanted, also of other entities, and in which order; none where the table has no such parameters. */
export function shapeValues(spec: ScanSpec, order: readonly OrderKey[]): PlacedValue[] {
  const { table, columns } = spec;
  return [...selectValues(table, columns), ...includeValues(table, columns), ...orderValues(table, order)];
}

function selectValues({ select, columns, primaryKey }: TableModel, wanted: readonly string[]): PlacedValue[] {
  if (select === null) return [];
  const inRecords = columns.filter((column) => column.from === 'record' && column.include === null);
  const needed = inRecords.filter((column) => wanted.includes(column.name));
  if (needed.length === inRecords.length) return [];
  // With their keys no two pages are the same, which would look like an API that repeats itself.
  const sent = inRecords.filter(({ name }) => wanted.includes(name) || primaryKey.includes(name));
  if (sent.length === 0) sent.push(inRecords[0]!);
  const names = [...new Set(sent.map(apiField))];
  return [{ place: select.place, parameter: select.parameter, value: names.join(select.separator) }];
}

/** What the API sends only when it is asked to, each once. */
function includeValues({ include, columns }: TableModel, wanted: readonly string[]): PlacedValue[] {
  if (include === null) return [];
  const needed = columns.filter((column) => column.include !== null && wanted.includes(column.name));
  if (needed.length === 0) return [];
  const parts = [...new Set(needed.map((column) => column.include!))].map((name) => {
    const fields = needed.filter((column) => column.include === name).map(apiField);
    const within = fields.map((field) => fieldWithin(name, field));
    if (include.template === null || within.includes(null)) return name;
    return include.template.replaceAll('{name}', () => name).replaceAll('{fields}', () => within.join(','));
  });
  return [{ place: include.place, parameter: include.parameter, value: parts.join(include.separator) }];
}

/** `Name` of `Customer/Name` or `Customer.Name` within `Customer`; null: the field is not within it, or all of it. */
function fieldWithin(name: string, field: string): string | null {
  const rest = field.startsWith(name) ? field.slice(name.length) : '';
  return rest.length > 1 && (rest[0] === '/' || rest[0] === '.') ? rest.slice(1) : null;
}

function orderValues({ orderBy, columns }: TableModel, order: readonly OrderKey[]): PlacedValue[] {
  if (orderBy === null || order.length === 0) return [];
  const keys = order.map(({ column: name, isDescending }) => {
    const column = columns.find((item) => item.name === name)!;
    const template = (isDescending ? orderBy.descending : null) ?? orderBy.ascending;
    return template
      .replaceAll('{direction}', directionText(isDescending))
      .replaceAll('{field}', () => apiField(column))
      .replaceAll('{column}', () => column.name);
  });
  const { place, parameter, directionParameter } = orderBy;
  const values: PlacedValue[] = [{ place, parameter, value: keys.join(orderBy.separator ?? '') }];
  if (directionParameter !== null) {
    values.push({ place, parameter: directionParameter, value: directionText(order[0]!.isDescending) });
  }
  return values;
}

function directionText(isDescending: boolean): string {
  return isDescending ? 'desc' : 'asc';
}

/** The name the API knows a field by. */
function apiField({ apiName, field }: ColumnModel): string {
  return apiName ?? field.replace(/^\$\.?/, '');
}
