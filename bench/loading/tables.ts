/** A column, and the canonical text of its n-th value. */
interface LoadedColumn {
  readonly type: string;
  readonly text: (row: number) => string;
}

const two = (value: number): string => String(value).padStart(2, '0');
const day = (row: number): string => `20${two(row % 27)}-${two(1 + (row % 12))}-${two(1 + (row % 28))}`;
const time = (row: number): string => `${two(row % 24)}:${two(row % 60)}:${two((row * 7) % 60)}`;

const VALUES: Readonly<Record<string, LoadedColumn['text']>> = {
  text: (row) => `customer name ${row}`,
  'varchar(40)': (row) => `customer ${row}`,
  boolean: (row) => (row % 2 === 0 ? 't' : 'f'),
  smallint: (row) => String(row % 30_000),
  integer: (row) => String(row * 17),
  bigint: (row) => String(row * 7919),
  'numeric(12,2)': (row) => (row * 1.37).toFixed(2),
  real: (row) => String((row % 10_000) / 8),
  double: (row) => String((row % 100_000) / 8),
  date: day,
  time,
  timestamp: (row) => `${day(row)} ${time(row)}`,
  timestamptz: (row) => `${day(row)} ${time(row)}+00`,
  uuid: (row) => `a0eebc99-9c0b-4ef8-bb6d-${String(row).padStart(12, '0')}`,
  json: (row) => `{"a": ${row}, "b": ["x", "y"], "c": "text"}`,
  jsonb: (row) => `{"a": ${row}, "b": ["x", "y"], "c": "text"}`,
  bytea: (row) => `\\x${row.toString(16).padStart(8, '0').repeat(4)}`,
  'text[]': (row) => `{tag${row % 7},"two words",x}`,
  'integer[]': (row) => `{${row},2,3}`,
};

/** Four columns of each type, and a table of several. */
export const TABLES: readonly {
  readonly name: string;
  readonly cells: number;
  readonly columns: readonly LoadedColumn[];
}[] = [
  ...Object.keys(VALUES).map((type) => named(type, [type, type, type, type])),
  {
    name: 'text of 100 bytes',
    cells: 4,
    columns: Array.from({ length: 4 }, () => ({ type: 'text', text: (row) => String(row).padStart(100, 'text ') })),
  },
  named(
    'a table of orders',
    'bigint bigint text text numeric(12,2) text timestamptz boolean integer text json'.split(' '),
  ),
];

function named(name: string, types: readonly string[]): (typeof TABLES)[number] {
  return { name, cells: types.length, columns: types.map((type) => ({ type, text: VALUES[type]! })) };
}
