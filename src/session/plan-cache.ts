import type { Catalogue } from '../engine/engine.js';
import type { Statement } from '../plan/statement.js';
import type { StatementPlan } from '../plan/statement-plan.js';
import type { BoundStatement } from './bound-statement.js';

/** What a plan was made under, besides its statement; it holds for as long as all of it is the same. */
export interface PlanConditions {
  readonly catalogue: Catalogue;
  readonly bound: BoundStatement;
  /** The session's settings as asked for, with what unqualified names mean, and those that it reports. */
  readonly settings: string;
}

interface KeptPlan extends PlanConditions {
  readonly plan: StatementPlan;
}

/** The plans of a session's prepared statements: executed again with the same parameters they need no EXPLAIN. */
export class PlanCache {
  readonly #plans = new WeakMap<Statement, KeptPlan>();

  /** Whether it is worth asking for the settings first: the same statement, parameters and catalogue as before. */
  mayHave(statement: Statement, catalogue: Catalogue, bound: BoundStatement): boolean {
    const kept = this.#plans.get(statement);
    return kept !== undefined && kept.catalogue === catalogue && hasSameParameters(kept.bound, bound);
  }

  find(statement: Statement, conditions: PlanConditions): StatementPlan | null {
    const { catalogue, bound, settings } = conditions;
    if (!this.mayHave(statement, catalogue, bound)) return null;
    const kept = this.#plans.get(statement)!;
    return kept.settings === settings ? kept.plan : null;
  }

  /**
   * @param isPure false where the plan depends on more than its conditions: on values that the engine evaluated, or on
   *   relations that are no virtual tables and may be others the next time
   */
  keep(statement: Statement, conditions: PlanConditions, plan: StatementPlan, isPure: boolean): void {
    if (isPure && plan.scans.every(({ spec }) => spec?.enough === undefined)) {
      this.#plans.set(statement, { ...conditions, plan });
    } else this.#plans.delete(statement);
  }
}

function hasSameParameters(one: BoundStatement, other: BoundStatement): boolean {
  const { parameters, parameterFormats, parameterOids } = one;
  return (
    parameters.length === other.parameters.length &&
    String(parameterFormats) === String(other.parameterFormats) &&
    String(parameterOids) === String(other.parameterOids) &&
    parameters.every((value, index) => {
      const compared = other.parameters[index]!;
      return value === null || compared === null ? value === compared : value.equals(compared);
    })
  );
}
