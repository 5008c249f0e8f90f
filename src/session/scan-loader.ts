import type { TableModel } from '../config/model.js';
import type { RowBatch } from '../core/row-batch.js';
import type { ScanTable } from '../engine/engine.js';
import type { CacheMode } from '../engine/scan-cache/cache-info.js';
import type { Dependency, PlannedScan, StatementPlan } from '../plan/statement-plan.js';
import type { PushedFilter, ScanSpec } from '../scan/scan.js';
import { countedRows } from './counted-rows.js';
import { dependentFilters, valuesQuery } from './dependent-values.js';
import type { Services } from './services.js';
import { sideBySide } from './side-by-side.js';
import type { ScanPurpose, StatementScans } from './statement-scans.js';

/** How scans are loaded. */
export interface LoadManner {
  readonly mode: CacheMode;
  /** See `LoadOptions`. */
  readonly mayBeInline: boolean;
}

/**
 * Loads the scans of one statement into scan tables, all at once, but a dependent scan after those that its values come
 * from. The first failure ends the others.
 */
export class ScanLoader {
  readonly #services: Services;
  readonly #plan: StatementPlan;
  readonly #scans: StatementScans;
  readonly #signal: AbortSignal;
  readonly #manner: LoadManner;
  readonly #keep: (table: ScanTable) => void;
  readonly #failure = new AbortController();
  readonly #loads = new Map<number, Promise<string>>();

  /** @param keep is given each scan table; whoever has it drops it */
  constructor(
    services: Services,
    plan: StatementPlan,
    scans: StatementScans,
    signal: AbortSignal,
    manner: LoadManner,
    keep: (table: ScanTable) => void,
  ) {
    this.#services = services;
    this.#plan = plan;
    this.#scans = scans;
    this.#signal = AbortSignal.any([signal, this.#failure.signal]);
    this.#manner = manner;
    this.#keep = keep;
  }

