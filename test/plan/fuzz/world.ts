import { Random } from '../../core/random.js';

export type FuzzType = 'int' | 'text' | 'num' | 'bool' | 'date' | 'ts' | 'dbl';
export type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

export interface FuzzColumn {
  readonly name: string;
  readonly type: FuzzType;
  readonly sqlType: string;
}

/** How the API of a table understands one parameter. */
export interface FuzzFilter {
  readonly column: string;
  /** The only operator that the parameter stands for; null: the value says it (`k >= '3' and …`). */
  readonly operator: '=' | 'in' | '<>' | '<' | '<=' | '>' | '>=' | null;
  readonly parameter: string;
  readonly isInPath: boolean;
  /** What the API is sent → what it compares with. */
  readonly decode: (text: string) => string;
  readonly yaml: string;
  readonly isRequired: boolean;
}

export type Paging = 'none' | 'page' | 'offset' | 'cursor';

export interface FuzzTable {
  readonly name: string;
  readonly columns: readonly FuzzColumn[];
  readonly rows: readonly Row[];
  readonly filters: readonly FuzzFilter[];
  readonly paging: Paging;
  readonly pageSize: number;
  readonly limitParameter: string | null;
  /** Columns that the API sorts by, and where NULLs come. */
  readonly orderBy: { readonly columns: readonly string[]; readonly nullsFirst: boolean } | null;
  readonly hasSelect: boolean;
  readonly hasCount: boolean;
  readonly hasLookup: boolean;
  readonly yaml: string;
}

/** What the API makes of filters: applies them, ignores those that it may, or now and then ignores one of several. */
export type ApiMode = 'honest' | 'ignores' | 'overfetches';

export interface World {
  /** The DSN's name, and the first part of the API's paths. */
  readonly name: string;
  readonly mode: ApiMode;
  readonly tables: readonly FuzzTable[];
  readonly yaml: string;
}

const COLUMNS: readonly FuzzColumn[] = [
  { name: 'id', type: 'int', sqlType: 'bigint' },
  { name: 'k', type: 'int', sqlType: 'integer' },
  { name: 's', type: 'text', sqlType: 'text' },
  { name: 'ref', type: 'int', sqlType: 'bigint' },
  { name: 'v', type: 'text', sqlType: 'varchar(12)' },
  { name: 'amt', type: 'num', sqlType: 'numeric(10,2)' },
  { name: 'day', type: 'date', sqlType: 'date' },
  { name: 'at', type: 'ts', sqlType: 'timestamptz' },
  { name: 'f', type: 'bool', sqlType: 'boolean' },
  { name: 'x', type: 'dbl', sqlType: 'double precision' },
];

export const TEXTS = ['open', 'paid', 'shipped', '', "it's", 'a,b', 'Zoë', 'zz', '%', 'Open'] as const;
export const DAYS = ['2026-01-31', '2026-02-01', '2025-12-31', '2024-02-29', '2026-11-20', '2026-11-01'] as const;
export const TIMES = [
  '2026-01-31T00:00:00Z',
  '2026-01-31T12:30:00Z',
  '2025-12-31T23:59:59Z',
  '2026-02-01T00:00:00Z',
  '2026-11-24T08:00:00Z',
  // In Cuba half past midnight, twice.
  '2026-11-01T04:30:00Z',
  '2026-11-01T05:30:00Z',
] as const;

/** Time zones of sessions. */
export const ZONES = ['UTC', 'UTC', 'America/Havana', 'Europe/Berlin'] as const;

function cell(random: Random, column: FuzzColumn): Cell {
  switch (column.name) {
    case 'k':
      return random.int(0, 9);
    case 'ref':
      return random.int(1, 40);
    case 'amt':
      return random.int(-300, 900) / 4;
    case 'day':
      return random.pick(DAYS);
    case 'at':
      return random.pick(TIMES);
    case 'f':
      return random.chance(0.5);
    case 'x':
      return random.pick([0, 0.5, -1.25, 3, 1e10, 7.75]);
    default:
      return random.pick(TEXTS);
  }
}

