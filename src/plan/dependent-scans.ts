import { type Condition, readConditions } from './conditions.js';
import { type Binding, readBindings } from './dependencies.js';
import { collectScans, type PlanNode, type ScanNode, unquotedName } from './plan-tree.js';
import { filterRequired, missingFilters } from './push-down.js';
import type { Dependency, PlannedScan } from './statement-plan.js';

/**
 * Gives each scan that misses a required filter the values of a scan that it is joined with.
 * @param explainNestedLoops the statement's plan with tables looked up in one another
 * @throws HV00L when a required filter can be had neither from the statement nor from another scan
 */
export async function addDependencies(
  scans: readonly PlannedScan[],
  explainNestedLoops: () => Promise<PlanNode>,
): Promise<PlannedScan[]> {
  const missing = scans.map((scan) => (scan.spec === null ? [] : missingFilters(scan.spec.table, scan.pushed)));
  if (missing.every((columns) => columns.length === 0)) return [...scans];
  const resolver = scans.length > 1 ? new Resolver(scans, missing, await explainNestedLoops()) : null;
  return scans.map((scan, index) => ({
    ...scan,
    dependencies: missing[index]!.map((column) => {
      const dependency = resolver?.resolve(index, column) ?? null;
      if (dependency === null) throw filterRequired(scan.spec!.table, column);
      return dependency;
    }),
  }));
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

  constructor(scans: readonly PlannedScan[], missing: readonly (readonly string[])[], root: PlanNode) {
    this.#scans = scans;
    this.#missing = missing;
    this.#bindings = readBindings(root);
    const nodes = collectScans(root);
    this.#nodes = scans.map((scan) => nodes.get(unquotedName(scan.planTable)) ?? []);
    this.#sources = scans.map(() => new Set());
  }

  resolve(scan: number, column: string): Dependency | null {
    // Read in several places, the table would need the values of each of them.
    if (this.#nodes[scan]!.length !== 1) return null;
    const { alias } = this.#nodes[scan]![0]!;
    const candidates = this.#bindings
      .filter((binding) => binding.alias === alias && binding.column === column)
      .flatMap((binding) => this.#dependency(scan, column, binding) ?? []);
    // A source that asks for nothing itself is the better one: it can start at once.
    candidates.sort((a, b) => this.#missing[a.source]!.length - this.#missing[b.source]!.length);
    const [best] = candidates;
    if (best === undefined) return null;
    this.#sources[scan]!.add(best.source);
    return best;
  }

  #dependency(scan: number, column: string, binding: Binding): Dependency | null {
    const source = this.#nodes.findIndex((nodes) => nodes.length === 1 && nodes[0]!.alias === binding.sourceAlias);
    if (source < 0 || this.#waitsFor(source, scan)) return null;
    const { sourceColumn } = binding;
    if (this.#scans[source]!.spec?.columns.includes(sourceColumn) !== true) return null;
    if (!this.#isSameType(scan, column, source, sourceColumn)) return null;
    const [node] = this.#nodes[source]!;
    const simple = node!.conditions.filter((text) => readConditions(text, node!.alias).every(isSelfContained));
    const sourceFilter = simple.length === 0 ? null : simple.map((text) => `(${text})`).join(' AND ');
    return { column, source, sourceColumn, sourceFilter, sourceAlias: node!.alias };
  }

  /** Values travel as text, so a cast between columns of other types would change what they mean. */
  #isSameType(scan: number, column: string, source: number, sourceColumn: string): boolean {
    const family = (index: number, name: string): string => {
      const scalar = this.#scans[index]!.spec!.table.columns.find((item) => item.name === name)!.type.scalar;
      if (scalar === 'varchar') return 'text';
      return scalar === 'smallint' || scalar === 'integer' ? 'bigint' : scalar;
    };
    return family(scan, column) === family(source, sourceColumn);
  }

  #waitsFor(scan: number, other: number): boolean {
    if (scan === other) return true;
    return [...this.#sources[scan]!].some((source) => this.#waitsFor(source, other));
  }
}
