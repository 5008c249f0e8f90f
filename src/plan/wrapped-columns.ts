import type { Condition } from './condition.js';
import type { CompareOperator } from './expression-nodes.js';
import { bareColumnName, type Constant, columnUse, constantOf, flattenAnd } from './expression-nodes.js';
import { likeMatcher } from './like-matcher.js';
import { type Node, stringList } from './syntax.js';

/** Reads a part of the same expression that is not an AND. */
type Read = (node: Node) => Condition[];

const OTHER: Condition = { type: 'other' };

/**
 * Reads conditions on what tools put around columns: `coalesce(x, '') = 'a'`, `(a, b) > (1, 2)`, `x IS NOT DISTINCT FROM 'a'`,
 * `(x = 'a') IS TRUE`, `starts_with(x, 'a')`.
 * @returns null: it is of none of these forms
 */
export function readWrapped(kind: string, body: Node, alias: string, read: Read): Condition[] | null {
  switch (kind) {
    case 'A_Expr':
      return readComparison(body, alias, read);
    case 'BoolExpr':
      return body.boolop === 'NOT_EXPR' ? readNegated((body.args as Node[])[0]!, alias, read) : null;
    case 'BooleanTest':
      return body.booltesttype === 'IS_TRUE' ? flattenAnd(body.arg as Node).flatMap(read) : null;
    case 'CoalesceExpr':
      return readTruth(body, alias, true);
    case 'FuncCall':
      return stringList(body.funcname).at(-1) === 'starts_with'
        ? readPrefix((body.args as Node[])[0], (body.args as Node[])[1], alias)
        : null;
    case 'CaseExpr':
      return readCase(body, read);
    default:
      return null;
  }
}

/** What follows from a condition that says more. */
function implied(conditions: readonly Condition[]): Condition[] {
  return [
    OTHER,
    ...conditions.flatMap((condition) =>
      condition.type === 'other' ? [] : [{ ...condition, isImplied: true as const }],
    ),
  ];
}

function readNegated(node: Node, alias: string, read: Read): Condition[] | null {
  const coalesce = node.CoalesceExpr as Node | undefined;
  if (coalesce !== undefined) return readTruth(coalesce, alias, false);
  const body = node.A_Expr as Node | undefined;
  // With NULL on both sides the planner makes IS NULL of it.
  return body?.kind === 'AEXPR_DISTINCT' ? read(equality(body)) : null;
}

function equality(body: Node): Node {
  return { A_Expr: { ...body, kind: 'AEXPR_OP', name: [{ String: { sval: '=' } }] } };
}

/** `coalesce(paid, false)`. */
function readTruth(coalesce: Node, alias: string, wanted: boolean): Condition[] | null {
  const [argument, other, ...more] = coalesce.args as Node[];
  const column = bareColumnName(argument, alias);
  const substitute = constantOf(other);
  if (column === null || substitute?.text !== (wanted ? 'f' : 't') || more.length > 0) return null;
  return implied([{ type: 'boolean', column, cast: null, value: wanted }]);
}

/** `CASE WHEN x = 'a' THEN true ELSE false END`. */
function readCase({ arg, args, defresult }: Node, read: Read): Condition[] | null {
  const [first, ...others] = (args as Node[]).map((item) => item.CaseWhen as Node);
  const isElse = defresult !== undefined && constantOf(defresult as Node)?.text !== 'f' && !isNull(defresult as Node);
  if (arg !== undefined || others.length > 0 || isElse || constantOf(first!.result as Node)?.text !== 't') return null;
  return implied(flattenAnd(first!.expr as Node).flatMap(read));
}

function isNull(node: Node): boolean {
  const cast = node.TypeCast as Node | undefined;
  return ((cast === undefined ? node : (cast.arg as Node)).A_Const as Node | undefined)?.isnull === true;
}

function readComparison(body: Node, alias: string, read: Read): Condition[] | null {
  const [left, right] = [body.lexpr, body.rexpr] as (Node | undefined)[];
  const [operator, ...others] = stringList(body.name);
  if (others.length > 0) return null;
  if (body.kind === 'AEXPR_OP_ALL' && operator === '<>') return readNoneOf(body, alias);
  if (body.kind !== 'AEXPR_OP' && body.kind !== 'AEXPR_OP_ANY') return null;
  if (left?.RowExpr !== undefined && right?.RowExpr !== undefined)
    return readRows(left.RowExpr as Node, right.RowExpr as Node, operator!, read);
  if (operator === '^@') return readPrefix(left, right, alias);
  const call = left?.FuncCall as Node | undefined;
  if (
    operator === '=' &&
    body.kind === 'AEXPR_OP' &&
    call !== undefined &&
    stringList(call.funcname).at(-1) === 'left'
  ) {
    const [argument, length] = call.args as Node[];
    return Number(constantOf(length)?.text) > 0 ? readPrefix(argument, right, alias) : null;
  }
  const unwrapped = unwrap(left, alias);
  if (unwrapped === null) return null;
  const inner = read({ A_Expr: { ...body, lexpr: unwrapped.column } });
  const { substitute } = unwrapped;
  return substitute === null || inner.every((condition) => excludes(condition, substitute)) ? implied(inner) : null;
}

