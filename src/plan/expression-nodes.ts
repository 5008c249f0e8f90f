import { type Node, parseExpression, scanTokens, stringList } from './syntax.js';

export type CompareOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** A constant as EXPLAIN prints it: its text, and the type it is cast to (last part of the name; null: none). */
export interface Constant {
  readonly text: string;
  readonly typeName: string | null;
}

/** An expression of EXPLAIN without columns, which the engine has not evaluated: `(now() - '7 days'::interval)`. */
export interface Unevaluated {
  readonly sql: string;
  /** The functions that it calls. */
  readonly functions: readonly string[];
}

/** A column of table `alias` in a condition. */
export interface ColumnUse {
  readonly column: string;
  /** The type that it is cast to; null: none. EXPLAIN shows the relabelling of varchar as text in the same way. */
  readonly cast: string | null;
}

const MAX_CACHED_EXPRESSIONS = 2000;
const expressions = new Map<string, Node | null>();

/** The tree of an expression of EXPLAIN; null: of a form that cannot be read. */
export function cachedExpression(text: string): Node | null {
  let tree = expressions.get(text);
  if (tree === undefined) {
    tree = parseExpression(text);
    if (expressions.size >= MAX_CACHED_EXPRESSIONS) expressions.delete(expressions.keys().next().value!);
    expressions.set(text, tree);
  }
  return tree;
}

/** The parts of an expression that are joined by AND. */
export function flattenAnd(node: Node): Node[] {
  const bool = node.BoolExpr as Node | undefined;
  return bool?.boolop === 'AND_EXPR' ? (bool.args as Node[]).flatMap(flattenAnd) : [node];
}

/** The column that a node is, as it stands or cast once; null: something else. */
export function columnUse(node: Node | null | undefined, alias: string): ColumnUse | null {
  const cast = node?.TypeCast as Node | undefined;
  const typeName = cast?.typeName as Node | undefined;
  // A cast with a length or a scale changes values.
  if (typeName !== undefined && typeName.typmods !== undefined) return null;
  const arg = cast?.arg as Node | undefined;
  // `(x::varchar)::text` is as `x::text`.
  if (arg?.TypeCast !== undefined) {
    const inner = columnUse(arg, alias);
    return inner?.cast === 'varchar' && typeNameOf(typeName!) === 'text' ? { ...inner, cast: 'text' } : null;
  }
  const reference = (cast === undefined ? node : arg)?.ColumnRef as Node | undefined;
  if (reference === undefined) return null;
  const names = stringList(reference.fields);
  const isOwn = names.length === 1 || (names.length === 2 && names[0] === alias);
  if (!isOwn || names.at(-1) === '*') return null;
  return { column: names.at(-1)!, cast: typeName === undefined ? null : typeNameOf(typeName) };
}

/** The column's name when the node is nothing but one. */
export function bareColumnName(node: Node | null | undefined, alias: string): string | null {
  const use = columnUse(node, alias);
  return use === null || use.cast !== null ? null : use.column;
}

/** A literal, cast once or not at all; null: anything else, and NULL. */
export function constantOf(node: Node | undefined): Constant | null {
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

/** A type's name as the parser has it (`timestamptz`), with `[]` for an array. */
export function typeNameOf(type: Node): string {
  const name = stringList(type.names).at(-1) ?? '';
  return type.arrayBounds === undefined ? name : `${name}[]`;
}

/** Nodes that an expression without columns, subqueries and collations is made of. */
const EVALUABLE = new Set([
  'A_Const',
  'TypeCast',
  'TypeName',
  'FuncCall',
  'A_Expr',
  'SQLValueFunction',
  'CoalesceExpr',
  'MinMaxExpr',
  'A_ArrayExpr',
  'BoolExpr',
  'NullTest',
  'CaseExpr',
  'CaseWhen',
  'String',
  'Integer',
  'List',
]);

/**
 * The operand on one side of an operator as something for the engine to evaluate; null when it has columns, subplans or
 * whatever else is known only row by row. `text` is the expression that `operator` (an A_Expr's fields) stands in.
 */
export function unevaluatedOperand(text: string, operator: Node, side: 'left' | 'right'): Unevaluated | null {
  const node = (side === 'left' ? operator.lexpr : operator.rexpr) as Node;
  const functions = functionsOf(node);
  if (functions === null) return null;
  const sql = operandText(text, operator.location as number | undefined, side);
  // Where subplans had to be taken out of the expression, places in it are not those in its text.
  if (sql === null || functionsOf(parseExpression(sql)) === null) return null;
  return { sql, functions };
}

/** Names of the functions called in an expression; null when it is of a kind that cannot be evaluated by itself. */
export function functionsOf(root: Node | null): string[] | null {
  const names = new Set<string>();
  const visit = (node: unknown): boolean => {
    if (Array.isArray(node)) return node.every(visit);
    if (node === null || typeof node !== 'object') return true;
    return Object.entries(node).every(([key, value]) => {
      if (/^[A-Z]/.test(key) && !EVALUABLE.has(key)) return false;
      if (key === 'FuncCall' && !addFunction(names, value as Node)) return false;
      if (key === 'A_Expr' && stringList((value as Node).name).length !== 1) return false;
      return visit(value);
    });
  };
  return root !== null && visit(root) ? [...names] : null;
}

function addFunction(names: Set<string>, call: Node): boolean {
  const path = stringList(call.funcname);
  if (path.length > 1 && path[0] !== 'pg_catalog') return false;
  names.add(path.at(-1)!);
  return true;
}

/** EXPLAIN puts parentheses around every operator and its operands, so an operand ends where those do. */
function operandText(text: string, location: number | undefined, side: 'left' | 'right'): string | null {
  const prefix = 'SELECT ';
  const bytes = Buffer.from(prefix + text, 'utf8');
  const tokens = scanTokens(prefix + text);
  const at = tokens.findIndex((token) => token.start === location);
  if (at < 0) return null;
  const step = side === 'left' ? -1 : 1;
  let depth = 0;
  let last = at;
  for (let index = at + step; index >= 1 && index < tokens.length; index += step) {
    const token = tokens[index]!.text;
    if (token === '(' || token === '[') depth += step;
    if (token === ')' || token === ']') depth -= step;
    if (depth < 0) break;
    last = index;
  }
  if (last === at) return null;
  const [start, end] =
    side === 'left' ? [tokens[last]!.start, tokens[at]!.start] : [tokens[at]!.end, tokens[last]!.end];
  return bytes.toString('utf8', start, end).trim();
}

/** `((a = 1) AND (b = 2))` as the texts of its parts; the text itself when it is no such expression. */
export function splitConjuncts(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const tokens = scanTokens(text);
  const parts: string[] = [];
  let depth = 0;
  let start = tokens[0]?.end ?? 0;
  for (const [index, token] of tokens.entries()) {
    if (token.text === '(') depth++;
    if (token.text === ')') depth--;
    const isAnd = depth === 1 && token.text.toUpperCase() === 'AND';
    if (depth === 0 && index < tokens.length - 1) return [text]; // not all in one pair of parentheses
    if (!isAnd && depth > 0) continue;
    parts.push(bytes.toString('utf8', start, token.start).trim());
    start = token.end;
  }
  return parts.length > 1 ? parts : [text];
}
