import type { Random } from '../../core/random.js';
import type { Expressions, Scope } from './expressions.js';
import type { Output, Query } from './select-writer.js';
import type { FuzzTable, FuzzType, World } from './world.js';
import { TEXTS } from './world.js';

export interface Source {
  readonly from: string;
  readonly scope: Scope;
  readonly isLateral: boolean;
  /** The columns by the names that USING and NATURAL know; empty: not a table's own. */
  readonly names: readonly string[];
}

/** What a FROM list needs of the query around it. */
export interface QueryParts {
  readonly random: Random;
  readonly world: World;
  readonly expressions: Expressions;
  readonly ctes: readonly { readonly name: string; readonly columns: readonly Output[] }[];
  readonly depth: number;
  alias(prefix: string): string;
  /** A query in parentheses, one level down. */
  nested(outer: Scope): Query;
  /** ORDER BY all of the outputs. */
  totalOrder(outputs: readonly Output[]): string;
}

const JOINS = ['JOIN', 'JOIN', 'JOIN', 'LEFT JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'] as const;

/** Writes FROM lists. */
export class FromWriter {
  /** The tables that were named. */
  readonly tables = new Set<string>();

  constructor(readonly query: QueryParts) {}

  list(count: number): { from: string; scope: Scope } {
    const { random, expressions } = this.query;
    const first = this.#source([]);
    let { from, scope } = first;
    for (let index = 1; index < count; index++) {
      const next = this.#source(scope);
      const both = [...scope, ...next.scope];
      const common = index === 1 ? first.names.filter((name) => next.names.includes(name)) : [];
      if (random.chance(0.2) || next.scope.length === 0) {
        from += random.chance(0.5) ? `, ${next.from}` : ` CROSS JOIN ${next.from}`;
        // A comma binds less than JOIN: what comes next cannot name what stood before it.
        if (from.includes(', ')) return { from, scope: both };
      } else if (common.length > 0 && random.chance(0.15)) {
        from += this.#byName(next.from, common);
      } else {
        const kind = random.pick(JOINS);
        const equality = this.#equality(scope, next.scope);
        if (kind === 'FULL JOIN' && equality !== null && !next.isLateral)
          from += ` FULL JOIN ${next.from} ON ${equality}`;
        else {
          const extra = random.chance(0.25) ? ` AND ${expressions.condition(both, 0)}` : '';
          const isEqui = equality !== null && random.chance(0.85);
          const on = isEqui ? `${equality}${extra}` : expressions.condition(both, 1);
          from += ` ${next.isLateral || kind === 'FULL JOIN' ? 'LEFT JOIN' : kind} ${next.from} ON ${on}`;
        }
      }
      scope = both;
    }
    return { from, scope };
  }

  named(table: FuzzTable): Source {
    this.tables.add(table.name);
    const alias = this.query.alias(table.name);
    return {
      from: `{{${table.name}}} ${alias}`,
      scope: table.columns.map((column) => ({ sql: `${alias}.${column.name}`, type: column.type })),
      isLateral: false,
      names: table.columns.map(({ name }) => name),
    };
  }

