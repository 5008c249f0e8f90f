import { type CoercedColumn, makeCoercer, PLAIN_VALUES } from '../coerce/coercer.js';
import { GatewayError } from '../errors.js';
import type { ScalarName, SqlType } from '../sql-type.js';
import { equalsBytes, textOrder } from './bytes-order.js';
import type { CellOrder, CellPredicate, ComparisonOperator } from './contract.js';
import { decimalOrder } from './decimal-order.js';
import { doubleOrder, realOrder } from './float-order.js';
import { dateOrder, timeOrder, timestampOrder } from './time-order.js';

export type { CellPredicate, ComparisonOperator } from './contract.js';

/** Makes the order against a constant in canonical text. */
type OrderFactory = (constant: Buffer) => CellOrder;

const ORDERS: Partial<Record<ScalarName, OrderFactory>> = {
  text: textOrder,
  varchar: textOrder,
  // One byte, and f sorts before t.
  boolean: textOrder,
  smallint: decimalOrder,
  integer: decimalOrder,
  bigint: decimalOrder,
  numeric: decimalOrder,
  real: realOrder,
  double: doubleOrder,
  date: dateOrder,
  time: timeOrder,
  timestamp: timestampOrder,
  timestamptz: timestampOrder,
  // Canonical UUIDs sort as their bytes do: all have the same length and lower-case digits.
  uuid: textOrder,
};

/** The types whose equal values have equal canonical text. */
const IS_TEXT_UNIQUE: ReadonlySet<ScalarName> = new Set([
  'text',
  'varchar',
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
]);

/**
 * The predicate `cell operator constant` for cells of `type`, as PostgreSQL decides it with both sides of that very type (for
 * numeric, the constant is not rounded to the column's scale; text compares bytewise, as C.UTF-8 does). Null where this has to
 * be left to the engine: types without an order here (json, jsonb, bytea, arrays), and a constant that is not of the type.
 */
export function comparator(type: SqlType, operator: ComparisonOperator, constant: string): CellPredicate | null {
  const makeOrder = type.isArray ? undefined : ORDERS[type.scalar];
  if (makeOrder === undefined) return null;
  const text = canonicalConstant(type, constant);
  if (text === null) return null;
  const bytes = Buffer.from(text, 'utf8');
  if (IS_TEXT_UNIQUE.has(type.scalar)) {
    if (operator === '=') return equalsBytes(bytes);
    if (operator === '<>') {
      const equals = equalsBytes(bytes);
      return (cell, start, end) => !equals(cell, start, end);
    }
  }
  const order = makeOrder(bytes);
  switch (operator) {
    case '=':
      return (cell, start, end) => order(cell, start, end) === 0;
    case '<>':
      return (cell, start, end) => order(cell, start, end) !== 0;
    case '<':
      return (cell, start, end) => order(cell, start, end) < 0;
    case '<=':
      return (cell, start, end) => order(cell, start, end) <= 0;
    case '>':
      return (cell, start, end) => order(cell, start, end) > 0;
    case '>=':
      return (cell, start, end) => order(cell, start, end) >= 0;
  }
}

/** Whether values of the type have an order here. */
export function hasCellOrder(type: SqlType): boolean {
  return !type.isArray && ORDERS[type.scalar] !== undefined;
}

/** Whether values of the type are equal exactly when their canonical texts are. */
export function hasUniqueText(type: SqlType): boolean {
  return !type.isArray && IS_TEXT_UNIQUE.has(type.scalar);
}

/** The order of the type's cells against a cell; null where `hasCellOrder` is false. */
export function cellOrder(type: SqlType, cell: Buffer): CellOrder | null {
  return type.isArray ? null : (ORDERS[type.scalar]?.(cell) ?? null);
}

/** The constant as its type prints it, without the column's length, precision and scale; null when it is not of the type. */
function canonicalConstant(type: SqlType, constant: string): string | null {
  // A smallint column may be compared with any integer.
  const scalar = type.scalar === 'smallint' || type.scalar === 'integer' ? 'bigint' : type.scalar;
  const column: CoercedColumn = {
    type: { scalar, isArray: false, maxLength: null, precision: null, scale: null },
    ...PLAIN_VALUES,
  };
  try {
    return makeCoercer(column).fromString(constant);
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}
