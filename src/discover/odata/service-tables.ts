import { NameMaker } from '../infer/column-names.js';
import { jsonField } from '../infer/field-path.js';
import type { Csdl, CsdlEntitySet, CsdlProperty, CsdlType } from './csdl.js';
import { type EdmColumn, edmColumn } from './edm-type.js';

type Keys = Readonly<Record<string, unknown>>;

/** Values of one `or` list: more would make URLs that servers refuse. */
const MOST_LISTED_VALUES = 25;
/** What of a page says where the next one is, by version. */
const PAGES: Readonly<Record<number, { readonly records: string; readonly next: string; readonly accept: string }>> = {
  2: { records: '$.d.results[*]', next: '$.d.__next', accept: 'application/json;odata=verbose, application/json' },
  3: {
    records: '$.value[*]',
    next: "$['odata.nextLink']",
    accept: 'application/json;odata=minimalmetadata, application/json',
  },
  4: { records: '$.value[*]', next: "$['@odata.nextLink']", accept: 'application/json' },
};

/** A column on its way into a table. */
interface ServiceColumn extends EdmColumn {
  readonly name: string;
  /** The property's path: `Address`, `City`. */
  readonly path: readonly string[];
  /** The navigation property that the path begins with, which `$expand` asks for; null: none. */
  readonly expanded: string | null;
  readonly isNullable: boolean;
  references?: string;
}

interface ServiceTable {
  readonly set: CsdlEntitySet;
  readonly type: CsdlType;
  readonly name: string;
  readonly columns: ServiceColumn[];
}

/**
 * The tables of a service in the DSN format, by name: columns, keys, and everything that `$filter` and its like take over.
 * @param expand by set, the navigation properties to have columns of; each leads to one entity
 */
