import type { ColumnModel } from '../config/model.js';
import type { ScalarName } from '../core/sql-type.js';
import type { Condition } from './condition.js';
import type { CompareOperator, Constant } from './expression-nodes.js';
import { type PeriodBounds, periodBounds } from './periods.js';
import { listCondition } from './value-lists.js';

/** An expression for the engine to evaluate in the client's session. */
export interface Evaluation {
  readonly sql: string;
  readonly functions: readonly string[];
  /** A type that its value is wanted in besides its own; empty: none. */
  readonly castTo: string;
}

/** What the engine answers. */
export interface Evaluated {
  /** As the catalogue has it: `timestamptz`, `_text`. */
  readonly typeName: string;
  readonly text: string;
  readonly castText: string | null;
}

/** Evaluates all expressions in one round trip; null for one that has no value, or none that can be relied on. */
export type Evaluate = (evaluations: readonly Evaluation[]) => Promise<readonly (Evaluated | null)[]>;

const TIMES: ReadonlySet<string> = new Set(['date', 'timestamp', 'timestamptz']);
const MOMENTS: ReadonlySet<ScalarName> = new Set(['timestamp', 'timestamptz']);

type Comparison = Extract<Condition, { type: 'compare' | 'unevaluated' }>;
type PeriodCondition = Extract<Condition, { type: 'period' }>;

const OTHER: Condition = { type: 'other' };

/** The conditions of a statement's scans with the values that only the engine knows put in. */
export class Evaluations {
  readonly #wanted = new Map<string, Evaluation>();
  #known = new Map<string, Evaluated | null>();

  /** Notes what the conditions need. */
  want(conditions: readonly Condition[], columns: ReadonlyMap<string, ColumnModel>): void {
    for (const condition of conditions) {
      for (const evaluation of evaluationsOf(condition, columns)) this.#wanted.set(keyOf(evaluation), evaluation);
    }
  }

  async run(evaluate: Evaluate): Promise<void> {
    const wanted = [...this.#wanted];
    if (wanted.length === 0) return;
    const answers = await evaluate(wanted.map(([, evaluation]) => evaluation));
    this.#known = new Map(wanted.map(([key], index) => [key, answers[index] ?? null]));
  }

  /** The conditions in forms without anything left to evaluate; what has no value becomes `other`. */
  resolve(conditions: readonly Condition[], columns: ReadonlyMap<string, ColumnModel>): Condition[] {
    return conditions.flatMap((condition) => this.#resolve(condition, columns));
  }

  #resolve(condition: Condition, columns: ReadonlyMap<string, ColumnModel>): Condition[] {
    const evaluations = evaluationsOf(condition, columns);
    if (evaluations.length === 0) return condition.type === 'period' ? [OTHER] : [condition];
    const answers = evaluations.map((evaluation) => this.#known.get(keyOf(evaluation)) ?? null);
    if (condition.type === 'period') return [OTHER, ...boundsOf(condition, answers, columns)];
    const comparison = condition as Comparison;
    const [value] = answers;
    if (value == null) return [OTHER];
    const { column: name, cast } = comparison;
    const { operator } = comparison;
    const { scalar } = columns.get(name)!.type;
    if (operator === 'any') return [listCondition(comparison, arrayConstant(value)) ?? OTHER];
    if (operator === 'like' || operator === 'ilike') {
      return [{ type: 'like', column: name, cast, operator, value: { text: value.text, typeName: value.typeName } }];
    }
    const own: Constant = { text: value.text, typeName: value.typeName };
    if (value.castText === null || value.typeName === scalar) {
      return [{ type: 'compare', column: name, cast, operator, value: own }];
    }
    const castValue: Constant = { text: value.castText, typeName: scalar };
    // The engine compares a moment with a date or another kind of moment by this very cast.
    if (MOMENTS.has(scalar)) return [{ type: 'compare', column: name, cast, operator, value: castValue }];
    // A day that is compared with a moment: the moment's day is one too many at most.
    const widened = WIDENED[operator];
    if (widened === null) return [OTHER];
    const implied = { column: name, cast, operator: widened, value: castValue, isImplied: true } as const;
    return [OTHER, { type: 'compare', ...implied }];
  }
}

function keyOf({ sql, castTo }: Evaluation): string {
  return `${castTo}\n${sql}`;
}

function arrayConstant({ text, typeName }: Evaluated): Constant {
  return { text, typeName: typeName.startsWith('_') ? `${typeName.slice(1)}[]` : typeName };
}

const WIDENED: Readonly<Record<CompareOperator, CompareOperator | null>> = {
  '=': '=',
  '<>': null,
  '<': '<=',
  '<=': '<=',
  '>': '>=',
  '>=': '>=',
};

function evaluationsOf(condition: Condition, columns: ReadonlyMap<string, ColumnModel>): Evaluation[] {
  if (condition.type === 'period') return periodEvaluations(condition, columns);
  if (condition.type !== 'compare' && condition.type !== 'unevaluated') return [];
  const column = columns.get(condition.column);
  if (column === undefined || column.type.isArray) return [];
  const { scalar } = column.type;
  const operand =
    condition.type === 'unevaluated' ? condition.operand : { sql: literalSql(condition.value), functions: [] };
  if (condition.type === 'unevaluated') {
    const isTime = TIMES.has(scalar) && condition.operator !== 'any' && condition.cast === null;
    return [{ ...operand, castTo: isTime ? scalar : '' }];
  }
  const { typeName } = condition.value;
  const isOtherTime = TIMES.has(scalar) && typeName !== null && TIMES.has(typeName) && typeName !== scalar;
  return isOtherTime && condition.cast === null ? [{ ...operand, castTo: scalar }] : [];
}

function literalSql({ text, typeName }: Constant): string {
  return `'${text.replaceAll("'", "''")}'${typeName === null ? '' : `::${typeName}`}`;
}

function periodEvaluations(condition: PeriodCondition, columns: ReadonlyMap<string, ColumnModel>): Evaluation[] {
  const { functions } = condition.operand;
  const { lower = null, upper = null } = boundsIn(condition, columns) ?? {};
  return [lower, upper].flatMap((sql) => (sql === null ? [] : [{ sql, functions, castTo: '' }]));
}

function boundsIn(condition: PeriodCondition, columns: ReadonlyMap<string, ColumnModel>): PeriodBounds | null {
  const { column: name, period, operator, operand } = condition;
  const column = columns.get(name);
  if (column === undefined || column.type.isArray) return null;
  return periodBounds(period, column.type.scalar, operator, operand.sql);
}

/** What follows for the column itself from what is said of its period. */
function boundsOf(
  condition: PeriodCondition,
  answers: readonly (Evaluated | null)[],
  columns: ReadonlyMap<string, ColumnModel>,
): Condition[] {
  const bounds = boundsIn(condition, columns)!;
  const { column } = condition;
  const operators: CompareOperator[] = [...(bounds.lower === null ? [] : ['>=' as const]), '<'];
  return answers.flatMap((answer, index): Condition[] => {
    if (answer === null) return [];
    const value = { text: answer.text, typeName: answer.typeName };
    return [{ type: 'compare', column, cast: null, operator: operators[index]!, value, isImplied: true }];
  });
}
