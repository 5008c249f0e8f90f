import type { Catalogue } from '../engine/engine.js';
import { mayNameMoment } from '../plan/statement.js';
import type { StatementPlan } from '../plan/statement-plan.js';
import type { BoundStatement } from './bound-statement.js';

/** What a plan was made under, besides its statement and parameters; it holds for as long as all of it is the same. */
export interface PlanConditions {
  readonly catalogue: Catalogue;
  /** The session's settings as asked for, with what unqualified names mean, and those that it reports. */
  readonly settings: string;
}

interface KeptPlan extends PlanConditions {
  readonly plan: StatementPlan;
}

/** Plans that a session keeps: the latest used. */
const MOST_PLANS = 100;
/** Statements with longer texts or parameters are not likely to come again. */
const MOST_KEY_CHARACTERS = 20_000;

/** The plans of a session's statements: run again with the same text and parameters they need no EXPLAIN. */
export class PlanCache {
  readonly #plans = new Map<string, KeptPlan>();

  /** Whether it is worth asking for the settings first: the same statement, parameters and catalogue as before. */
  mayHave(bound: BoundStatement, catalogue: Catalogue): boolean {
    const key = keyOf(bound);
    return key !== null && this.#plans.get(key)?.catalogue === catalogue;
  }

  find(bound: BoundStatement, { catalogue, settings }: PlanConditions): StatementPlan | null {
    const key = keyOf(bound);
    const kept = key === null ? undefined : this.#plans.get(key);
    if (key === null || kept?.catalogue !== catalogue || kept.settings !== settings) return null;
    // The one used last stands last.
    this.#plans.delete(key);
    this.#plans.set(key, kept);
    return kept.plan;
  }

  /**
   * @param isPure false where the plan depends on more than its conditions: on values that the engine evaluated, or on
   *   relations that are no virtual tables and may be others the next time
   */
  keep(bound: BoundStatement, conditions: PlanConditions, plan: StatementPlan, isPure: boolean): void {
    const key = keyOf(bound);
    if (key === null) return;
    this.#plans.delete(key);
    if (!isPure || namesMoments(bound)) return;
    this.#plans.set(key, { ...conditions, plan });
    if (this.#plans.size > MOST_PLANS) this.#plans.delete(this.#plans.keys().next().value!);
  }
}

/** Null: too long to be kept. */
function keyOf({ statement, parameters, parameterFormats, parameterOids }: BoundStatement): string | null {
  const { text, start, end } = statement;
  const length = parameters.reduce((sum, value) => sum + (value?.length ?? 0), text.length);
  if (length > MOST_KEY_CHARACTERS) return null;
  const values = parameters.map((value) => value?.toString('latin1') ?? null);
  return JSON.stringify([start, end, parameterFormats, parameterOids, values]) + text;
}

/** Such constants are read when a statement is planned: a plan that is kept would go on with yesterday's `'today'`. */
function namesMoments({ statement, parameters, parameterFormats: formats }: BoundStatement): boolean {
  const isText = (index: number): boolean => (formats.length === 1 ? formats[0] : (formats[index] ?? 0)) === 0;
  return (
    statement.namesMoments ||
    parameters.some((value, index) => value !== null && isText(index) && mayNameMoment(value.toString('latin1')))
  );
}
