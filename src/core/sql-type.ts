/** The scalar type names a DSN can use, by their PostgreSQL OID and the name the engine prints (`format_type`). */
export const SCALAR_TYPES = {
  text: { oid: 25, arrayOid: 1009, sql: 'text' },
  varchar: { oid: 1043, arrayOid: 1015, sql: 'character varying' },
  boolean: { oid: 16, arrayOid: 1000, sql: 'boolean' },
  smallint: { oid: 21, arrayOid: 1005, sql: 'smallint' },
  integer: { oid: 23, arrayOid: 1007, sql: 'integer' },
  bigint: { oid: 20, arrayOid: 1016, sql: 'bigint' },
  numeric: { oid: 1700, arrayOid: 1231, sql: 'numeric' },
  real: { oid: 700, arrayOid: 1021, sql: 'real' },
  double: { oid: 701, arrayOid: 1022, sql: 'double precision' },
  date: { oid: 1082, arrayOid: 1182, sql: 'date' },
  time: { oid: 1083, arrayOid: 1183, sql: 'time without time zone' },
  timestamp: { oid: 1114, arrayOid: 1115, sql: 'timestamp without time zone' },
  timestamptz: { oid: 1184, arrayOid: 1185, sql: 'timestamp with time zone' },
  uuid: { oid: 2950, arrayOid: 2951, sql: 'uuid' },
  json: { oid: 114, arrayOid: 199, sql: 'json' },
  jsonb: { oid: 3802, arrayOid: 3807, sql: 'jsonb' },
  bytea: { oid: 17, arrayOid: 1001, sql: 'bytea' },
} as const;

export type ScalarName = keyof typeof SCALAR_TYPES;

/** A column's SQL type. */
export interface SqlType {
  readonly scalar: ScalarName;
  readonly isArray: boolean;
  /** varchar(n): n characters. */
  readonly maxLength: number | null;
  /** numeric(p,s). */
  readonly precision: number | null;
  readonly scale: number | null;
}

const ALIASES: Readonly<Record<string, ScalarName>> = {
  'character varying': 'varchar',
  string: 'text',
  bool: 'boolean',
  int2: 'smallint',
  int: 'integer',
  int4: 'integer',
  int8: 'bigint',
  decimal: 'numeric',
  float4: 'real',
  float8: 'double',
  'double precision': 'double',
  'time without time zone': 'time',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
};

const TYPE_PATTERN = /^([a-z][a-z0-9 ]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?\))?\s*(\[\])?$/;

/** Reads a type as DSN files and PostgreSQL write it (`numeric(10,2)`, `varchar(40)[]`); null when it is none. */
export function parseSqlType(text: string): SqlType | null {
  const match = TYPE_PATTERN.exec(text.trim().toLowerCase().replace(/\s+/g, ' '));
  if (!match) return null;
  const name = match[1]!;
  const scalar = Object.hasOwn(ALIASES, name)
    ? ALIASES[name]!
    : Object.hasOwn(SCALAR_TYPES, name)
      ? (name as ScalarName)
      : null;
  if (scalar === null) return null;
  const first = match[2] === undefined ? null : Number(match[2]);
  const second = match[3] === undefined ? null : Number(match[3]);
  const isArray = match[4] !== undefined;
  if (scalar === 'varchar') {
    if (second !== null || first === 0 || (first ?? 0) > 10485760) return null;
    return { scalar, isArray, maxLength: first, precision: null, scale: null };
  }
  if (scalar === 'numeric') {
    if (first !== null && (first < 1 || first > 1000 || Math.abs(second ?? 0) > 1000)) return null;
    return { scalar, isArray, maxLength: null, precision: first, scale: first === null ? null : (second ?? 0) };
  }
  return first === null ? { scalar, isArray, maxLength: null, precision: null, scale: null } : null;
}

/** The type as DDL writes it. */
export function sqlTypeText(type: SqlType): string {
  const size =
    type.maxLength !== null
      ? `(${type.maxLength})`
      : type.precision !== null
        ? `(${type.precision},${type.scale ?? 0})`
        : '';
  return `${SCALAR_TYPES[type.scalar].sql}${size}${type.isArray ? '[]' : ''}`;
}