/** At most so many `<>` are sent for `NOT IN`. */
const MOST_EXCLUDED = 20;

/** `x <> ALL ('{a,b}')` is `x <> 'a'` and `x <> 'b'`. */
function readNoneOf(body: Node, alias: string): Condition[] | null {
  const use = columnUse(body.lexpr as Node, alias);
  const list = constantOf(body.rexpr as Node);
  if (use === null || list?.typeName?.endsWith('[]') !== true) return null;
  const elements = /^\{[^{}"\\]*\}$/.test(list.text) ? list.text.slice(1, -1).split(',') : [];
  // Behind a NULL in the list no row passes.
  if (elements.length > MOST_EXCLUDED || elements.some((text) => text === '' || /^null$/i.test(text))) return null;
  const typeName = list.typeName.slice(0, -2);
  return implied(
    elements.map((text) => ({ type: 'compare', ...use, operator: '<>', value: { text, typeName } }) as const),
  );
}

const WIDENED: Readonly<Record<string, CompareOperator>> = { '<': '<=', '<=': '<=', '>': '>=', '>=': '>=' };

/** `(a, b) > (1, 2)`: `a` is at least 1. */
function readRows(left: Node, right: Node, operator: string, read: Read): Condition[] | null {
  const widened = WIDENED[operator];
  const [own] = left.args as Node[];
  const [other] = right.args as Node[];
  if (widened === undefined || own === undefined || other === undefined) return null;
  const name = [{ String: { sval: widened } }];
  return implied(read({ A_Expr: { kind: 'AEXPR_OP', name, lexpr: own, rexpr: other } }));
}

/** Texts that begin with a constant. */
function readPrefix(column: Node | undefined, prefix: Node | undefined, alias: string): Condition[] | null {
  const use = columnUse(column, alias);
  const value = constantOf(prefix);
  // How an API wants the marks of patterns escaped is not known.
  if (
    use === null ||
    value === null ||
    !['text', 'varchar'].includes(value.typeName ?? '') ||
    /[\\%_]/.test(value.text)
  )
    return null;
  return implied([{ type: 'like', ...use, operator: 'like', value: { text: `${value.text}%`, typeName: 'text' } }]);
}

/** The column in `coalesce(x, 'a')` and what stands for its NULLs, or in `nullif(x, 'a')`. */
function unwrap(
  node: Node | undefined,
  alias: string,
): { readonly column: Node; readonly substitute: Constant | null } | null {
  const cast = node?.TypeCast as Node | undefined;
  if (cast !== undefined) {
    const inner = unwrap(cast.arg as Node, alias);
    return inner === null ? null : { ...inner, column: { TypeCast: { ...cast, arg: inner.column } } };
  }
  const nullif = node?.A_Expr as Node | undefined;
  if (nullif?.kind === 'AEXPR_NULLIF') {
    const column = nullif.lexpr as Node;
    return columnUse(column, alias) === null ? null : { column, substitute: null };
  }
  const [column, other, ...others] = ((node?.CoalesceExpr as Node | undefined)?.args as Node[] | undefined) ?? [];
  const substitute = constantOf(other);
  if (column === undefined || columnUse(column, alias) === null || substitute === null || others.length > 0)
    return null;
  return { column, substitute };
}

/** Whether a value that stands for NULLs certainly does not satisfy the condition. */
function excludes(condition: Condition, value: Constant): boolean {
  switch (condition.type) {
    case 'compare': {
      const order = orderOf(value, condition.value);
      if (order === null) return false;
      return !holds(order, condition.operator);
    }
    case 'in':
      return condition.values.every((text) => {
        const order = orderOf(value, { text, typeName: condition.typeName });
        return order !== null && order !== 0;
      });
    case 'like': {
      const test = condition.operator === 'like' ? likeMatcher(condition.value.text) : null;
      const bytes = Buffer.from(value.text);
      return test !== null && !test(bytes, 0, bytes.length);
    }
    default:
      return false;
  }
}

function holds(order: number, operator: CompareOperator): boolean {
  if (operator === '<>') return order !== 0;
  return (
    (order === 0 && operator.includes('=')) ||
    (order < 0 ? operator.startsWith('<') : order > 0 && operator.startsWith('>'))
  );
}

const TEXTS = new Set(['text', 'varchar']);
const NUMBERS = new Set([null, 'int2', 'int4', 'int8', 'numeric']);

/** How two constants that the engine compares are ordered; null: it is not known here. */
function orderOf(a: Constant, b: Constant): number | null {
  if (TEXTS.has(a.typeName ?? '') && TEXTS.has(b.typeName ?? ''))
    return Buffer.compare(Buffer.from(a.text), Buffer.from(b.text));
  const areNumbers = [a, b].every(
    ({ text, typeName }) => NUMBERS.has(typeName) && /^-?\d{1,9}(?:\.\d{1,6})?$/.test(text),
  );
  if (areNumbers) return Number(a.text) - Number(b.text);
  const areDays = [a, b].every(({ text, typeName }) => typeName === 'date' && /^\d{4}-\d\d-\d\d$/.test(text));
  return areDays ? Buffer.compare(Buffer.from(a.text), Buffer.from(b.text)) : null;
}
