import type { ColumnModel } from '../config/model.js';
import type { RowBatch } from '../core/row-batch.js';
import { columnTest } from './column-test.js';
import { readConditionNode } from './conditions.js';
import type { OutputSettings } from './constants.js';
import { cachedExpression, constantOf } from './expression-nodes.js';
import type { RowPredicate } from './predicate.js';
import { type Node, stringList } from './syntax.js';

/** SQL's three truth values. */
type Truth = true | false | null;
type RowTruth = (batch: RowBatch, row: number) => Truth;

/** What expressions are read with. */
interface Scope {
  readonly alias: string;
  readonly columns: ReadonlyMap<string, ColumnModel>;
  readonly cellOf: (column: string) => number;
  readonly settings: OutputSettings;
}

/**
 * Compiles conditions of EXPLAIN of any nesting of AND, OR and NOT over what can be decided of single cells: comparisons with
 * constants, lists, LIKE, IS NULL, IS TRUE.
 * @returns null when any part is of another form: then the engine has to check
 */
export function compileExpressions(expressions: readonly string[], scope: Scope): RowPredicate | null {
  const parts: RowTruth[] = [];
  for (const expression of expressions) {
    const tree = cachedExpression(expression);
    const part = tree === null ? null : compile(tree, expression, scope);
    if (part === null) return null;
    parts.push(part);
  }
  return (batch, row) => parts.every((part) => part(batch, row) === true);
}

function compile(node: Node, text: string, scope: Scope): RowTruth | null {
  const bool = node.BoolExpr as Node | undefined;
  if (bool !== undefined) return compileBool(bool, text, scope);
  const test = node.BooleanTest as Node | undefined;
  if (test !== undefined) return compileBooleanTest(test, text, scope);
  return compileNegated(node, text, scope) ?? compileSimple(node, text, scope);
}

function compileBool(bool: Node, text: string, scope: Scope): RowTruth | null {
  const args = (bool.args as Node[]).map((arg) => compile(arg, text, scope));
  if (args.includes(null)) return null;
  const parts = args as RowTruth[];
  if (bool.boolop === 'NOT_EXPR') return negated(parts[0]!);
  const decisive = bool.boolop === 'OR_EXPR';
  return (batch, row) => {
    let result: Truth = !decisive;
    for (const part of parts) {
      const truth = part(batch, row);
      if (truth === decisive) return decisive;
      if (truth === null) result = null;
    }
    return result;
  };
}

const BOOLEAN_TESTS: Readonly<Record<string, (truth: Truth) => boolean>> = {
  IS_TRUE: (truth) => truth === true,
  IS_NOT_TRUE: (truth) => truth !== true,
  IS_FALSE: (truth) => truth === false,
  IS_NOT_FALSE: (truth) => truth !== false,
  IS_UNKNOWN: (truth) => truth === null,
  IS_NOT_UNKNOWN: (truth) => truth !== null,
};

function compileBooleanTest(test: Node, text: string, scope: Scope): RowTruth | null {
  const part = compile(test.arg as Node, text, scope);
  const decide = BOOLEAN_TESTS[test.booltesttype as string];
  return part === null || decide === undefined ? null : (batch, row) => decide(part(batch, row));
}

/** The operators of which conditions for push-down only know the opposite: NOT LIKE, and NOT IN a list. */
function compileNegated(node: Node, text: string, scope: Scope): RowTruth | null {
  const body = node.A_Expr as Node | undefined;
  if (body === undefined) return null;
  const [name, ...others] = stringList(body.name);
  if (others.length > 0) return null;
  const opposite = (kind: string, operator: string): Node =>
    ({ A_Expr: { ...body, kind, name: [{ String: { sval: operator } }] } }) as Node;
  if (body.kind === 'AEXPR_OP' && name === '!~~')
    return negated(compileSimple(opposite('AEXPR_OP', '~~'), text, scope));
  if (body.kind !== 'AEXPR_OP_ALL' || name !== '<>') return null;
  // With a NULL in the list no row passes; conditions leave NULLs out.
  const list = constantOf(body.rexpr as Node);
  if (list === null || /(?:^\{|,)null(?:,|\}$)/i.test(list.text)) return null;
  return negated(compileSimple(opposite('AEXPR_OP_ANY', '='), text, scope));
}

function negated(part: RowTruth | null): RowTruth | null {
  if (part === null) return null;
  return (batch, row) => {
    const truth = part(batch, row);
    return truth === null ? null : !truth;
  };
}

function compileSimple(node: Node, text: string, scope: Scope): RowTruth | null {
  const [condition, ...others] = readConditionNode(node, { text, alias: scope.alias });
  if (condition === undefined || others.length > 0) return null;
  const compiled = columnTest(condition, scope.columns, scope.settings);
  if (compiled === null) return null;
  const { test, whenNull } = compiled;
  const cell = scope.cellOf(compiled.column);
  return (batch, row) => {
    const index = row * batch.columnCount + cell;
    const length = batch.lengths[index]!;
    if (length < 0) return whenNull;
    const start = batch.offsets[index]!;
    return test(batch.bytes, start, start + length);
  };
}
