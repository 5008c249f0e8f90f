import type { ColumnModel } from '../config/model.js';
import { comparator } from '../core/compare/comparator.js';
import type { Condition } from './condition.js';
import { bareColumn, canonicalConstant, conditionColumn, type OutputSettings } from './constants.js';
import { likeMatcher } from './like-matcher.js';

/** Tests a non-null cell's canonical bytes. */
type CellTest = (bytes: Uint8Array, start: number, end: number) => boolean;

/** What a condition says of one column's cells. */
export interface ColumnTest {
  readonly column: string;
  readonly test: CellTest;
  /** What the condition is for NULL; null: unknown. */
  readonly whenNull: boolean | null;
}

const always: CellTest = () => true;
const never: CellTest = () => false;

/**
 * Compiles a condition on one column, to decide it exactly as the engine would.
 * @returns null when it is not simple enough: then the engine has to check
 */
export function columnTest(
  condition: Condition,
  columns: ReadonlyMap<string, ColumnModel>,
  settings: OutputSettings,
): ColumnTest | null {
  if (condition.type === 'other' || condition.type === 'unevaluated' || condition.type === 'period') return null;
  const column = conditionColumn(condition, columns);
  if (column === null) return null;
  if (condition.type === 'null') {
    return { column: column.name, test: condition.isNull ? never : always, whenNull: condition.isNull };
  }
  const test = valueTest(condition, column, settings);
  return test === null ? null : { column: column.name, test, whenNull: null };
}

function valueTest(
  condition: Exclude<Condition, { type: 'other' | 'unevaluated' | 'period' | 'null' }>,
  column: ColumnModel,
  settings: OutputSettings,
): CellTest | null {
  const { type } = bareColumn(column);
  switch (condition.type) {
    case 'boolean': {
      if (type.scalar !== 'boolean') return null;
      const wanted = (condition.value ? 't' : 'f').charCodeAt(0);
      return (bytes, start) => bytes[start] === wanted;
    }
    case 'compare': {
      const value = canonicalConstant(column, condition.value, settings);
      return value === null ? null : comparator(type, condition.operator, value);
    }
    case 'in': {
      const tests = condition.values.map((text) => {
        const value = canonicalConstant(column, { text, typeName: condition.typeName }, settings);
        return value === null ? null : comparator(type, '=', value);
      });
      if (tests.includes(null)) return null;
      const all = tests as CellTest[];
      return (bytes, start, end) => all.some((test) => test(bytes, start, end));
    }
    case 'like':
      // Which letters ILIKE takes for the same is the engine's knowledge.
      return condition.operator === 'like' && type.scalar === 'text' && condition.value.typeName === 'text'
        ? likeMatcher(condition.value.text)
        : null;
  }
}
