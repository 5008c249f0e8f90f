import type { PlanKind } from '../plan/planner.js';
import type { OwnQuery } from './engine-requests.js';

/**
 * What is turned off for a kind of plan. Without the first the planner looks tables up in one another wherever an index of
 * a plan table lets it; without the second it sorts, and so shows by what.
 */
const TURNED_OFF: Readonly<Record<Exclude<PlanKind, 'best'>, readonly string[]>> = {
  nestedLoops: ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_material', 'enable_memoize'],
  sorted: ['enable_indexscan', 'enable_indexonlyscan', 'enable_bitmapscan'],
};

const SAVED = 'tidegate.saved_planner_settings';

const current = (name: string): string => `pg_catalog.current_setting('${name}')`;

/**
 * The query `explain`, which comes last but one, with the planner kept to a kind of plan. The settings are those of the
 * client's own session: they are set for the transaction only, and put back at once, before its statement runs.
 */
export function asPlanned(how: Exclude<PlanKind, 'best'>, explain: OwnQuery): OwnQuery[] {
  const names = TURNED_OFF[how];
  const saved = names.map(current).join(" || ',' || ");
  const turnOff = names.map((name) => `pg_catalog.set_config('${name}', 'off', true)`);
  const putBack = names.map(
    (name, index) =>
      `pg_catalog.set_config('${name}', pg_catalog.split_part(${current(SAVED)}, ',', ${index + 1}), true)`,
  );
  return [
    { sql: `SELECT pg_catalog.set_config('${SAVED}', ${saved}, true), ${turnOff.join(', ')}` },
    explain,
    { sql: `SELECT ${putBack.join(', ')}` },
  ];
}
