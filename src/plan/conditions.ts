import type { Node } from './syntax.js';
import { parseExpression, stringList } from './syntax.js';

export type CompareOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** A constant as EXPLAIN prints it: its text, and the type it is cast to (last part of the name; null: none). */
export interface Constant {
  readonly text: string;
  readonly typeName: string | null;
}

/** What one condition of a scan says, in the forms that APIs and the stream path can use. */
export type Condition =
  | { readonly type: 'compare'; readonly column: string; readonly operator: CompareOperator; readonly value: Constant }
  | { readonly type: 'in'; readonly column: string; readonly values: readonly string[]; readonly typeName: string }
  | { readonly type: 'like'; readonly column: string; readonly operator: 'like' | 'ilike'; readonly value: Constant }
  | { readonly type: 'null'; readonly column: string; readonly isNull: boolean }
  | { readonly type: 'boolean'; readonly column: string; readonly value: boolean }
  | { readonly type: 'other' };

const OTHER: Condition = { type: 'other' };

/**
 * Reads an expression of EXPLAIN as conditions joined by AND. Columns of table `alias` only; a part that is of no
 * simple form becomes `other`.
 */
export function readConditions(expression: string, alias: string): Condition[] {
  const tree = cachedExpression(expression);
  return tree === null ? [OTHER] : flattenAnd(tree).map((node) => readCondition(node, alias));
}

/** The columns of table `alias` that an expression of EXPLAIN names; `*` stands for the whole row. */
export function columnsNamed(expression: string, alias: string): string[] {
  const simple = SIMPLE_COLUMN.exec(expression);
  if (simple !== null) return (simple[1] ?? alias) === alias ? [simple[2]!] : [];
  const columns: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) visit(item);
    else if (node !== null && typeof node === 'object') {
      const reference = (node as Node).ColumnRef as Node | undefined;
      if (reference !== undefined) {
        const names = stringList(reference.fields);
        if ((names.at(-2) ?? alias) === alias) columns.push(names.at(-1)!);
      } else for (const value of Object.values(node)) visit(value);
    }
  };
  const tree = cachedExpression(expression);
  if (tree === null) return ['*']; // of a form unknown here: it may name any
  visit(tree);
  return columns;
}

/** The column when the expression is nothing but one; else null. */
export function plainColumn(expression: string, alias: string): string | null {
  const simple = SIMPLE_COLUMN.exec(expression);
  if (simple !== null) return (simple[1] ?? alias) === alias ? simple[2]! : null;
  return columnOf(cachedExpression(expression), alias);
}

/**
 * A column as EXPLAIN mostly prints it. It leaves the table's alias out of Output lists when the plan reads only one
 * table, so a name without one is that table's.
 */
const SIMPLE_COLUMN = /^(?:([a-z_][a-z0-9_]*)\.)?(?!(?:true|false|null)$)([a-z_][a-z0-9_]*)$/;

const MAX_CACHED_EXPRESSIONS = 2000;
const expressions = new Map<string, Node | null>();

function cachedExpression(text: string): Node | null {
  let tree = expressions.get(text);
  if (tree === undefined) {
    tree = parseExpression(text);
    if (expressions.size >= MAX_CACHED_EXPRESSIONS) expressions.delete(expressions.keys().next().value!);
    expressions.set(text, tree);
  }
  return tree;
}

function flattenAnd(node: Node): Node[] {
  const bool = node.BoolExpr as Node | undefined;
  return bool?.boolop === 'AND_EXPR' ? (bool.args as Node[]).flatMap(flattenAnd) : [node];
}

function readCondition(node: Node, alias: string): Condition {
  const column = columnOf(node, alias);
  if (column !== null) return { type: 'boolean', column, value: true };
  const [kind, body] = Object.entries(node)[0] as [string, Node];
  switch (kind) {
    case 'A_Expr':
      return readOperator(body, alias);
    case 'NullTest': {
      const tested = columnOf(body.arg as Node, alias);
      return tested === null ? OTHER : { type: 'null', column: tested, isNull: body.nulltesttype === 'IS_NULL' };
    }
    case 'BooleanTest': {
      const tested = columnOf(body.arg as Node, alias);
      if (tested === null || !['IS_TRUE', 'IS_FALSE'].includes(body.booltesttype as string)) return OTHER;
      return { type: 'boolean', column: tested, value: body.booltesttype === 'IS_TRUE' };
    }
    case 'BoolExpr': {
      const negated = body.boolop === 'NOT_EXPR' ? columnOf((body.args as Node[])[0]!, alias) : null;
      return negated === null ? OTHER : { type: 'boolean', column: negated, value: false };
    }
    default:
      return OTHER;
  }
}