  /** The tables to read, in the order of the plan's scans. */
  async load(): Promise<string[]> {
    const loads = this.#plan.scans.map((_, index) => this.#loadOnce(index));
    await Promise.allSettled(loads);
    if (this.#failure.signal.aborted) throw this.#failure.signal.reason;
    return Promise.all(loads);
  }

  #loadOnce(planned: number): Promise<string> {
    const index = this.#plan.scans[planned]!.sharesWith ?? planned;
    let load = this.#loads.get(index);
    if (load === undefined) {
      load = this.#load(index).catch((error: unknown) => {
        // The first failure is the reason; those that follow from it are not.
        this.#failure.abort(error);
        throw error;
      });
      this.#loads.set(index, load);
    }
    return load;
  }

  async #load(index: number): Promise<string> {
    const scan: PlannedScan = this.#plan.scans[index]!;
    // A table that the plan never reads can as well be an empty one.
    if (scan.spec === null) return scan.planTable;
    const purpose: ScanPurpose = { way: 'engine', planned: index, signal: this.#signal };
    const counted = await this.#count(scan, purpose);
    if (counted !== null) return counted;
    const specs = await this.#dependentSpecs(scan.spec, scan.dependencies);
    if (specs.length === 0) return scan.planTable;
    const table = await this.#table(scan, specs, purpose);
    this.#keep(table);
    return table.sqlName;
  }

  /** Where only their number is used, as many rows as the API says there are, made in the engine; null: it does not say. */
  async #count({ spec, standIn, dependencies }: PlannedScan, purpose: ScanPurpose): Promise<string | null> {
    const { cache, scanner } = this.#services;
    if (spec === null || standIn === null || dependencies.length > 0 || cache.keeps(spec.table, this.#manner.mode))
      return null;
    const count = await this.#scans.run(spec, purpose, (context) => scanner.count(spec, context));
    return count === null ? null : countedRows(spec.table, standIn, count);
  }

  /** A table with the rows of the scans, of which there is at least one. */
  #table(
    { reference: { entry }, withPrimaryKey, lookUps }: PlannedScan,
    specs: readonly ScanSpec[],
    purpose: ScanPurpose,
  ): Promise<ScanTable> {
    const { engine, cache, scanner } = this.#services;
    const spec = specs[0]!;
    // Only a single scan says by its filters which rows are in the table.
    if (specs.length === 1 && cache.keeps(spec.table, this.#manner.mode)) {
      const { enough: _, ...whole } = spec;
      const request = { entry, spec: whole, mode: this.#manner.mode, withPrimaryKey };
      return this.#scans.run(whole, purpose, (context) => cache.acquire(request, scanner, context));
    }
    const isJoined = this.#plan.scans.length > 1 || lookUps.length > 0;
    const readers = this.#plan.scans.filter(({ sharesWith }, index) => (sharesWith ?? index) === purpose.planned);
    const mayBeInline = this.#manner.mayBeInline && readers.length <= INLINE_READERS;
    const options = { withPrimaryKey, isJoined, lookUps, mayBeInline };
    return engine.load(entry, spec.columns, this.#open(specs, purpose), options, this.#signal);
  }

  #open(specs: readonly ScanSpec[], purpose: ScanPurpose): AsyncGenerator<RowBatch, void, void> {
    const { scanner } = this.#services;
    const sources = specs.map(
      (spec) => () => this.#scans.read(spec, purpose, (context) => scanner.open(spec, context)),
    );
    return sources.length === 1 ? sources[0]!() : sideBySide(sources, SCANS_AT_ONCE);
  }

  /** The scan with the values it depends on for filters; as many scans as there are combinations, none if no values. */
  async #dependentSpecs(spec: ScanSpec, sets: readonly (readonly Dependency[])[]): Promise<ScanSpec[]> {
    const filterSets =
      sets.length > 1
        ? await this.#mergedFilterSets(spec.table, sets)
        : await this.#productOf(spec.table, sets[0] ?? []);
    const isPart = filterSets.length > 1;
    return filterSets.map((filters) => ({ ...spec, filters: [...spec.filters, ...filters], isPart }));
  }

  async #productOf(table: TableModel, dependencies: readonly Dependency[]): Promise<PushedFilter[][]> {
    let filterSets: PushedFilter[][] = [[]];
    for (const group of bySource(dependencies)) {
      const sets = await this.#filterSets(table, await this.#loadOnce(group[0]!.source), group);
      filterSets = filterSets.flatMap((filters) => sets.map((set) => [...filters, ...set]));
    }
    return filterSets;
  }

  /** Values that several sets of dependencies have are asked for once. */
  async #mergedFilterSets(table: TableModel, sets: readonly (readonly Dependency[])[]): Promise<PushedFilter[][]> {
    const order = [...sets[0]!].sort((a, b) => (a.column < b.column ? -1 : 1));
    const rows = new Map<string, (string | null)[]>();
    for (const dependencies of sets) {
      let found: Readonly<Record<string, string | null>>[] = [{}];
      for (const group of bySource(dependencies)) {
        const values = await this.#values(await this.#loadOnce(group[0]!.source), group);
        const named = values.map((row) => Object.fromEntries(group.map(({ column }, index) => [column, row[index]!])));
        found = found.flatMap((known) => named.map((more) => ({ ...known, ...more })));
      }
      for (const item of found) {
        const row = order.map(({ column }) => item[column]!);
        rows.set(JSON.stringify(row), row);
      }
    }
    return dependentFilters(table, order, [...rows.values()]) ?? [[]];
  }

  async #filterSets(table: TableModel, scanTable: string, group: readonly Dependency[]): Promise<PushedFilter[][]> {
    const sets = dependentFilters(table, group, await this.#values(scanTable, group));
    if (sets !== null) return sets;
    const needed = group.filter(({ optional }) => optional === null);
    return needed.length === 0 ? [[]] : this.#filterSets(table, scanTable, needed);
  }

  #values(scanTable: string, group: readonly Dependency[]): Promise<readonly (readonly (string | null)[])[]> {
    return this.#services.engine.query(valuesQuery(scanTable, group));
  }
}

/** The dependencies of one place that values come from, together. */
function bySource(dependencies: readonly Dependency[]): Dependency[][] {
  const aliases = new Set(dependencies.map(({ sourceAlias }) => sourceAlias));
  return [...aliases].map((alias) => dependencies.filter(({ sourceAlias }) => sourceAlias === alias));
}

/** More references than these to one scan read a table: the statement would have its rows once for each of them. */
const INLINE_READERS = 4;

/** Scans of one table with different values that are read at the same time; each keeps to the limits of its DSN besides. */
const SCANS_AT_ONCE = 4;
