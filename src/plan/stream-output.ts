import type { ColumnModel } from '../config/model.js';
import type { ScalarName, SqlType } from '../core/sql-type.js';
import type { OutputSettings } from './constants.js';
import { cachedExpression, columnUse, constantOf, typeNameOf } from './expression-nodes.js';
import type { Node } from './syntax.js';

/** An output column that the stream path can write, and its type. */
export type StreamOutput =
  | { readonly type: 'cell'; readonly cell: number; readonly as: SqlType }
  | { readonly type: 'constant'; readonly text: string | null; readonly as: SqlType };

/** What an expression of EXPLAIN's Output puts out, with the column's name in the place of its cell. */
export type ReadOutput =
  | { readonly type: 'column'; readonly column: string; readonly as: SqlType }
  | Extract<StreamOutput, { type: 'constant' }>;

/** Scalar types by the names that EXPLAIN's casts have for the parser. */
const TYPES: Readonly<Record<string, ScalarName>> = {
  text: 'text',
  varchar: 'varchar',
  bool: 'boolean',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  numeric: 'numeric',
  date: 'date',
  timestamp: 'timestamp',
  time: 'time',
  uuid: 'uuid',
};

/** Casts after which the canonical text is the same, by the column's type. Booleans print as `true`, floats and times by settings. */
const SAME_TEXT: Readonly<Partial<Record<ScalarName, readonly ScalarName[]>>> = {
  text: ['text', 'varchar'],
  varchar: ['text', 'varchar'],
  smallint: ['integer', 'bigint', 'numeric', 'text', 'varchar'],
  integer: ['bigint', 'numeric', 'text', 'varchar'],
  bigint: ['numeric', 'text', 'varchar'],
  numeric: ['text', 'varchar'],
  uuid: ['text', 'varchar'],
  json: ['text', 'varchar'],
  jsonb: ['text', 'varchar'],
};

/** Types whose constants EXPLAIN prints in a form that depends on DateStyle. */
const DATES: ReadonlySet<ScalarName> = new Set(['date', 'timestamp']);

/**
 * Reads an output expression that is a column, a column in a cast that leaves its text alone, or a constant.
 * @returns null for anything else
 */
export function readOutput(
  expression: string,
  alias: string,
  columns: ReadonlyMap<string, ColumnModel>,
  settings: OutputSettings,
): ReadOutput | null {
  const tree = cachedExpression(expression);
  if (tree === null) return null;
  const use = columnUse(tree, alias);
  if (use === null) return readConstant(tree, settings);
  const column = columns.get(use.column);
  if (column === undefined) return null;
  if (use.cast === null) return { type: 'column', column: use.column, as: column.type };
  const scalar = Object.hasOwn(TYPES, use.cast) ? TYPES[use.cast]! : null;
  const isSame = scalar !== null && !column.type.isArray && (SAME_TEXT[column.type.scalar]?.includes(scalar) ?? false);
  return isSame ? { type: 'column', column: use.column, as: plainType(scalar) } : null;
}

function readConstant(tree: Node, settings: OutputSettings): ReadOutput | null {
  const cast = tree.TypeCast as Node | undefined;
  const inner = (cast?.arg as Node | undefined)?.A_Const as Node | undefined;
  const castType = cast === undefined ? null : typeNameOf(cast.typeName as Node);
  if (inner?.isnull === true && castType !== null && Object.hasOwn(TYPES, castType)) {
    return { type: 'constant', text: null, as: plainType(TYPES[castType]!) };
  }
  const constant = constantOf(tree);
  if (constant === null) return null;
  const { text, typeName } = constant;
  const scalar = typeName === null ? literalType(text) : Object.hasOwn(TYPES, typeName) ? TYPES[typeName]! : null;
  if (scalar === null || (DATES.has(scalar) && !settings.hasIsoDates)) return null;
  // A cast to varchar(4) or numeric(9,2) is folded: what EXPLAIN prints is the value after it.
  const printed = scalar === 'boolean' ? (text === 't' || text === 'true' ? 't' : 'f') : text;
  return { type: 'constant', text: printed, as: plainType(scalar) };
}

/** The type of a literal that EXPLAIN prints without a cast. */
function literalType(text: string): ScalarName | null {
  if (text === 't' || text === 'f') return 'boolean';
  if (/^\d+$/.test(text)) return Number(text) <= 2_147_483_647 ? 'integer' : null;
  return /^\d+\.\d+$/.test(text) ? 'numeric' : null;
}

function plainType(scalar: ScalarName): SqlType {
  return { scalar, isArray: false, maxLength: null, precision: null, scale: null };
}