const COMPARE_OPERATORS = new Set<string>(['=', '<>', '<', '<=', '>', '>=']);
const COMMUTED: Readonly<Record<CompareOperator, CompareOperator>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function readOperator(body: Node, alias: string): Condition {
  const name = stringList(body.name);
  if (name.length !== 1) return OTHER; // OPERATOR(schema.=): not the type's own
  const operator = name[0]!;
  const left = columnOf(body.lexpr as Node, alias);
  if (body.kind === 'AEXPR_OP_ANY') return left === null ? OTHER : readAny(left, operator, body.rexpr as Node);
  if (body.kind !== 'AEXPR_OP') return OTHER;
  if (left !== null) {
    const value = constantOf(body.rexpr as Node);
    if (value === null) return OTHER;
    if (COMPARE_OPERATORS.has(operator)) {
      return { type: 'compare', column: left, operator: operator as CompareOperator, value };
    }
    if (operator === '~~') return { type: 'like', column: left, operator: 'like', value };
    return operator === '~~*' ? { type: 'like', column: left, operator: 'ilike', value } : OTHER;
  }
  const right = columnOf(body.rexpr as Node, alias);
  const value = constantOf(body.lexpr as Node);
  if (right === null || value === null || !COMPARE_OPERATORS.has(operator)) return OTHER;
  return { type: 'compare', column: right, operator: COMMUTED[operator as CompareOperator], value };
}

/** `column = ANY ('{a,b}'::text[])`. */
function readAny(column: string, operator: string, list: Node): Condition {
  const value = constantOf(list);
  if (operator !== '=' || value?.typeName?.endsWith('[]') !== true) return OTHER;
  const values = readArrayLiteral(value.text);
  // A NULL in the list matches nothing, so leaving it out changes no row that passes.
  if (values === null) return OTHER;
  return {
    type: 'in',
    column,
    values: values.filter((item) => item !== null),
    typeName: value.typeName.slice(0, -2),
  };
}

/** The column behind a relabelling of varchar as text, which changes no value. */
function columnOf(node: Node | null, alias: string): string | null {
  if (node === null || node === undefined) return null;
  const cast = node.TypeCast as Node | undefined;
  if (cast !== undefined && typeNameOf(cast.typeName as Node) === 'text') {
    // EXPLAIN shows real casts to text the same way; the caller checks that the column is a varchar.
    const column = columnOf(cast.arg as Node, alias);
    return column === null ? null : `${column}${TEXT_CAST}`;
  }
  const reference = node.ColumnRef as Node | undefined;
  if (reference === undefined) return null;
  const names = stringList(reference.fields);
  const isOwn = names.length === 1 || (names.length === 2 && names[0] === alias);
  return isOwn && names.at(-1) !== '*' ? names.at(-1)! : null;
}

/** Ends the column name of a condition on `column::text`; cannot be in a real name. */
export const TEXT_CAST = '\0::text';

function constantOf(node: Node | undefined): Constant | null {
  const cast = node?.TypeCast as Node | undefined;
  if (cast !== undefined) {
    const inner = constantOf(cast.arg as Node);
    if (inner === null || inner.typeName !== null) return null;
    return { text: inner.text, typeName: typeNameOf(cast.typeName as Node) };
  }
  const constant = node?.A_Const as Node | undefined;
  if (constant === undefined || constant.isnull === true) return null;
  const { ival, fval, sval, boolval } = constant as Record<string, Record<string, unknown> | undefined>;
  if (ival !== undefined) return { text: String(ival.ival ?? 0), typeName: null };
  if (fval !== undefined) return { text: String(fval.fval), typeName: null };
  if (boolval !== undefined) return { text: boolval.boolval === true ? 't' : 'f', typeName: null };
  return sval === undefined ? null : { text: String(sval.sval ?? ''), typeName: null };
}

function typeNameOf(type: Node): string {
  const name = stringList(type.names).at(-1) ?? '';
  return type.arrayBounds === undefined ? name : `${name}[]`;
}

/** The elements of a one-dimensional array literal as PostgreSQL prints it; null: more dimensions. */
export function readArrayLiteral(text: string): (string | null)[] | null {
  const elements: (string | null)[] = [];
  if (text === '{}') return elements;
  let at = 1;
  while (at < text.length) {
    if (text[at] === '{' || text[at] === '[') return null;
    if (text[at] === '"') {
      let value = '';
      for (at++; text[at] !== '"'; at++) {
        if (text[at] === '\\') at++;
        if (at >= text.length) return null;
        value += text[at];
      }
      elements.push(value);
      at++;
    } else {
      const end = text.slice(at).search(/[,}]/) + at;
      if (end < at) return null;
      const value = text.slice(at, end);
      elements.push(value === 'NULL' ? null : value);
      at = end;
    }
    at++; // the comma or the closing brace
  }
  return elements;
}

interface ColumnOfTable {
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

function qualifiedColumn(node: Node | undefined): ColumnOfTable | null {
  const cast = node?.TypeCast as Node | undefined;
  if (cast !== undefined && typeNameOf(cast.typeName as Node) === 'text') {
    const inner = qualifiedColumn(cast.arg as Node);
    return inner === null ? null : { ...inner, column: `${inner.column}${TEXT_CAST}` };
  }
  const names = stringList((node?.ColumnRef as Node | undefined)?.fields);
  return names.length === 2 && names[1] !== '*' ? { alias: names[0]!, column: names[1]! } : null;
}
