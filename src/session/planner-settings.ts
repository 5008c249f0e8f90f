import type { OwnQuery } from './engine-requests.js';

/** With these off, the planner looks tables up in one another wherever an index of a plan table lets it. */
const TURNED_OFF = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_material', 'enable_memoize'];

const SAVED = 'tidegate.saved_planner_settings';

const current = (name: string): string => `pg_catalog.current_setting('${name}')`;

/**
 * Makes EXPLAIN show which tables can be looked up by the values of others. The settings are those of the client's own
 * session: they are set for the transaction only, and put back at once, before its statement runs.
 */
export const KEEP_TO_NESTED_LOOPS: OwnQuery = {
  sql: `SELECT pg_catalog.set_config('${SAVED}', ${TURNED_OFF.map(current).join(" || ',' || ")}, true), ${TURNED_OFF.map(
    (name) => `pg_catalog.set_config('${name}', 'off', true)`,
  ).join(', ')}`,
};

export const RESTORE_PLANNER: OwnQuery = {
  sql: `SELECT ${TURNED_OFF.map(
    (name, index) =>
      `pg_catalog.set_config('${name}', pg_catalog.split_part(${current(SAVED)}, ',', ${index + 1}), true)`,
  ).join(', ')}`,
};
