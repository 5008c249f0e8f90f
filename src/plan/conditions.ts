import type { Condition } from './condition.js';
import {
  bareColumnName,
  type ColumnUse,
  type CompareOperator,
  cachedExpression,
  columnUse,
  constantOf,
  flattenAnd,
  type Unevaluated,
  unevaluatedOperand,
} from './expression-nodes.js';
import { type PeriodUse, periodUse } from './periods.js';
import type { Node } from './syntax.js';
import { stringList } from './syntax.js';
import { listCondition, valuesOfAny } from './value-lists.js';
import { readWrapped } from './wrapped-columns.js';

const OTHER: Condition = { type: 'other' };

/**
 * Reads an expression of EXPLAIN as conditions joined by AND. Columns of table `alias` only; a part that is of no
 * simple form becomes `other`, beside the simple conditions that follow from it.
 */
export function readConditions(expression: string, alias: string): Condition[] {
  const tree = cachedExpression(expression);
  if (tree === null) return [OTHER];
  return flattenAnd(tree).flatMap((node) => readConditionNode(node, { text: expression, alias }));
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
  return bareColumnName(cachedExpression(expression), alias);
}

/**
 * A column as EXPLAIN mostly prints it. It leaves the table's alias out of Output lists when the plan reads only one
 * table, so a name without one is that table's.
 */
const SIMPLE_COLUMN = /^(?:([a-z_][a-z0-9_]*)\.)?(?!(?:true|false|null)$)([a-z_][a-z0-9_]*)$/;

/** The expression of EXPLAIN that a node stands in, and the table whose columns it names. */
export interface ConditionSource {
  readonly text: string;
  readonly alias: string;
}

/** Reads a part of an expression that is not an AND, like `readConditions`. */
export function readConditionNode(node: Node, source: ConditionSource): Condition[] {
  const { alias } = source;
  const column = bareColumnName(node, alias);
  if (column !== null) return [{ type: 'boolean', column, cast: null, value: true }];
  const [kind, body] = Object.entries(node)[0] as [string, Node];
  const plain = readPlain(kind, body, source);
  if (plain.some(({ type }) => type !== 'other')) return plain;
  return readWrapped(kind, body, alias, (part) => readConditionNode(part, source)) ?? plain;
}

function readPlain(kind: string, body: Node, source: ConditionSource): Condition[] {
  const { alias } = source;
  switch (kind) {
    case 'A_Expr':
      return [readOperator(body, source)];
    case 'NullTest': {
      const tested = bareColumnName(body.arg as Node, alias);
      if (tested === null) return [OTHER];
      return [{ type: 'null', column: tested, cast: null, isNull: body.nulltesttype === 'IS_NULL' }];
    }
    case 'BooleanTest': {
      const tested = bareColumnName(body.arg as Node, alias);
      if (tested === null || !['IS_TRUE', 'IS_FALSE'].includes(body.booltesttype as string)) return [OTHER];
      return [{ type: 'boolean', column: tested, cast: null, value: body.booltesttype === 'IS_TRUE' }];
    }
    case 'BoolExpr': {
      const [first] = body.args as Node[];
      if (body.boolop === 'OR_EXPR') return readAlternatives(body.args as Node[], source);
      const negated = body.boolop === 'NOT_EXPR' ? bareColumnName(first, alias) : null;
      return [negated === null ? OTHER : { type: 'boolean', column: negated, cast: null, value: false }];
    }
    default:
      return [OTHER];
  }
}

const COMMUTED: Readonly<Record<CompareOperator, CompareOperator>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

const OPERATORS: Readonly<Record<string, CompareOperator | 'like' | 'ilike'>> = {
  ...(Object.fromEntries(Object.keys(COMMUTED).map((name) => [name, name])) as Record<string, CompareOperator>),
  '~~': 'like',
  '~~*': 'ilike',
};