export function serviceTables(
  csdl: Csdl,
  wanted: readonly string[] | null,
  expand: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, Keys>> {
  const names = new NameMaker();
  const tables = csdl.entitySets
    .filter(({ name, type }) => (wanted === null || wanted.includes(name)) && csdl.structured.has(type))
    .map((set): ServiceTable => {
      const type = csdl.structured.get(set.type)!;
      return { set, type, name: names.make(set.name), columns: columnsOf(type, csdl, expand[set.name] ?? []) };
    })
    .filter(({ columns }) => columns.length > 0);
  for (const table of tables) addReferences(table, tables);
  return Object.fromEntries(tables.map((table) => [table.name, tableKeys(table, csdl.version)]));
}

/** Complex properties and expanded entities are flattened one level down; deeper ones are json. */
function columnsOf(type: CsdlType, csdl: Csdl, expand: readonly string[]): ServiceColumn[] {
  const names = new NameMaker();
  const columns: ServiceColumn[] = [];
  const add = (property: CsdlProperty, path: readonly string[], isNullable: boolean, expanded: string | null): void => {
    const column = edmColumn(property, csdl);
    if (column !== null) columns.push({ ...column, name: names.make(path.join('_')), path, isNullable, expanded });
  };
  for (const property of type.properties) {
    const inner = csdl.structured.get(property.type);
    if (inner === undefined) add(property, [property.name], property.isNullable, null);
    else for (const member of inner.properties) add(member, [property.name, member.name], true, null);
  }
  for (const navigation of type.navigations.filter(({ name }) => expand.includes(name))) {
    // What the entity itself has of the other is a column already.
    const known = new Set(navigation.keys.map(([, theirs]) => theirs));
    for (const property of csdl.structured.get(navigation.target ?? '')?.properties ?? []) {
      if (!known.has(property.name)) add(property, [navigation.name, property.name], true, navigation.name);
    }
  }
  return columns;
}

/** Foreign keys: of one column, to the whole key of a set that is a table too. */
function addReferences(table: ServiceTable, tables: readonly ServiceTable[]): void {
  for (const { name, target, isCollection, keys } of table.type.navigations) {
    const [pair] = keys;
    if (isCollection || pair === undefined || keys.length > 1) continue;
    const bound = table.set.bindings.get(name);
    const candidates = tables.filter(({ set }) => (bound === undefined ? set.type === target : set.name === bound));
    const other = candidates.length === 1 ? candidates[0]! : undefined;
    if (other === undefined || other.type.key.length !== 1 || other.type.key[0] !== pair[1]) continue;
    const own = table.columns.find(({ path }) => path.length === 1 && path[0] === pair[0]);
    const theirs = other.columns.find(({ path }) => path.length === 1 && path[0] === pair[1]);
    if (own !== undefined && theirs !== undefined && own.type === theirs.type)
      own.references = `${other.name}(${theirs.name})`;
  }
}

function tableKeys({ set, type, columns }: ServiceTable, version: number): Keys {
  const page = PAGES[version]!;
  const key = type.key.map((property) => columns.find(({ path }) => path.length === 1 && path[0] === property)?.name);
  const hasKey = key.length > 0 && key.every((name) => name !== undefined) && !set.isSingleton;
  const filters = Object.fromEntries(
    columns.flatMap((column) => (column.literal === null ? [] : [[column.name, filterKeys(column)]])),
  );
  return {
    path: `/${set.name}`,
    headers: { Accept: page.accept, ...(version >= 4 ? { 'OData-MaxVersion': '4.01' } : {}) },
    records: set.isSingleton ? (version === 2 ? '$.d' : '$') : page.records,
    pagination: set.isSingleton ? { type: 'none' } : { type: 'next_url', field: page.next },
    ...(hasKey ? { primary_key: key } : {}),
    columns: Object.fromEntries(columns.map((column) => [column.name, columnKeys(column)])),
    ...(set.isSingleton ? {} : { filters, limit: { query: '$top' }, ...pushDown(set, columns, version) }),
  };
}

/** Sorting, projection and counting. NULLs sort as the lowest values (OData 4.01, URL Conventions, 5.1.8). */
function pushDown(set: CsdlEntitySet, columns: readonly ServiceColumn[], version: number): Keys {
  const sortable = columns.filter(({ isOrdered }) => isOrdered).map(({ name }) => name);
  const count = { path: `/${set.name}?$count=true&$top=0`, field: "$['@odata.count']" };
  return {
    ...(sortable.length === 0
      ? {}
      : {
          order_by: {
            query: '$orderby',
            template: '{field} {direction}',
            separator: ',',
            nulls: 'low',
            columns: sortable,
          },
        }),
    ...(version >= 4 ? { select: { query: '$select' }, count } : {}),
    ...(columns.every(({ expanded }) => expanded === null)
      ? {}
      : { include: { query: '$expand', ...(version >= 4 ? { template: '{name}($select={fields})' } : {}) } }),
  };
}

function columnKeys({ name, type, path, isNullable, expanded, references }: ServiceColumn): Keys {
  const field = jsonField(path);
  return {
    type,
    ...(field === name ? {} : { field }),
    ...(path.length === 1 ? {} : { api_name: path.join('/') }),
    ...(expanded === null ? {} : { include: expanded }),
    ...(isNullable ? {} : { not_null: true }),
    ...(references === undefined ? {} : { references }),
  };
}

/**
 * What of a column `$filter` takes. Texts only by `eq`: a service may compare them without regard to case, so that `ne`,
 * `lt` and `gt` would leave rows out that SQL wants. An IN list is written with `or`, which every version knows.
 */
function filterKeys({ path, literal, isOrdered, isText }: ServiceColumn): Keys {
  const property = path.join('/');
  const [before, after] = literal!.split('{value}') as [string, string];
  const compare = (operator: string): string => `${property} ${operator} ${literal}`;
  const template = {
    '=': compare('eq'),
    in: `(${compare('eq')})`,
    is_null: `${property} eq null`,
    is_not_null: `${property} ne null`,
    ...(isOrdered
      ? {
          // NULL is not equal to anything here, and to nothing in SQL.
          '<>': `(${compare('ne')} and ${property} ne null)`,
          '<': compare('lt'),
          '<=': compare('le'),
          '>': compare('gt'),
          '>=': compare('ge'),
        }
      : {}),
  };
  return {
    operators: Object.keys(template),
    query: '$filter',
    ...(isText ? { exact: false } : {}),
    template,
    separator: `${after} or ${property} eq ${before}`,
    batch: MOST_LISTED_VALUES,
  };
}
