import { scanScope, serves } from '../engine/scan-cache/scan-scope.js';
import type { ScanSpec } from '../scan/scan.js';
import type { Dependency, PlannedScan } from './statement-plan.js';

/**
 * Lets references to one table share a scan of it: a scan whose rows another one has, in every case, is not made. The engine checks
 * each reference's own conditions on the rows, as it always does.
 * @returns the scans, those that others share with the columns and the key that these need
 */
export function shareScans(scans: readonly PlannedScan[]): PlannedScan[] {
  const sources = new Set(scans.flatMap(({ dependencies }) => dependencies.flat().map(({ source }) => source)));
  /** Per scan that is made, those that share it. */
  const shared = new Map<number, number[]>();
  for (const index of scans.keys()) {
    const canTake = (taken: number, leader: number): boolean =>
      hasAllOf(scans[leader]!, scans[taken]!, sources.has(taken));
    const leader = [...shared.keys()].find((other) => canTake(index, other));
    if (leader !== undefined) {
      shared.get(leader)!.push(index);
      continue;
    }
    const taken = [...shared].filter(([other, others]) => [other, ...others].every((one) => canTake(one, index)));
    for (const [other] of taken) shared.delete(other);
    shared.set(
      index,
      taken.flatMap(([other, others]) => [other, ...others]),
    );
  }
  const leaders = new Map([...shared].flatMap(([leader, others]) => others.map((other) => [other, leader] as const)));
  return scans.map((scan, index) => {
    const sharesWith = leaders.get(index) ?? null;
    if (sharesWith !== null) return { ...scan, sharesWith };
    const others = (shared.get(index) ?? []).map((other) => scans[other]!);
    return others.length === 0 ? scan : widened(scan, others);
  });
}

/** The scan with what it takes to stand for the others too. */
function widened(scan: PlannedScan, others: readonly PlannedScan[]): PlannedScan {
  const needed = new Set([scan, ...others].flatMap(({ spec }) => spec!.columns));
  const { table } = scan.spec!;
  const columns = table.columns.map(({ name }) => name).filter((name) => needed.has(name));
  return {
    ...scan,
    spec: { ...scan.spec!, columns },
    lookUps: [scan, ...others].find(({ lookUps }) => lookUps.length > 0)?.lookUps ?? [],
    withPrimaryKey: [scan, ...others].some(({ withPrimaryKey }) => withPrimaryKey),
  };
}

/**
 * Whether the scan of `leader` has every row that `scan` would have.
 * @param isSource whether values of `scan` are asked for by other scans: rows that it would not have must not be among them
 */
function hasAllOf(leader: PlannedScan, scan: PlannedScan, isSource: boolean): boolean {
  const [own, wanted] = [leader.spec, scan.spec];
  if (own === null || wanted === null || leader.reference.entry !== scan.reference.entry) return false;
  if (![own, wanted].every(readsAllRows)) return false;
  const columns = [...new Set([...own.columns, ...wanted.columns])];
  const [kept, scope] = [scanScope({ ...own, columns }, false), scanScope(wanted, false)];
  const isSame = kept.filtersKey === scope.filtersKey && hasSameDependencies(leader, scan);
  if (isSame) return leader.standIn === null || hasSameStandIn(leader, scan);
  // Rows that only the leader has could break the key; those of a count are not there at all.
  if (leader.standIn !== null || leader.dependencies.length > 0 || isSource || scan.withPrimaryKey) return false;
  const dependencies = scan.dependencies.flat();
  return (
    !dependencies.some((dependency) => changesRows(dependency, wanted)) &&
    mayLeaveOutFilters(own, [...wanted.filters, ...dependencies]) &&
    serves(kept, scope, isWhole(own))
  );
}

/** What ends a scan early belongs to one reference alone. */
function readsAllRows({ limit, enough, isPart }: ScanSpec): boolean {
  return limit === null && enough === undefined && isPart !== true;
}

/** False where a scan may be ended before its end: then one with stricter filters might show more. */
function isWhole({ table: { source } }: ScanSpec): boolean {
  return source.type !== 'http' || source.pagination.type === 'none' || source.pagination.maxPages === null;
}

/**
 * Whether a scan that has none of these filters has all of their rows: some APIs show less when they are asked without one (only
 * open issues, as long as no state is asked for). Whoever declares `cache` says that this one does not, or that `reuse` is equal.
 */
function mayLeaveOutFilters(own: ScanSpec, filters: readonly { readonly column: string }[]): boolean {
  if (own.table.cache !== null) return true;
  return filters.every(({ column }) => own.filters.some((filter) => filter.column === column));
}

/** Whether rows are not the same when their table is asked by such a value: they have it in a column, or come from elsewhere. */
function changesRows({ column }: Dependency, { table }: ScanSpec): boolean {
  const isConstant = table.columns.some(({ name, from }) => name === column && from === 'filter');
  return isConstant || table.lookup?.filter.column === column;
}

function hasSameDependencies({ dependencies: own }: PlannedScan, { dependencies: others }: PlannedScan): boolean {
  return (
    own.length === others.length &&
    own.every((set, index) => {
      const other = others[index]!;
      return set.length === other.length && set.every((item, at) => isSameDependency(item, other[at]!));
    })
  );
}

function isSameDependency(one: Dependency, other: Dependency): boolean {
  const { sourceTop, ...plain } = one;
  const { sourceTop: otherTop, ...otherPlain } = other;
  const isEqual = (Object.keys(plain) as (keyof typeof plain)[]).every((key) => plain[key] === otherPlain[key]);
  return isEqual && JSON.stringify(sourceTop) === JSON.stringify(otherTop);
}

function hasSameStandIn({ standIn: one }: PlannedScan, { standIn: other }: PlannedScan): boolean {
  return one !== null && other !== null && JSON.stringify([...one]) === JSON.stringify([...other]);
}