/** Makes a DSN of five tables with rows, and with what their API can do drawn by lot. */
export function makeWorld(seed: number, name: string, mode: ApiMode): World {
  const random = new Random(seed);
  const tables = ['a', 'b', 'c', 'd', 'e'].map((table) => makeTable(random, table, mode));
  const yaml = `dsn: ${name}\nbase_url: "\${env:FUZZ_URL}/${name}"\ntables:\n${tables.map((table) => table.yaml).join('')}`;
  return { name, mode, tables, yaml };
}

function makeTable(random: Random, name: string, mode: ApiMode): FuzzTable {
  const columns = COLUMNS.filter((_, index) => index < 3 || random.chance(0.7));
  // Only c, d and e may need a filter, so that there is always something to join them with.
  const isNeedy = name >= 'c' && random.chance(0.6);
  const [required = null, second = null] = isNeedy
    ? random.pick([['k'], ['k'], ['s'], ['s'], ['k', 's'], ['s', 'k']])
    : [];
  const isInPath = required !== null && random.chance(0.5);
  const filters = columns.flatMap((column): FuzzFilter[] => {
    if (column.name === required) return [makeRequired(random, column, isInPath)];
    if (column.name === second) return [makeRequired(random, column, false)];
    return random.chance(0.6) ? [makeFilter(random, column)] : [];
  });
  const paging = random.pick(['none', 'page', 'offset', 'cursor'] as const);
  const pageSize = random.int(4, 25);
  const limitParameter = random.chance(0.5) ? (random.chance(0.5) ? 'size' : 'limit') : null;
  const nulls = random.chance(0.2) ? 0 : 0.15;
  const count = random.pick([0, 1, 12, 30, 45]);
  const rows = Array.from({ length: count }, (_, index) => {
    const cells = columns.map((column): [string, Cell] => {
      if (column.name === 'id') return ['id', ((index * 7) % 61) + 1];
      const isNull = random.chance(nulls) && !(isInPath && column.name === required);
      return [column.name, isNull ? null : cell(random, column)];
    });
    return Object.fromEntries(cells);
  });
  const sortable = columns.filter((column) => column.type !== 'text' && random.chance(0.6)).map((item) => item.name);
  const orderBy =
    random.chance(0.5) && sortable.length > 0 ? { columns: sortable, nullsFirst: random.chance(0.3) } : null;
  const hasSelect = random.chance(0.4);
  const hasCount = mode === 'honest' && random.chance(0.4);
  const hasLookup = !isInPath && random.chance(0.3);
  const shape = {
    columns,
    filters,
    required,
    isInPath,
    paging,
    pageSize,
    limitParameter,
    orderBy,
    hasSelect,
    hasCount,
    hasLookup,
  };
  const declaresRows = random.chance(0.5) ? count : null;
  return { name, rows, ...shape, yaml: tableYaml(random, name, shape, declaresRows) };
}

type Shape = Omit<FuzzTable, 'name' | 'rows' | 'yaml'> & {
  readonly required: string | null;
  readonly isInPath: boolean;
};

function tableYaml(random: Random, name: string, shape: Shape, declaredRows: number | null): string {
  const { columns, filters, required, isInPath, paging, pageSize } = shape;
  const path = isInPath ? `/${name}/{${required}}` : `/${name}`;
  const declared = columns.map(({ name: column, sqlType }) => {
    const from = isInPath && column === required ? ', from: filter' : '';
    return `      ${column}: { type: "${sqlType}"${from} }\n`;
  });
  const pagination: Readonly<Record<Paging, string>> = {
    none: '{ type: none }',
    page: `{ type: page, parameter: page, size_parameter: size, size: ${pageSize} }`,
    offset: `{ type: offset, parameter: offset, size_parameter: size, size: ${pageSize} }`,
    cursor: `{ type: cursor, parameter: cursor, field: $.next, size_parameter: size, size: ${pageSize} }`,
  };
  const lines = [
    `  ${name}:\n    path: ${path}\n    records: $.rows[*]\n    primary_key: [id]\n`,
    `    pagination: ${pagination[paging]}\n`,
    `    columns:\n${declared.join('')}`,
  ];
  if (filters.length > 0)
    lines.push(`    filters:\n${filters.map((filter) => `      ${filter.column}: ${filter.yaml}\n`).join('')}`);
  if (shape.limitParameter !== null) {
    const max = random.chance(0.5) ? `, max: ${random.int(1, 20)}` : '';
    lines.push(`    limit: { query: ${shape.limitParameter}${max} }\n`);
  }
  if (shape.hasLookup) lines.push(`    lookup: { filter: id, path: "/${name}/lookup/{id}", records: $ }\n`);
  lines.push(...extraYaml(shape, declaredRows));
  return lines.join('');
}

