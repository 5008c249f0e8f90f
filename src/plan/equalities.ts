import { cachedExpression, flattenAnd, typeNameOf } from './expression-nodes.js';
import { type Node, stringList } from './syntax.js';

/** A column by its table's alias in the plan. */
export interface ColumnOfTable {
  readonly alias: string;
  readonly column: string;
}

/** `a.x = b.y`. */
export interface ColumnEquality {
  readonly left: ColumnOfTable;
  readonly right: ColumnOfTable;
}

/** The equalities between columns of tables among the conditions, joined by AND, of an expression of EXPLAIN. */
export function readEqualities(expression: string | undefined): ColumnEquality[] {
  const tree = expression === undefined ? null : cachedExpression(expression);
  if (tree === null) return [];
  return flattenAnd(tree).flatMap((node) => {
    const body = node.A_Expr as Node | undefined;
    if (body?.kind !== 'AEXPR_OP' || stringList(body.name).join() !== '=') return [];
    const left = qualifiedColumn(body.lexpr as Node);
    const right = qualifiedColumn(body.rexpr as Node);
    return left === null || right === null ? [] : [{ left, right }];
  });
}

/** The types that a column may be cast to without another meaning of its values; who uses them compares the columns' own. */
const HARMLESS_CASTS = new Set(['text', 'int4', 'int8', 'numeric']);

function qualifiedColumn(node: Node | undefined): ColumnOfTable | null {
  const cast = node?.TypeCast as Node | undefined;
  if (cast !== undefined) {
    const type = cast.typeName as Node;
    return HARMLESS_CASTS.has(typeNameOf(type)) && type.typmods === undefined
      ? qualifiedColumn(cast.arg as Node)
      : null;
  }
  const names = stringList((node?.ColumnRef as Node | undefined)?.fields);
  return names.length === 2 && names[1] !== '*' ? { alias: names[0]!, column: names[1]! } : null;
}
