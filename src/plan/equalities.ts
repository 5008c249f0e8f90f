import type { SqlType } from '../core/sql-type.js';
import { cachedExpression, flattenAnd, typeNameOf } from './expression-nodes.js';
import { type Node, stringList } from './syntax.js';

/** A column by its table's alias in the plan; of a subplan's value the alias is `InitPlan 1`, the column `col1`. */
export interface ColumnOfTable {
  readonly alias: string;
  readonly column: string;
  /** The types that it is cast to, one after another; which of them keep its values depends on its own type. */
  readonly casts: readonly string[];
}

/** One side of an equality. */
export interface EqualSide extends ColumnOfTable {
  /** False: the value is one of the column's (`max(a.x)`), but not that of the row. */
  readonly isOwn: boolean;
}

/** `a.x = b.y`. */
export interface ColumnEquality {
  readonly left: EqualSide;
  readonly right: EqualSide;
}

/** The equalities between columns of tables among the conditions, joined by AND, of an expression of EXPLAIN. */
export function readEqualities(expression: string | undefined): ColumnEquality[] {
  const tree = expression === undefined ? null : cachedExpression(withSubplanColumns(expression));
  if (tree === null) return [];
  return flattenAnd(tree).flatMap((node) => {
    const body = node.A_Expr as Node | undefined;
    const isEquality = body?.kind === 'AEXPR_OP' || body?.kind === 'AEXPR_OP_ANY';
    if (body === undefined || !isEquality || stringList(body.name).join() !== '=') return [];
    const left = sideOf(body.lexpr as Node);
    const right = sideOf(body.rexpr as Node);
    if (left === null || right === null) return [];
    // Of arrays only those are read that a subplan makes of its rows.
    if (body.kind === 'AEXPR_OP_ANY' && !right.alias.startsWith('InitPlan ')) return [];
    return [{ left, right }];
  });
}

/** The column whose values a single expression of EXPLAIN has, cast or as the least or greatest of several; else null. */
export function readColumn(expression: string): ColumnOfTable | null {
  const side = sideOf(cachedExpression(withSubplanColumns(expression)) ?? undefined);
  return side === null ? null : { alias: side.alias, column: side.column, casts: side.casts };
}

const QUOTED = /('(?:[^']|'')*'|"(?:[^"]|"")*")/;

/** EXPLAIN prints the value of a subplan as `(InitPlan 1).col1`, which the parser does not take. */
function withSubplanColumns(expression: string): string {
  if (!expression.includes('(InitPlan ')) return expression;
  const pieces = expression.split(QUOTED);
  return pieces.map((piece, at) => (at % 2 === 1 ? piece : piece.replace(/\((InitPlan \d+)\)\./g, '"$1".'))).join('');
}

/** The types that values of some types can be cast to and back again. */
const HARMLESS_CASTS = new Set(['text', 'int4', 'int8', 'numeric']);
const CHOOSING = new Set(['min', 'max']);

function sideOf(node: Node | undefined): EqualSide | null {
  const cast = node?.TypeCast as Node | undefined;
  if (cast !== undefined) {
    const type = cast.typeName as Node;
    const name = typeNameOf(type);
    const inner = HARMLESS_CASTS.has(name) && type.typmods === undefined ? sideOf(cast.arg as Node) : null;
    return inner === null ? null : { ...inner, casts: [...inner.casts, name] };
  }
  const call = node?.FuncCall as Node | undefined;
  if (call !== undefined) {
    const [argument, ...others] = (call.args as Node[] | undefined) ?? [];
    const isChoice = CHOOSING.has(stringList(call.funcname).join('.')) && others.length === 0;
    const chosen = isChoice ? sideOf(argument) : null;
    return chosen === null ? null : { ...chosen, isOwn: false };
  }
  const names = stringList((node?.ColumnRef as Node | undefined)?.fields);
  if (names.length !== 2 || names[1] === '*') return null;
  return { alias: names[0]!, column: names[1]!, casts: [], isOwn: true };
}

/** Whether two values of the type are cast to the same one only if they are the same, and keep their text by that. */
export function keepsValues({ scalar }: SqlType, casts: readonly string[]): boolean {
  const isWhole = scalar === 'smallint' || scalar === 'integer' || scalar === 'bigint';
  return isWhole || casts.every((name) => name === 'text');
}
