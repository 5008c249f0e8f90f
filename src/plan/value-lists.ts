import { readArrayLiteral } from './array-literal.js';
import type { Condition } from './condition.js';
import type { ColumnUse, Constant } from './expression-nodes.js';

type ListCondition = Extract<Condition, { type: 'in' }>;

/** The condition that the column is among the elements of an array. */
export function listCondition(use: ColumnUse, { text, typeName }: Constant): ListCondition | null {
  if (typeName?.endsWith('[]') !== true) return null;
  const values = readArrayLiteral(text);
  // A NULL in the list matches nothing, so leaving it out changes no row that passes.
  if (values === null) return null;
  return { type: 'in', ...use, values: values.filter((item) => item !== null), typeName: typeName.slice(0, -2) };
}

/** Of alternatives, each of which is several conditions: the columns that all of them compare with constants, with all of these. */
export function valuesOfAny(branches: readonly (readonly Condition[])[]): ListCondition[] {
  const [first = []] = branches;
  return first.flatMap((condition) => {
    if (asList(condition) === null) return [];
    const { column, cast } = condition as ColumnUse;
    const parts = branches.map(
      (branch) => branch.map(asList).find((item) => item?.column === column && item.cast === cast) ?? null,
    );
    const known = parts.flatMap((part) => part ?? []);
    if (known.length < parts.length || known.some((part) => part.typeName !== known[0]!.typeName)) return [];
    const values = [...new Set(known.flatMap((part) => part.values))];
    return [{ type: 'in', column, cast, values, typeName: known[0]!.typeName } as const];
  });
}

function asList(condition: Condition): ListCondition | null {
  if (condition.type === 'in') return condition;
  if (condition.type !== 'compare' || condition.operator !== '=') return null;
  const { column, cast, value } = condition;
  return { type: 'in', column, cast, values: [value.text], typeName: value.typeName ?? literalType(value.text) };
}

/** The type that EXPLAIN prints literals of without a cast. */
function literalType(text: string): string {
  if (text === 't' || text === 'f') return 'bool';
  return text.includes('.') ? 'numeric' : 'int4';
}
