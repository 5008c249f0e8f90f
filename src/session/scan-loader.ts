import type { RowBatch } from '../core/row-batch.js';
import type { CatalogueEntry, ScanTable } from '../engine/engine.js';
import type { CacheMode } from '../engine/scan-cache/cache-info.js';
import type { Dependency, PlannedScan, StatementPlan } from '../plan/statement-plan.js';
import { quoteIdentifier } from '../plan/syntax.js';
import type { PushedFilter, ScanContext, ScanSpec } from '../scan/scan.js';
import type { Services } from './services.js';

/**
 * Loads the scans of one statement into scan tables, all at once, but a dependent scan after those that its values come
 * from. The first failure ends the others.
 */
export class ScanLoader {
  readonly #services: Services;
  readonly #plan: StatementPlan;
  readonly #context: ScanContext;
  readonly #mode: CacheMode;
  readonly #keep: (table: ScanTable) => void;
  readonly #failure = new AbortController();
  readonly #loads = new Map<number, Promise<string>>();

  /** @param keep is given each scan table; whoever has it drops it */
  constructor(
    services: Services,
    plan: StatementPlan,
    context: ScanContext,
    mode: CacheMode,
    keep: (table: ScanTable) => void,
  ) {
    this.#services = services;
    this.#plan = plan;
    this.#context = { ...context, signal: AbortSignal.any([context.signal, this.#failure.signal]) };
    this.#mode = mode;
    this.#keep = keep;
  }

  /** The tables to read, in the order of the plan's scans. */
  async load(): Promise<string[]> {
    const loads = this.#plan.scans.map((_, index) => this.#loadOnce(index));
    await Promise.allSettled(loads);
    if (this.#failure.signal.aborted) throw this.#failure.signal.reason;
    return Promise.all(loads);
  }

  #loadOnce(index: number): Promise<string> {
    let load = this.#loads.get(index);
    if (load === undefined) {
      load = this.#load(this.#plan.scans[index]!).catch((error: unknown) => {
        // The first failure is the reason; those that follow from it are not.
        this.#failure.abort(error);
        throw error;
      });
      this.#loads.set(index, load);
    }
    return load;
  }

  async #load(scan: PlannedScan): Promise<string> {
    // A table that the plan never reads can as well be an empty one.
    if (scan.spec === null) return scan.planTable;
    const specs = await this.#dependentSpecs(scan.spec, scan.dependencies);
    if (specs.length === 0) return scan.planTable;
    const table = await this.#table(scan.reference.entry, specs, groupsByKey(this.#plan, scan.spec));
    this.#keep(table);
    return table.sqlName;
  }

  /** A table with the rows of the scans, of which there is at least one. */
  #table(entry: CatalogueEntry, specs: readonly ScanSpec[], withPrimaryKey: boolean): Promise<ScanTable> {
    const { engine, cache, scanner } = this.#services;
    const spec = specs[0]!;
    // Only a single scan says by its filters which rows are in the table.
    if (specs.length === 1 && cache.keeps(spec.table, this.#mode)) {
      return cache.acquire({ entry, spec, mode: this.#mode, withPrimaryKey }, scanner, this.#context);
    }
    return engine.load(entry, spec.columns, this.#open(specs), { withPrimaryKey }, this.#context.signal);
  }

  async *#open(specs: readonly ScanSpec[]): AsyncGenerator<RowBatch, void, void> {
    for (const spec of specs) yield* this.#services.scanner.open(spec, this.#context);
  }

  /** The scan with the values it depends on for filters; as many scans as there are combinations, none if no values. */
  async #dependentSpecs(spec: ScanSpec, dependencies: readonly Dependency[]): Promise<ScanSpec[]> {
    let filterSets: PushedFilter[][] = [[]];
    for (const source of new Set(dependencies.map((dependency) => dependency.source))) {
      const group = dependencies.filter((dependency) => dependency.source === source);
      const sets = await this.#filterSets(await this.#loadOnce(source), group, dependencies.length === 1);
      filterSets = filterSets.flatMap((filters) => sets.map((set) => [...filters, ...set]));
    }
    return filterSets.map((filters) => ({ ...spec, filters: [...spec.filters, ...filters] }));
  }

  /** A single column's values go as one IN list, which the scan divides as its API wants; several columns as tuples. */
  async #filterSets(table: string, group: readonly Dependency[], asList: boolean): Promise<PushedFilter[][]> {
    const { sourceAlias, sourceFilter } = group[0]!;
    const alias = quoteIdentifier(sourceAlias);
    const columns = group.map((dependency) => `${alias}.${quoteIdentifier(dependency.sourceColumn)}`);
    const conditions = columns.map((column) => `${column} IS NOT NULL`);
    if (sourceFilter !== null) conditions.push(sourceFilter);
    const outputs = columns.map((column) => `${column}::text`).join(', ');
    const rows = await this.#services.engine.query(
      `SELECT DISTINCT ${outputs} FROM ${table} AS ${alias} WHERE ${conditions.join(' AND ')} ORDER BY ${outputs}`,
    );
    if (rows.length === 0) return [];
    if (asList) return [[{ column: group[0]!.column, operator: 'in', values: rows.map(([value]) => value!) }]];
    return rows.map((row) =>
      group.map(({ column }, index) => ({ column, operator: '=' as const, values: [row[index]!] })),
    );
  }
}

/** A statement that groups by a primary key may put out other columns of the table, but only if it has that key. */
function groupsByKey(plan: StatementPlan, spec: ScanSpec): boolean {
  const { primaryKey } = spec.table;
  const { groupColumns } = plan.template;
  if (primaryKey.length === 0 || !primaryKey.every((column) => spec.columns.includes(column))) return false;
  // A name that is no column of this table may be an output's alias, and so stand for any column.
  const isColumn = (name: string): boolean => spec.table.columns.some((column) => column.name === name);
  const mayBeAny = [...groupColumns].some((name) => !isColumn(name));
  return mayBeAny || primaryKey.every((column) => groupColumns.has(column));
}
