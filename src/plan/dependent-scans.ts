import type { FilterModel } from '../config/model.js';
import type { SqlType } from '../core/sql-type.js';
import type { Condition } from './condition.js';
import { columnsNamed, readConditions } from './conditions.js';
import type { OutputSettings } from './constants.js';
import type { Binding } from './dependencies.js';
import { keepsValues } from './equalities.js';
import type { Evaluate } from './evaluation.js';
import { splitConjuncts } from './expression-nodes.js';
import { type Joins, type NestedLoops, readJoins } from './joins.js';
import type { Origin, Origins } from './origins.js';
import { addOwnValues, isOwn } from './own-filters.js';
import { type ScanNode, unquotedName } from './plan-tree.js';
import { filterRequired, missingFilters } from './push-down.js';
import { declaredFilters, mayBeWorthAsking } from './request-cost.js';
import type { Dependency, PlannedScan, SourceTop } from './statement-plan.js';
import type { ChosenRows } from './subquery-limits.js';

/**
 * Gives each scan that misses a required filter the values of scans that it is joined with.
 * @throws HV00L when a required filter can be had neither from the statement nor from another scan
 */
export async function addDependencies(
  scans: readonly PlannedScan[],
  explainNestedLoops: () => Promise<NestedLoops>,
  settings: OutputSettings,
  evaluate: Evaluate,
): Promise<PlannedScan[]> {
  const missing = scans.map(missingOf);
  const optional = scans.map((scan) => (scans.length === 1 ? [] : optionalFilters(scan)));
  if ([...missing, ...optional].every((columns) => columns.length === 0)) return [...scans];
  const joins = readJoins(scans, await explainNestedLoops());
  const aliases = joins.nodes.map((nodes) => nodes.map(({ alias }) => alias));
  const given = await addOwnValues(scans, aliases, missing, joins.bindings, settings, evaluate);
  const resolver = new Resolver(given, given.map(missingOf), joins, settings);
  const needed = given.map((scan, index) => {
    const found = resolver.required(index);
    if (typeof found === 'string') throw filterRequired(scan.spec!.table, found);
    return found;
  });
  return given.map((scan, index) => {
    // One more is enough: it names fewer rows, and all of them together would have to be tried in all combinations.
    let chosen: Dependency | null = null;
    const [only, ...others] = needed[index]!;
    if (others.length > 0) return { ...scan, dependencies: needed[index]! };
    for (const filter of optional[index]!) chosen ??= resolver.optional(index, filter);
    return { ...scan, dependencies: chosen === null ? needed[index]! : [[...(only ?? []), chosen]] };
  });
}

