import type { OutputSettings } from './constants.js';
import type { Binding } from './dependencies.js';
import { keepsValues } from './equalities.js';
import type { Evaluate } from './evaluation.js';
import type { Origin } from './origins.js';
import { areFew, evaluateOwn, type OwnValues } from './own-values.js';
import { pushDownFilters } from './push-down.js';
import type { PlannedScan } from './statement-plan.js';
import { listCondition } from './value-lists.js';

/** A required filter that may have values of the statement's own. */
interface Wanted {
  readonly scan: number;
  readonly column: string;
  readonly values: readonly OwnValues[];
}

/**
 * Gives scans that miss a required filter the values that the statement itself has for it: those of a temporary table, a
 * VALUES list, `unnest(…)`.
 * @param aliases per scan, those of the places in the plan where its table is read
 * @param missing per scan, the columns
 */
export async function addOwnValues(
  scans: readonly PlannedScan[],
  aliases: readonly (readonly string[])[],
  missing: readonly (readonly string[])[],
  bindings: readonly Binding[],
  settings: OutputSettings,
  evaluate: Evaluate,
): Promise<PlannedScan[]> {
  const wanted = scans.flatMap(({ spec }, scan) =>
    missing[scan]!.flatMap((column): Wanted[] => {
      const [alias, ...others] = aliases[scan]!;
      const { type } = spec!.table.columns.find(({ name }) => name === column)!;
      const found = bindings.find(
        (binding) =>
          binding.alias === alias &&
          binding.column === column &&
          keepsValues(type, binding.casts) &&
          binding.origins.every(isOwn),
      );
      return found === undefined || others.length > 0 ? [] : [{ scan, column, values: found.origins.filter(isOwn) }];
    }),
  );
  if (wanted.length === 0) return [...scans];
  const constants = await evaluateOwn(
    wanted.map(({ values }) => values),
    evaluate,
  );
  return scans.map((planned, scan) => {
    const { spec } = planned;
    const found = wanted.flatMap((want, index) => {
      const constant = want.scan === scan ? constants[index]! : null;
      const condition = constant === null ? null : listCondition({ column: want.column, cast: null }, constant);
      return condition?.type === 'in' && areFew(condition.values) ? [condition] : [];
    });
    if (spec === null || found.length === 0) return planned;
    const filters = pushDownFilters(spec.table, found, settings);
    return {
      ...planned,
      pushed: [...planned.pushed, ...filters],
      spec: { ...spec, filters: [...spec.filters, ...filters] },
    };
  });
}

export function isOwn(origin: Origin): origin is OwnValues {
  return 'sql' in origin;
}