function readOperator(body: Node, source: ConditionSource): Condition {
  const name = stringList(body.name);
  const operator = Object.hasOwn(OPERATORS, name[0] ?? '') ? OPERATORS[name[0]!] : undefined;
  // OPERATOR(schema.=) has two names: it is not the type's own
  if (name.length !== 1 || operator === undefined) return OTHER;
  const period = readPeriod(operator, body, source);
  if (period !== null) return period;
  const left = columnUse(body.lexpr as Node, source.alias);
  if (body.kind === 'AEXPR_OP_ANY') return left === null || operator !== '=' ? OTHER : readAny(left, body, source);
  if (body.kind !== 'AEXPR_OP') return OTHER;
  if (left !== null) return comparison(left, operator, body, source, 'right');
  const right = columnUse(body.rexpr as Node, source.alias);
  if (right === null || operator === 'like' || operator === 'ilike') return OTHER;
  return comparison(right, COMMUTED[operator], body, source, 'left');
}

/** Null: neither side is a period of a column. */
function readPeriod(
  operator: CompareOperator | 'like' | 'ilike',
  body: Node,
  source: ConditionSource,
): Condition | null {
  if (operator === 'like' || operator === 'ilike') return null;
  const left = periodUse(body.lexpr as Node, source.alias);
  if (left !== null && body.kind === 'AEXPR_OP_ANY' && operator === '=')
    return periodOf(left, 'any', body, source, 'right');
  if (body.kind !== 'AEXPR_OP') return null;
  if (left !== null) return periodOf(left, operator, body, source, 'right');
  const right = periodUse(body.rexpr as Node, source.alias);
  return right === null ? null : periodOf(right, COMMUTED[operator], body, source, 'left');
}

function periodOf(
  { column, period }: PeriodUse,
  operator: CompareOperator | 'any',
  body: Node,
  source: ConditionSource,
  side: 'left' | 'right',
): Condition {
  const operand = operandOf(body, source, side);
  return operand === null ? OTHER : { type: 'period', column, cast: null, period, operator, operand };
}

/** What the engine can evaluate on one side of an operator, of `= ANY` the array. */
function operandOf(body: Node, source: ConditionSource, side: 'left' | 'right'): Unevaluated | null {
  const operand = unevaluatedOperand(source.text, body, side);
  return operand === null ? null : { ...operand, sql: operand.sql.replace(/^ANY\s*/i, '') };
}

function comparison(
  use: ColumnUse,
  operator: CompareOperator | 'like' | 'ilike',
  body: Node,
  source: ConditionSource,
  side: 'left' | 'right',
): Condition {
  const value = constantOf((side === 'left' ? body.lexpr : body.rexpr) as Node);
  if (value !== null) {
    return operator === 'like' || operator === 'ilike'
      ? { type: 'like', ...use, operator, value }
      : { type: 'compare', ...use, operator, value };
  }
  const operand = unevaluatedOperand(source.text, body, side);
  return operand === null ? OTHER : { type: 'unevaluated', ...use, operator, operand };
}

/** `column = ANY ('{a,b}'::text[])`. */
function readAny(use: ColumnUse, body: Node, source: ConditionSource): Condition {
  const value = constantOf(body.rexpr as Node);
  if (value !== null) return listCondition(use, value) ?? OTHER;
  const operand = operandOf(body, source, 'right');
  return operand === null ? OTHER : { type: 'unevaluated', ...use, operator: 'any', operand };
}

/**
 * `a = 1 OR a = 2` is a list. Of other alternatives it follows that a column which each of them compares with constants
 * has one of those: `(a = 1 AND b > 2) OR (a = 3 AND c)`.
 */
function readAlternatives(alternatives: readonly Node[], source: ConditionSource): Condition[] {
  const branches = alternatives.map((node) => flattenAnd(node).flatMap((part) => readConditionNode(part, source)));
  const isList = branches.every((branch) => branch.length === 1);
  const lists = valuesOfAny(branches);
  if (isList && lists.length === 1) return [...lists];
  return [OTHER, ...lists.map((list) => ({ ...list, isImplied: true as const }))];
}
