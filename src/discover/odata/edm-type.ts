import type { Csdl, CsdlProperty } from './csdl.js';

/** How a property becomes a column, and how its values are written in `$filter`. */
export interface EdmColumn {
  readonly type: string;
  /** The literal with `{value}` in it; null where the property cannot be filtered safely. */
  readonly literal: string | null;
  /** Whether `<` and its like order values as SQL does. */
  readonly isOrdered: boolean;
  /** A text, which a service may compare by rules of its own. */
  readonly isText?: boolean;
}

interface Primitive {
  readonly type: string;
  readonly literal?: string;
  readonly isOrdered?: boolean;
}

const PRIMITIVES: Readonly<Record<string, Primitive>> = {
  'Edm.Boolean': { type: 'boolean', literal: '{value}' },
  'Edm.Byte': { type: 'smallint', literal: '{value}', isOrdered: true },
  'Edm.SByte': { type: 'smallint', literal: '{value}', isOrdered: true },
  'Edm.Int16': { type: 'smallint', literal: '{value}', isOrdered: true },
  'Edm.Int32': { type: 'integer', literal: '{value}', isOrdered: true },
  'Edm.Int64': { type: 'bigint', literal: '{value}', isOrdered: true },
  'Edm.Single': { type: 'real' },
  'Edm.Double': { type: 'double precision', literal: '{value}', isOrdered: true },
  'Edm.Date': { type: 'date', literal: '{value}', isOrdered: true },
  'Edm.DateTimeOffset': { type: 'timestamptz', literal: '{value}', isOrdered: true },
  'Edm.TimeOfDay': { type: 'time', literal: '{value}' },
  'Edm.Guid': { type: 'uuid', literal: '{value}' },
  'Edm.Duration': { type: 'text' },
  'Edm.Binary': { type: 'text' },
};
/** Literals of versions 2 and 3. */
const OLD_LITERALS: Readonly<Record<string, string>> = {
  'Edm.Guid': "guid'{value}'",
  'Edm.DateTimeOffset': "datetimeoffset'{value}'",
  'Edm.Int64': '{value}L',
};

/** The column of a property; null for one that has no value of its own, such as a stream. */
export function edmColumn(property: CsdlProperty, csdl: Csdl): EdmColumn | null {
  const type = csdl.definitions.get(property.type) ?? property.type;
  if (type === 'Edm.Stream' || type === 'Edm.Untyped') return null;
  if (csdl.enums.has(type)) {
    const literal = csdl.version >= 4 ? `${type}'{value}'` : null;
    return { type: 'text', literal, isOrdered: false };
  }
  if (type === 'Edm.String')
    return { type: stringType(property), literal: "'{value}'", isOrdered: false, isText: true };
  if (type === 'Edm.Decimal') {
    return { type: decimalType(property), literal: csdl.version >= 4 ? '{value}' : '{value}M', isOrdered: true };
  }
  // Old services write it as /Date(ms)/, which no column type reads.
  if (type === 'Edm.DateTime') {
    return csdl.version === 3
      ? { type: 'timestamp', literal: "datetime'{value}'", isOrdered: true }
      : { type: 'text', literal: null, isOrdered: false };
  }
  if (type === 'Edm.DateTimeOffset' && csdl.version === 2) return { type: 'text', literal: null, isOrdered: false };
  const primitive = PRIMITIVES[type];
  if (primitive === undefined) return { type: 'json', literal: null, isOrdered: false };
  const literal = (csdl.version < 4 ? OLD_LITERALS[type] : undefined) ?? primitive.literal ?? null;
  return { type: primitive.type, literal, isOrdered: primitive.isOrdered ?? false };
}

function stringType({ maxLength }: CsdlProperty): string {
  return maxLength !== null && maxLength > 0 && maxLength <= 10_485_760 ? `varchar(${maxLength})` : 'text';
}

function decimalType({ precision, scale }: CsdlProperty): string {
  return precision !== null && precision > 0 && precision <= 1000 && scale !== null && scale <= precision
    ? `numeric(${precision},${scale})`
    : 'numeric';
}