  #byName(next: string, common: readonly string[]): string {
    const { random } = this.query;
    const kind = random.pick(JOINS);
    if (random.chance(0.25)) return ` NATURAL ${kind} ${next}`;
    const useful = common.filter((name) => ['k', 's', 'id', 'ref'].includes(name));
    const names = [random.pick(useful.length > 0 ? useful : common)];
    if (random.chance(0.2)) names.push(...common.filter((name) => !names.includes(name)).slice(0, 1));
    return ` ${kind} ${next} USING (${names.join(', ')})`;
  }

  #equality(left: Scope, right: Scope): string | null {
    const { random } = this.query;
    const pairs = left.flatMap((one) =>
      right.filter((other) => other.type === one.type).map((other) => `${one.sql} = ${other.sql}`),
    );
    if (random.chance(0.15))
      return this.#computedEquality(left, right) ?? (pairs.length > 0 ? random.pick(pairs) : null);
    if (pairs.length === 0) return null;
    const useful = pairs.filter((pair) => /\.(k|s|id|ref) = \S+\.(k|s|id|ref)$/.test(pair));
    return random.pick(useful.length > 0 && random.chance(0.8) ? useful : pairs);
  }

  /** A column of one side, and what is computed of one of the other. */
  #computedEquality(left: Scope, right: Scope): string | null {
    const { random, expressions } = this.query;
    const [own, other] = random.chance(0.5) ? [left, right] : [right, left];
    const usable = own.filter(({ type, sql }) => (type === 'int' || type === 'text') && /\.(k|s|id|ref)$/.test(sql));
    if (usable.length === 0) return null;
    const column = random.pick(usable);
    const values = other.filter(({ type }) => type === column.type);
    if (values.length === 0) return null;
    const computed = `${column.sql} = ${expressions.computed(random.pick(values).sql, column.type)}`;
    return random.chance(0.2) ? `(${computed} OR ${column.sql} = ${random.pick(values).sql})` : computed;
  }

  #source(outer: Scope): Source {
    const { random, world, ctes, depth } = this.query;
    if (depth < 2 && random.chance(0.18)) return this.#subquery(outer);
    if (random.chance(0.1)) return this.#values();
    if (ctes.length > 0 && random.chance(0.5)) {
      const { name, columns } = random.pick(ctes);
      const alias = this.query.alias('x');
      const scope = columns.map((column) => ({ sql: `${alias}.${column.name}`, type: column.type }));
      return { from: `${name} ${alias}`, scope, isLateral: false, names: [] };
    }
    return this.named(random.pick(world.tables));
  }

  #subquery(outer: Scope): Source {
    const { random } = this.query;
    const isLateral = outer.length > 0 && random.chance(0.5);
    const { sql, outputs } = this.query.nested(isLateral ? outer : []);
    const alias = this.query.alias('q');
    const isCut = outputs.length > 0 && random.chance(0.3);
    const limit = isCut ? ` ORDER BY ${this.query.totalOrder(outputs)} LIMIT ${random.int(1, 9)}` : '';
    // Sometimes under names of its own, in another order than those below it have.
    const renamed = random.chance(0.2) ? outputs.map((_, index) => `n${outputs.length - index}`) : null;
    const scope = outputs.map(({ name, type }, index) => ({ sql: `${alias}.${renamed?.[index] ?? name}`, type }));
    const names = renamed === null || renamed.length === 0 ? '' : ` (${renamed.join(', ')})`;
    return { from: `${isLateral ? 'LATERAL ' : ''}(${sql}${limit}) ${alias}${names}`, scope, isLateral, names: [] };
  }

  /** Rows of the statement's own, and of a temporary table. */
  #values(): Source {
    const { random, expressions } = this.query;
    const alias = this.query.alias('w');
    const source = (from: string, ...columns: [string, FuzzType][]): Source => ({
      from,
      scope: columns.map(([name, type]) => ({ sql: `${alias}.${name}`, type })),
      isLateral: false,
      names: [],
    });
    return random.pick([
      () => {
        const rows = Array.from(
          { length: random.int(1, 4) },
          () => `(${expressions.typed('int')}, ${expressions.typed('text')})`,
        );
        return source(`(VALUES ${rows.join(', ')}) ${alias} (n, t)`, ['n', 'int'], ['t', 'text']);
      },
      () => source(`generate_series(${random.int(0, 3)}::bigint, ${random.int(3, 9)}) ${alias} (n)`, ['n', 'int']),
      () => source(`unnest(ARRAY['${random.pick(TEXTS.slice(0, 3))}', 'zz']) ${alias} (t)`, ['t', 'text']),
      () => source(`(SELECT generate_series(1, ${random.int(1, 5)})::bigint AS n) ${alias}`, ['n', 'int']),
      () => source(`mine ${alias}`, ['n', 'int'], ['t', 'text']),
      () =>
        source(
          `unnest(ARRAY['${random.pick(TEXTS.slice(0, 3))}', 'zz']) WITH ORDINALITY ${alias} (t, n)`,
          ['t', 'text'],
          ['n', 'int'],
        ),
      () => source(`generate_series(4, 6) WITH ORDINALITY ${alias} (m, n)`, ['n', 'int']),
      () => source(`string_to_table('open,zz', ',') ${alias} (t)`, ['t', 'text']),
    ])();
  }
}
