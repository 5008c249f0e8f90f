import type { FilterModel } from '../config/model.js';
import type { ScalarName } from '../core/sql-type.js';
import { type Condition, readConditions } from './conditions.js';
import type { OutputSettings } from './constants.js';
import { type Binding, readBindings } from './dependencies.js';
import { splitConjuncts } from './expression-nodes.js';
import { collectScans, type PlanNode, type ScanNode, unquotedName } from './plan-tree.js';
import { filterRequired, missingFilters } from './push-down.js';
import { declaredFilters, mayBeWorthAsking } from './request-cost.js';
import type { Dependency, PlannedScan } from './statement-plan.js';

/**
 * Gives each scan that misses a required filter the values of a scan that it is joined with.
 * @param explainNestedLoops the statement's plan with tables looked up in one another
 * @throws HV00L when a required filter can be had neither from the statement nor from another scan
 */
export async function addDependencies(
  scans: readonly PlannedScan[],
  explainNestedLoops: () => Promise<PlanNode>,
  settings: OutputSettings,
): Promise<PlannedScan[]> {
  const missing = scans.map((scan) => (scan.spec === null ? [] : missingFilters(scan.spec.table, scan.pushed)));
  const optional = scans.map((scan) => (scans.length === 1 ? [] : optionalFilters(scan)));
  if ([...missing, ...optional].every((columns) => columns.length === 0)) return [...scans];
  const resolver = scans.length > 1 ? new Resolver(scans, missing, await explainNestedLoops(), settings) : null;
  const needed = scans.map((scan, index) =>
    missing[index]!.map((column) => {
      const dependency = resolver?.resolve(index, column, null) ?? null;
      if (dependency === null) throw filterRequired(scan.spec!.table, column);
      return dependency;
    }),
  );
  return scans.map((scan, index) => {
    // One more is enough: it names fewer rows, and all of them together would have to be tried in all combinations.
    let chosen: Dependency | null = null;
    for (const filter of optional[index]!) chosen ??= resolver?.resolve(index, filter.column, filter) ?? null;
    return { ...scan, dependencies: [...needed[index]!, ...(chosen === null ? [] : [chosen])] };
  });
}

/** Filters that the API does not need, and by which a few values of another table might be asked for. */
function optionalFilters({ spec, pushed }: PlannedScan): FilterModel[] {
  if (spec === null || spec.limit !== null) return [];
  // One value or list in the statement itself is as good, and costs no wait.
  const hasValues = pushed.some(({ operator }) => operator === '=' || operator === 'in');
  if (hasValues) return [];
  return declaredFilters(spec.table).filter((filter) => !filter.required && mayBeWorthAsking(spec.table, filter));
}

/** Whether a condition means the same in another session. */
function isSelfContained({ type }: Condition): boolean {
  return type !== 'other' && type !== 'unevaluated';
}

class Resolver {
  readonly #scans: readonly PlannedScan[];
  readonly #bindings: readonly Binding[];
  /** Per scan, the places in the plan where its table is read. */
  readonly #nodes: readonly (readonly ScanNode[])[];
  readonly #missing: readonly (readonly string[])[];
  /** Per scan, the scans that it waits for. */
  readonly #sources: Set<number>[];

  /** False where the client's session prints constants in ways that another session reads otherwise. */
  readonly #canCopyConditions: boolean;

  constructor(
    scans: readonly PlannedScan[],
    missing: readonly (readonly string[])[],
    root: PlanNode,
    { hasIsoDates, hasExactFloats }: OutputSettings,
  ) {
    this.#canCopyConditions = hasIsoDates && hasExactFloats;
    this.#scans = scans;
    this.#missing = missing;
    this.#bindings = readBindings(root);
    const nodes = collectScans(root);
    this.#nodes = scans.map((scan) => nodes.get(unquotedName(scan.planTable)) ?? []);
    this.#sources = scans.map(() => new Set());
  }

  resolve(scan: number, column: string, optional: FilterModel | null): Dependency | null {
    // Read in several places, the table would need the values of each of them.
    if (this.#nodes[scan]!.length !== 1) return null;
    const { alias } = this.#nodes[scan]![0]!;
    const candidates = this.#bindings
      .filter((binding) => binding.alias === alias && binding.column === column)
      .flatMap((binding) => this.#dependency(scan, column, optional, binding) ?? []);
    // A source that asks for nothing itself is the better one: it can start at once.
    candidates.sort((a, b) => this.#missing[a.source]!.length - this.#missing[b.source]!.length);
    const [best] = candidates;
    if (best === undefined) return null;
    this.#sources[scan]!.add(best.source);
    return best;
  }

  #dependency(scan: number, column: string, optional: FilterModel | null, binding: Binding): Dependency | null {
    const source = this.#nodes.findIndex((nodes) => nodes.length === 1 && nodes[0]!.alias === binding.sourceAlias);
    if (source < 0 || this.#waitsFor(source, scan)) return null;
    const { sourceColumn } = binding;
    if (this.#scans[source]!.spec?.columns.includes(sourceColumn) !== true) return null;
    if (!this.#isSameType(scan, column, source, sourceColumn)) return null;
    const [node] = this.#nodes[source]!;
    const simple = node!.conditions
      .flatMap(splitConjuncts)
      .filter((text) => readConditions(text, node!.alias).every(isSelfContained));
    const sourceFilter =
      !this.#canCopyConditions || simple.length === 0 ? null : simple.map((text) => `(${text})`).join(' AND ');
    const isTruth = this.#typeOf(source, sourceColumn) === 'boolean';
    return { column, source, sourceColumn, sourceFilter, sourceAlias: node!.alias, isTruth, optional };
  }

  /** Values travel as text, so a cast between columns of other types would change what they mean. */
  #isSameType(scan: number, column: string, source: number, sourceColumn: string): boolean {
    const family = (index: number, name: string): string => {
      const scalar = this.#typeOf(index, name);
      if (scalar === 'varchar') return 'text';
      return scalar === 'smallint' || scalar === 'integer' ? 'bigint' : scalar;
    };
    return family(scan, column) === family(source, sourceColumn);
  }

  #typeOf(scan: number, name: string): ScalarName {
    return this.#scans[scan]!.spec!.table.columns.find((item) => item.name === name)!.type.scalar;
  }

  #waitsFor(scan: number, other: number): boolean {
    if (scan === other) return true;
    return [...this.#sources[scan]!].some((source) => this.#waitsFor(source, other));
  }
}
