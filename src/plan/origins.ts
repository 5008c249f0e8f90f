import { type ColumnOfTable, readColumn } from './equalities.js';
import { type OwnValues, ownValues } from './own-values.js';
import type { PlanNode } from './plan-tree.js';
import type { SubqueryNames } from './subquery-names.js';

/** Nodes whose rows are those of all their inputs; EXPLAIN calls their columns as the first input does. */
const GATHERING = new Set(['Append', 'Merge Append', 'Recursive Union']);

/** More places than these a value is not looked for in. */
const MOST_ORIGINS = 16;

/** A column of a table, or values that the statement has of its own. */
export type Origin = ColumnOfTable | OwnValues;

/** A column of the rows of a node that gathers them, and what it is cast to where it is used. */
interface Gathered {
  readonly node: PlanNode;
  readonly position: number;
  readonly casts: readonly string[];
}

/** Finds the columns of tables that a value in a plan comes from. */
export class Origins {
  readonly #names: SubqueryNames;
  readonly #parents = new Map<PlanNode, PlanNode>();
  readonly #gatheringNodes: PlanNode[] = [];
  /** Null: two nodes have the alias. */
  readonly #byAlias = new Map<string, PlanNode | null>();
  readonly #bySubplan = new Map<string, PlanNode | null>();

  constructor(root: PlanNode, names: SubqueryNames) {
    this.#names = names;
    const visit = (node: PlanNode): void => {
      if (node.Alias !== undefined && node['Node Type'] !== 'ModifyTable') put(this.#byAlias, node.Alias, node);
      if (GATHERING.has(node['Node Type'])) this.#gatheringNodes.push(node);
      if (node['Subplan Name'] !== undefined) put(this.#bySubplan, node['Subplan Name'], node);
      for (const child of node.Plans ?? []) {
        this.#parents.set(child, node);
        visit(child);
      }
    };
    visit(root);
  }

  /**
   * The columns of tables among whose values are all that `use` has in the node `at`, NULL apart; null: not known.
   * Through a UNION they are several.
   */
  of(use: ColumnOfTable, at: PlanNode): readonly Origin[] | null {
    const found = this.#of(use, at, new Set());
    if (found === null) return null;
    const distinct = [...new Map(found.map((origin) => [JSON.stringify(origin), origin])).values()];
    return distinct.length === 0 || distinct.length > MOST_ORIGINS ? null : distinct;
  }

  /** The nodes from that of a table upwards. */
  above(alias: string): PlanNode[] {
    const nodes: PlanNode[] = [];
    for (let node = this.#byAlias.get(alias) ?? undefined; node !== undefined; node = this.#parents.get(node)) {
      nodes.push(node);
    }
    return nodes;
  }

  /** Whether what is printed as `use` in the node `at` may be a column of a UNION, whose first part has it from there. */
  isGathered(use: ColumnOfTable, at: PlanNode): boolean {
    return this.#gathering(use, at).length > 0;
  }

  #of(use: ColumnOfTable, at: PlanNode, seen: Set<string>): Origin[] | null {
    const own = this.#ofItself(use, seen);
    const gathered = this.#gathering(use, at).map(({ node, position, casts }) => {
      const values = this.#output(node, position, seen);
      return values === null ? null : castTo(casts, values);
    });
    if (own === null || gathered.includes(null)) return null;
    return [...castTo(use.casts, own), ...gathered.flatMap((values) => values!)];
  }

  #ofItself(use: ColumnOfTable, seen: Set<string>): Origin[] | null {
    if (/^InitPlan \d+$/.test(use.alias)) {
      const subplan = this.#bySubplan.get(use.alias) ?? null;
      return subplan === null ? null : this.#output(subplan, Number(use.column.slice('col'.length)) - 1, seen);
    }
    const node = this.#byAlias.get(use.alias) ?? null;
    return node === null ? null : this.#inNode(node, use.column, seen);
  }

  /** The nodes that gather rows and whose columns are printed so, but for those that `at` is below. */
  #gathering(use: ColumnOfTable, at: PlanNode): Gathered[] {
    const above = new Set<PlanNode>();
    for (let place: PlanNode | undefined = at; place !== undefined; place = this.#parents.get(place)) above.add(place);
    return this.#gatheringNodes
      .filter((node) => !above.has(node))
      .flatMap((node) =>
        outputOf(node).flatMap((text, position) => {
          const column = readColumn(text);
          const isSame = column?.alias === use.alias && column.column === use.column;
          if (!isSame || !column.casts.every((name, index) => name === use.casts[index])) return [];
          return [{ node, position, casts: use.casts.slice(column.casts.length) }];
        }),
      );
  }

  /** The values of a column of the node that has its alias. */
  #inNode(node: PlanNode, column: string, seen: Set<string>): Origin[] | null {
    const own = ownValues(node, column, this.#names);
    if (own !== null) return [own];
    if (node['Relation Name'] !== undefined) return [{ alias: node.Alias!, column, casts: [] }];
    const query = this.#queryOf(node);
    if (query === null) return null;
    const position = this.#names.position(node['CTE Name'] ?? node.Alias!, column, outputOf(query));
    return position === null ? null : this.#output(query, position, seen);
  }

  /** The plan of the query that a node only reads. */
  #queryOf(node: PlanNode): PlanNode | null {
    if (node['Node Type'] === 'Subquery Scan') {
      return node.Plans?.find((child) => child['Parent Relationship'] === 'Subquery') ?? null;
    }
    return node['CTE Name'] === undefined ? null : (this.#bySubplan.get(`CTE ${node['CTE Name']}`) ?? null);
  }

  #output(node: PlanNode, position: number, seen: Set<string>): Origin[] | null {
    // A recursive query reads itself: that adds no values.
    const key = `${[...this.#parents.keys()].indexOf(node)} ${position}`;
    if (seen.has(key)) return [];
    seen.add(key);
    if (GATHERING.has(node['Node Type'])) {
      const parts = inputsOf(node).map((input) => this.#output(input, position, seen));
      return parts.includes(null) ? null : parts.flatMap((part) => part!);
    }
    const column = readColumn(outputOf(node)[position] ?? '');
    return column === null ? null : this.#of(column, node, seen);
  }
}

function castTo(casts: readonly string[], origins: readonly Origin[]): Origin[] {
  if (casts.length === 0) return [...origins];
  return origins.map((origin) =>
    'sql' in origin
      ? { ...origin, sql: castSql(origin.sql, casts) }
      : { ...origin, casts: [...origin.casts, ...casts] },
  );
}

function castSql(sql: string, casts: readonly string[]): string {
  return `SELECT v${casts.map((name) => `::${name}`).join('')} FROM (${sql}) AS t (v)`;
}

function put(map: Map<string, PlanNode | null>, key: string, node: PlanNode): void {
  map.set(key, map.has(key) ? null : node);
}

function inputsOf(node: PlanNode): readonly PlanNode[] {
  return (node.Plans ?? []).filter((child) => !/^(?:InitPlan|SubPlan)$/.test(child['Parent Relationship'] ?? ''));
}

function outputOf(node: PlanNode): readonly string[] {
  if (!GATHERING.has(node['Node Type'])) return node.Output ?? [];
  const [first] = inputsOf(node);
  return first === undefined ? [] : outputOf(first);
}
