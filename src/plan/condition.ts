import type { ColumnUse, CompareOperator, Constant, Unevaluated } from './expression-nodes.js';
import type { Period } from './periods.js';

/** What one condition of a scan says, in the forms that APIs and the stream path can use. */
export type Condition =
  | (ColumnCondition & { readonly type: 'compare'; readonly operator: CompareOperator; readonly value: Constant })
  | (ColumnCondition & { readonly type: 'in'; readonly values: readonly string[]; readonly typeName: string })
  | (ColumnCondition & { readonly type: 'like'; readonly operator: 'like' | 'ilike'; readonly value: Constant })
  | (ColumnCondition & { readonly type: 'null'; readonly isNull: boolean })
  | (ColumnCondition & { readonly type: 'boolean'; readonly value: boolean })
  | (ColumnCondition & {
      /** A comparison, or with `any` that with one of a list, whose other side the engine has to evaluate first. */
      readonly type: 'unevaluated';
      readonly operator: CompareOperator | 'like' | 'ilike' | 'any';
      readonly operand: Unevaluated;
    })
  | (ColumnCondition & {
      /** A comparison of the period that the column's moment is in, or with `any` that with one of a list. */
      readonly type: 'period';
      readonly period: Period;
      readonly operator: CompareOperator | 'any';
      readonly operand: Unevaluated;
    })
  | { readonly type: 'other' };

interface ColumnCondition extends ColumnUse {
  /** True where it only follows from the statement's conditions, which say more than it does. */
  readonly isImplied?: true;
}