function missingOf({ spec, pushed }: PlannedScan): string[] {
  return spec === null ? [] : missingFilters(spec.table, pushed);
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
  readonly #origins: Origins;
  readonly #bindings: readonly Binding[];
  readonly #chosenRows: ReadonlyMap<string, ChosenRows>;
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
    joins: Joins,
    { hasIsoDates, hasExactFloats }: OutputSettings,
  ) {
    this.#canCopyConditions = hasIsoDates && hasExactFloats;
    this.#scans = scans;
    this.#missing = missing;
    this.#origins = joins.origins;
    this.#bindings = joins.bindings;
    this.#chosenRows = joins.chosenRows;
    this.#nodes = joins.nodes;
    this.#sources = scans.map(() => new Set());
  }

  /** The sets of dependencies that give a scan's required filters their values, or the column that gets none. */
  required(scan: number): Dependency[][] | string {
    const sets: Dependency[][] = [];
    const columns = this.#missing[scan]!;
    // Read in several places, the table needs the values of each of them.
    const known: string[] = [];
    const others: { readonly alias: string; readonly unknown: string }[] = [];
    for (const { alias } of columns.length === 0 ? [] : this.#nodes[scan]!) {
      const found = columns.map((column) => this.#resolve(scan, alias, column));
      const unknown = columns.find((_, index) => found[index] === null);
      if (unknown !== undefined) others.push({ alias, unknown });
      else {
        known.push(alias);
        sets.push(...combine(found as Dependency[][]));
      }
    }
    for (const { alias, unknown } of others) {
      if (!known.some((place) => this.#follows(alias, place, columns))) return unknown;
    }
    if (sets.length > MOST_SETS || (sets.length === 0 && columns.length > 0)) return columns[0]!;
    return [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()];
  }

  /** Whether the columns of a place where a table is read have only values of rows in another place where it is read. */
  #follows(alias: string, place: string, columns: readonly string[]): boolean {
    return columns.every((column) =>
      this.#bindings.some(
        ({ alias: own, column: name, casts, origins: [origin, ...others] }) =>
          own === alias &&
          casts.length === 0 &&
          name === column &&
          others.length === 0 &&
          origin !== undefined &&
          !isOwn(origin) &&
          origin.alias === place &&
          origin.casts.length === 0 &&
          origin.column === column,
      ),
    );
  }

  /** A dependency that fills a filter which can be left out. */
  optional(scan: number, filter: FilterModel): Dependency | null {
    const [node, ...others] = this.#nodes[scan]!;
    if (node === undefined || others.length > 0) return null;
    const found = this.#resolve(scan, node.alias, filter.column) ?? [];
    return found.length === 1 ? { ...found[0]!, optional: filter } : null;
  }

  /** A dependency for each of the places that have values of the column; null: they are not known. */
  #resolve(scan: number, alias: string, column: string): Dependency[] | null {
    const candidates = this.#bindings
      .filter((binding) => binding.alias === alias && binding.column === column)
      .flatMap(({ origins, casts }) => {
        if (!keepsValues(this.#typeOf(scan, column), casts)) return [];
        const found = origins.map((origin) => this.#dependency(scan, column, origin));
        return found.includes(null) ? [] : [found as Dependency[]];
      });
    // Sources that ask for nothing themselves are the better ones: they can start at once.
    const waits = (sources: readonly Dependency[]): number =>
      sources.reduce((sum, { source }) => sum + this.#missing[source]!.length, sources.length);
    candidates.sort((a, b) => waits(a) - waits(b));
    const [best] = candidates;
    if (best === undefined) return null;
    for (const { source } of best) this.#sources[scan]!.add(source);
    return best;
  }

  #dependency(scan: number, column: string, origin: Origin): Dependency | null {
    if (isOwn(origin)) return null;
    const source = this.#nodes.findIndex((nodes) => nodes.some((node) => node.alias === origin.alias));
    if (source < 0 || this.#waitsFor(source, scan)) return null;
    const sourceColumn = origin.column;
    if (this.#scans[source]!.spec?.columns.includes(sourceColumn) !== true) return null;
    if (!this.#isSameType(scan, column, source, sourceColumn)) return null;
    if (!keepsValues(this.#typeOf(source, sourceColumn), origin.casts)) return null;
    const node = this.#nodes[source]!.find(({ alias }) => alias === origin.alias)!;
    const { columns } = this.#scans[source]!.spec!;
    const isLoaded = (text: string, alias: string): boolean =>
      [...columnsNamed(text, alias)].every((name) => columns.includes(name));
    const all = node.conditions.flatMap(splitConjuncts);
    const simple = this.#canCopyConditions
      ? all.filter((text) => readConditions(text, node.alias).every(isSelfContained) && isLoaded(text, node.alias))
      : [];
    const facts = {
      sourceFilter: simple.length === 0 ? null : simple.map((text) => `(${text})`).join(' AND '),
      sourceAlias: node.alias,
      // Which rows are first among all that pass is only known with all conditions.
      sourceTop: simple.length === all.length ? this.#topOf(source, node.alias) : null,
      isTruth: this.#typeOf(source, sourceColumn).scalar === 'boolean',
      optional: null,
    };
    return { column, source, sourceColumn, ...facts };
  }

  /** What the query is content with that does nothing but read the table in one place. */
  #topOf(source: number, alias: string): SourceTop | null {
    const { planTable } = this.#scans[source]!;
    const chosen = this.#chosenRows.get(unquotedName(planTable).split('.').at(-1)!);
    const [, ...above] = this.#origins.above(alias).map((node) => node['Node Type']);
    const by = above[0] === 'Sort' || above[0] === 'Incremental Sort' ? above[1] : above[0];
    if (chosen === undefined || by === undefined || !chosen.chosenBy.includes(by)) return null;
    const { columns } = this.#scans[source]!.spec!;
    return chosen.top.orderBy.every(({ column }) => columns.includes(column)) ? chosen.top : null;
  }

  /** Values travel as text, so a cast between columns of other types would change what they mean. */
  #isSameType(scan: number, column: string, source: number, sourceColumn: string): boolean {
    const family = (index: number, name: string): string => {
      const { scalar, isArray } = this.#typeOf(index, name);
      if (isArray) return 'array';
      if (scalar === 'varchar') return 'text';
      return scalar === 'smallint' || scalar === 'integer' ? 'bigint' : scalar;
    };
    const own = family(scan, column);
    return own !== 'array' && own === family(source, sourceColumn);
  }

  #typeOf(scan: number, name: string): SqlType {
    return this.#scans[scan]!.spec!.table.columns.find((item) => item.name === name)!.type;
  }

  #waitsFor(scan: number, other: number): boolean {
    if (scan === other) return true;
    return [...this.#sources[scan]!].some((source) => this.#waitsFor(source, other));
  }
}

/** More sets of values than these are not put together. */
const MOST_SETS = 16;

/**
 * The sets that the sources of several columns make: of columns whose values come from the same places one set per place, so
 * that values stay together which stand in one row; of others each with each.
 */
function combine(columns: readonly (readonly Dependency[])[]): Dependency[][] {
  const groups = new Map<string, (readonly Dependency[])[]>();
  for (const sources of columns) {
    const key = sources.map(({ sourceAlias }) => sourceAlias).join();
    groups.set(key, [...(groups.get(key) ?? []), sources]);
  }
  let sets: Dependency[][] = [[]];
  for (const group of groups.values()) {
    const places = group[0]!.map((_, place) => group.map((sources) => sources[place]!));
    sets = sets.flatMap((set) => places.map((place) => [...set, ...place]));
  }
  return sets;
}