/** Keys that only some tables have. */
function extraYaml({ orderBy, hasSelect, hasCount }: Shape, declaredRows: number | null): string[] {
  const lines: string[] = [];
  if (orderBy !== null) {
    const nulls = orderBy.nullsFirst ? 'first' : 'last';
    const key = 'query: sort, template: "{field}:{direction}", separator: ","';
    lines.push(`    order_by: { ${key}, columns: [${orderBy.columns.join(', ')}], nulls: ${nulls} }\n`);
  }
  if (hasSelect) lines.push('    select: { query: fields }\n');
  if (hasCount) lines.push('    count: { field: $.total }\n');
  if (declaredRows !== null && declaredRows > 0) lines.push(`    rows: ${declaredRows}\n`);
  return lines;
}

const asIs = (text: string): string => text;

function makeRequired(random: Random, column: FuzzColumn, isInPath: boolean): FuzzFilter {
  if (isInPath) {
    const yaml = `{ operators: ["="], path: ${column.name}, required: true }`;
    return {
      column: column.name,
      operator: '=',
      parameter: column.name,
      isInPath,
      decode: asIs,
      yaml,
      isRequired: true,
    };
  }
  const takesList = random.chance(0.5);
  const list = takesList ? `["=", in], separator: "|"${random.chance(0.5) ? ', batch: 3' : ''}` : '["="]';
  const yaml = `{ operators: ${list}, query: ${column.name}, required: true }`;
  return {
    column: column.name,
    operator: 'in',
    parameter: column.name,
    isInPath,
    decode: asIs,
    yaml,
    isRequired: true,
  };
}

function makeFilter(random: Random, column: FuzzColumn): FuzzFilter {
  const base = { column: column.name, isInPath: false, isRequired: false, decode: asIs };
  const exact = `${random.chance(0.2) ? ', exact: false' : ''}${random.chance(0.25) ? `, max: ${random.int(1, 12)}` : ''}`;
  if (column.type === 'bool') {
    const yaml = `{ operators: ["="], query: f, values: { true: "1", false: "0" }${exact} }`;
    return { ...base, operator: '=', parameter: 'f', decode: (text) => (text === '1' ? 'true' : 'false'), yaml };
  }
  const kind = random.int(0, 4);
  if (kind === 0) {
    return {
      ...base,
      operator: '=',
      parameter: column.name,
      yaml: `{ operators: ["="], query: ${column.name}${exact} }`,
    };
  }
  if (kind === 1) {
    const batch = random.chance(0.5) ? `, batch: ${random.int(1, 4)}` : '';
    const yaml = `{ operators: ["=", in], query: ${column.name}, separator: "|"${batch}${exact} }`;
    return { ...base, operator: 'in', parameter: column.name, yaml };
  }
  if (kind === 2) {
    const operator = random.pick(['<>', '<', '<=', '>', '>='] as const);
    const isUnix = column.type === 'ts' && random.chance(0.5);
    const format = isUnix ? ', format: unix' : '';
    const yaml = `{ operators: ["${operator}"], query: ${column.name}_is${format}${exact} }`;
    const decode = isUnix ? (text: string) => new Date(Number(text) * 1000).toISOString() : asIs;
    return { ...base, operator, parameter: `${column.name}_is`, decode, yaml };
  }
  const like = column.type === 'text' ? ', like, ilike' : '';
  const operators = `["=", "<>", "<", "<=", ">", ">=", in, is_null, is_not_null${like}]`;
  const yaml = `{ operators: ${operators}, query: filter, template: "{column} {operator} '{value}'", separator: "','"${exact} }`;
  return { ...base, operator: null, parameter: 'filter', yaml };
}
