import type { Random } from '../../core/random.js';
import { Expressions, type Named, type Scope } from './expressions.js';
import type { FuzzTable, FuzzType, World } from './world.js';

export interface FuzzQuery {
  /** `{{a}}` stands for table a. */
  readonly sql: string;
  readonly parameters: readonly string[];
  /** Whether the rows have a definite order. */
  readonly isOrdered: boolean;
  /** LIMIT without ORDER BY: any so many of the rows that `sql` gives without it. */
  readonly window: { readonly limit: number; readonly offset: number } | null;
  /** The tables that it reads. */
  readonly tables: ReadonlySet<string>;
}

interface Output extends Named {
  readonly name: string;
}

const KINDS: readonly FuzzType[] = ['int', 'text', 'num', 'bool', 'date', 'ts'];

/** Writes one query over a world's tables. */
export function makeQuery(random: Random, world: World): FuzzQuery {
  return new QueryWriter(random, world).write();
}

class QueryWriter {
  readonly #random: Random;
  readonly #world: World;
  readonly #expressions: Expressions;
  readonly #tables = new Set<string>();
  #aliases = 0;
  #depth = 0;
  #ctes: { readonly name: string; readonly columns: readonly Output[] }[] = [];

  constructor(random: Random, world: World) {
    this.#random = random;
    this.#world = world;
    this.#expressions = new Expressions(random, random.chance(0.3), (outer, type, isScalar) =>
      this.#subquery(outer, type, isScalar),
    );
  }

  write(): FuzzQuery {
    const random = this.#random;
    if (random.chance(0.12)) return this.#top();
    const ctes = random.chance(0.15) ? this.#with() : '';
    const { sql, outputs } = random.chance(0.12) ? this.#setOperation() : this.#select([], true);
    const body = `${ctes}${sql}`;
    const finish = random.int(0, 9);
    const facts = { parameters: this.#expressions.parameters, tables: this.#tables };
    if (finish <= 3 && outputs.length > 0) {
      const limit = random.chance(0.6)
        ? ` LIMIT ${random.int(0, 12)}${random.chance(0.3) ? ` OFFSET ${random.int(0, 5)}` : ''}`
        : '';
      return { ...facts, sql: `${body} ORDER BY ${this.#totalOrder(outputs)}${limit}`, isOrdered: true, window: null };
    }
    if (finish === 4) {
      const window = { limit: random.int(0, 9), offset: random.chance(0.3) ? random.int(0, 4) : 0 };
      return { ...facts, sql: body, isOrdered: false, window };
    }
    // Power BI's wrapper
    if (finish === 5 && outputs.length > 0 && ctes === '') {
      const names = outputs.map(({ name }) => `"_"."${name}"`).join(', ');
      const scope = outputs.map(({ name, type }) => ({ sql: `"_"."${name}"`, type }));
      const where = random.chance(0.6) ? ` WHERE ${this.#expressions.condition(scope, 1)}` : '';
      return { ...facts, sql: `SELECT ${names} FROM (${body}) "_"${where}`, isOrdered: false, window: null };
    }
    return { ...facts, sql: body, isOrdered: false, window: null };
  }

  /** The first rows of one table in an order that an API may keep, or how many rows there are. */
  #top(): FuzzQuery {
    const random = this.#random;
    const { from, scope } = this.#named(random.pick(this.#world.tables));
    const conditions = [this.#required(scope, [])];
    for (let index = random.int(0, 2); index > 0; index--) conditions.push(this.#expressions.condition(scope, 0));
    const where = conditions.filter((text) => text !== null);
    const tail = ` FROM ${from}${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}`;
    const facts = { parameters: this.#expressions.parameters, tables: this.#tables };
    if (random.chance(0.3)) return { ...facts, sql: `SELECT count(*) AS c0${tail}`, isOrdered: true, window: null };
    const keys = Array.from({ length: random.int(0, 2) }, () => `${random.pick(scope).sql}${this.#direction()}`);
    const order = [...keys, `${scope[0]!.sql}${this.#direction()}`].join(', ');
    const limit = ` LIMIT ${random.int(0, 12)}${random.chance(0.3) ? ` OFFSET ${random.int(0, 5)}` : ''}`;
    const outputs = random.chance(0.5) ? scope.slice(0, 3) : scope;
    const list = outputs.map(({ sql }, index) => `${sql} AS c${index}`).join(', ');
    return { ...facts, sql: `SELECT ${list}${tail} ORDER BY ${order}${limit}`, isOrdered: true, window: null };
  }

  /** All outputs are keys, so that the order leaves nothing open. */
  #totalOrder(outputs: readonly Output[]): string {
    const positions = outputs.map((_, index) => index + 1);
    if (this.#random.chance(0.4)) positions.reverse();
    return positions.map((position) => `${position}${this.#direction()}`).join(', ');
  }

  #direction(): string {
    const nulls = this.#random.chance(0.2) ? this.#random.pick([' NULLS FIRST', ' NULLS LAST']) : '';
    return `${this.#random.pick(['', '', ' DESC'])}${nulls}`;
  }

  #with(): string {
    const name = `cte${++this.#aliases}`;
    const { sql, outputs } = this.#nested(() => this.#select([], true));
    this.#ctes.push({ name, columns: outputs });
    return `WITH ${name} AS ${this.#random.pick(['', '', 'MATERIALIZED '])}(${sql}) `;
  }

  #setOperation(): { sql: string; outputs: Output[] } {
    const random = this.#random;
    const types = Array.from({ length: random.int(1, 3) }, () => random.pick(['int', 'text'] as const));
    const side = (): string => this.#nested(() => this.#select([], false, types)).sql;
    const operator = random.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL']);
    const outputs = types.map((type, index) => ({ name: `c${index}`, sql: `c${index}`, type }));
    return { sql: `${side()} ${operator} ${side()}`, outputs };
  }

  #nested<T>(write: () => T): T {
    this.#depth++;
    const result = write();
    this.#depth--;
    return result;
  }

  #subquery(outer: Scope, type: FuzzType | null, isScalar: boolean): string | null {
    const random = this.#random;
    if (this.#depth >= 2) return null;
    return this.#nested(() => {
      const { from, scope } = this.#from(random.int(0, 5) === 0 ? 2 : 1);
      const conditions = [this.#required(scope, outer)];
      if (random.chance(0.7)) conditions.push(this.#correlation(scope, outer));
      if (random.chance(0.4)) conditions.push(this.#expressions.condition(scope, 1));
      const where = conditions.filter((text) => text !== null);
      const clause = where.length > 0 ? ` WHERE ${where.join(' AND ')}` : '';
      if (type === null) return `SELECT FROM ${from}${clause}`;
      if (!isScalar) return `SELECT ${this.#expressions.of(scope, type, 0)} FROM ${from}${clause}`;
      const ordered = type === 'bool' ? 'bool_or' : random.pick(['min', 'max']);
      if (type === 'int' && random.chance(0.4)) return `SELECT count(*) FROM ${from}${clause}`;
      return `SELECT ${ordered}(${this.#expressions.of(scope, type, 0)}) FROM ${from}${clause}`;
    });
  }

  #correlation(scope: Scope, outer: Scope): string | null {
    const pairs = scope.flatMap((inner) =>
      outer.filter((column) => column.type === inner.type).map((column) => [inner, column] as const),
    );
    const useful = pairs.filter(([inner]) => inner.type === 'int' || inner.type === 'text');
    if (useful.length === 0) return null;
    const [inner, column] = this.#random.pick(useful);
    return `${inner.sql} = ${column.sql}`;
  }

  /** Mostly gives a table what its API needs. */
  #required(scope: Scope, outer: Scope): string | null {
    const random = this.#random;
    if (random.chance(0.1)) return null;
    const conditions = this.#world.tables.flatMap((table) =>
      table.filters
        .filter((filter) => filter.isRequired)
        .flatMap((filter) => {
          const columns = scope.filter(
            ({ sql }) => sql.startsWith(`${table.name}_`) && sql.endsWith(`.${filter.column}`),
          );
          return columns.map((column) => {
            const correlated = outer.filter((candidate) => candidate.type === column.type);
            if (correlated.length > 0 && random.chance(0.5)) return `${column.sql} = ${random.pick(correlated).sql}`;
            const others = scope.filter(
              (item) => item.type === column.type && item.sql.split('.')[0] !== column.sql.split('.')[0],
            );
            if (others.length > 0 && random.chance(0.5)) return `${column.sql} = ${random.pick(others).sql}`;
            const constant = (): string => this.#expressions.constant(column.type);
            if (random.chance(0.4)) return `${column.sql} IN (${constant()}, ${constant()}, ${constant()})`;
            return `${column.sql} = ${constant()}`;
          });
        }),
    );
    return conditions.length === 0 ? null : conditions.join(' AND ');
  }

  #table(): { from: string; scope: Scope } {
    const random = this.#random;
    if (this.#ctes.length > 0 && random.chance(0.5)) {
      const { name, columns } = random.pick(this.#ctes);
      const alias = `x_${++this.#aliases}`;
      return {
        from: `${name} ${alias}`,
        scope: columns.map((column) => ({ sql: `${alias}.${column.name}`, type: column.type })),
      };
    }
    const table = random.pick(this.#world.tables);
    return this.#named(table);
  }

  #named(table: FuzzTable): { from: string; scope: Scope } {
    this.#tables.add(table.name);
    const alias = `${table.name}_${++this.#aliases}`;
    return {
      from: `{{${table.name}}} ${alias}`,
      scope: table.columns.map((column) => ({ sql: `${alias}.${column.name}`, type: column.type })),
    };
  }

  #source(outer: Scope): { from: string; scope: Scope; isLateral: boolean } {
    const random = this.#random;
    if (this.#depth < 2 && random.chance(0.15)) {
      const isLateral = outer.length > 0 && random.chance(0.5);
      const { sql, outputs } = this.#nested(() => this.#select(isLateral ? outer : [], true));
      const alias = `q_${++this.#aliases}`;
      const order =
        outputs.length > 0 && random.chance(0.3)
          ? ` ORDER BY ${this.#totalOrder(outputs)} LIMIT ${random.int(1, 9)}`
          : '';
      const scope = outputs.map((output) => ({ sql: `${alias}.${output.name}`, type: output.type }));
      return { from: `${isLateral ? 'LATERAL ' : ''}(${sql}${order}) ${alias}`, scope, isLateral };
    }
    return { ...this.#table(), isLateral: false };
  }

  #from(count: number): { from: string; scope: Scope } {
    const random = this.#random;
    const first = this.#source([]);
    let { from } = first;
    let scope = first.scope;
    for (let index = 1; index < count; index++) {
      const next = this.#source(scope);
      if (random.chance(0.2) || next.scope.length === 0) {
        from += random.chance(0.5) ? `, ${next.from}` : ` CROSS JOIN ${next.from}`;
        // A comma binds less than JOIN: what comes next cannot name what stood before it.
        if (from.includes(', ')) return { from, scope: [...scope, ...next.scope] };
        scope = [...scope, ...next.scope];
        continue;
      }
      const pairs = scope.flatMap((left) =>
        next.scope.filter((right) => right.type === left.type).map((right) => `${left.sql} = ${right.sql}`),
      );
      const isEqui = pairs.length > 0 && random.chance(0.85);
      const equality = pairs.length > 0 ? random.pick(pairs) : 'true';
      const useful = pairs.filter((pair) => /\.(k|s|id|ref) = \S+\.(k|s|id|ref)$/.test(pair));
      const chosen = useful.length > 0 && random.chance(0.8) ? random.pick(useful) : equality;
      const kind = random.pick(['JOIN', 'JOIN', 'JOIN', 'LEFT JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'] as const);
      if (kind === 'FULL JOIN' && pairs.length > 0 && !next.isLateral) from += ` FULL JOIN ${next.from} ON ${chosen}`;
      else {
        const both = [...scope, ...next.scope];
        const extra = random.chance(0.25) ? ` AND ${this.#expressions.condition(both, 0)}` : '';
        const on = isEqui ? `${chosen}${extra}` : this.#expressions.condition(both, 1);
        const safe = next.isLateral || kind === 'FULL JOIN' ? 'LEFT JOIN' : kind;
        from += ` ${safe} ${next.from} ON ${on}`;
      }
      scope = [...scope, ...next.scope];
    }
    return { from, scope };
  }

  #select(outer: Scope, mayAggregate: boolean, types?: readonly FuzzType[]): { sql: string; outputs: Output[] } {
    const random = this.#random;
    const count = random.pick(this.#depth === 0 ? [1, 1, 1, 2, 2, 3, 4] : [1, 1, 2]);
    const { from, scope } = this.#from(count);
    const conditions = [this.#required(scope, outer)];
    if (outer.length > 0) conditions.push(this.#correlation(scope, outer));
    for (let index = random.int(0, 2); index > 0; index--) conditions.push(this.#expressions.condition([...scope], 2));
    const where = conditions.filter((text) => text !== null);
    const tail = ` FROM ${from}${where.length > 0 ? ` WHERE ${where.join(' AND ')}` : ''}`;
    if (types !== undefined) return this.#plain(scope, tail, types);
    if (mayAggregate && random.chance(0.22)) return this.#aggregate(scope, tail);
    if (mayAggregate && random.chance(0.1)) return this.#window(scope, tail);
    if (this.#depth === 0 && random.chance(0.1)) return this.#allColumns(scope, tail);
    return this.#plain(
      scope,
      tail,
      Array.from({ length: random.int(1, 4) }, () => random.pick(KINDS)),
    );
  }

  #allColumns(scope: Scope, tail: string): { sql: string; outputs: Output[] } {
    const outputs = scope.map(({ sql, type }, index) => ({ name: `c${index}`, sql, type }));
    return { sql: `SELECT ${outputs.map(({ sql, name }) => `${sql} AS ${name}`).join(', ')}${tail}`, outputs };
  }

  #plain(scope: Scope, tail: string, types: readonly FuzzType[]): { sql: string; outputs: Output[] } {
    const outputs = types.map((type, index) => ({
      name: `c${index}`,
      type,
      sql: this.#expressions.of(scope, type, this.#random.chance(0.7) ? 0 : 2),
    }));
    const distinct = this.#random.chance(0.1) ? 'DISTINCT ' : '';
    return {
      sql: `SELECT ${distinct}${outputs.map(({ sql, name }) => `${sql} AS ${name}`).join(', ')}${tail}`,
      outputs,
    };
  }

  #aggregate(scope: Scope, tail: string): { sql: string; outputs: Output[] } {
    const random = this.#random;
    const keys = random.chance(0.6)
      ? Array.from({ length: random.int(1, 2) }, () => random.pick(KINDS)).flatMap((type) => {
          const columns = this.#expressions.columns(scope, type);
          return columns.length === 0 ? [] : [{ sql: random.pick(columns).sql, type }];
        })
      : [];
    const measures = Array.from({ length: random.int(1, 3) }, () => this.#measure(scope));
    const outputs = [...keys, ...measures].map((item, index) => ({ ...item, name: `c${index}` }));
    const group = keys.length === 0 ? '' : ` GROUP BY ${keys.map(({ sql }) => sql).join(', ')}`;
    const having = random.chance(0.25) ? ` HAVING count(*) > ${random.int(0, 2)}` : '';
    return {
      sql: `SELECT ${outputs.map(({ sql, name }) => `${sql} AS ${name}`).join(', ')}${tail}${group}${having}`,
      outputs,
    };
  }

  #measure(scope: Scope): Named {
    const random = this.#random;
    const expression = (type: FuzzType): string => this.#expressions.of(scope, type, random.chance(0.7) ? 0 : 1);
    const filter = random.chance(0.15) ? ` FILTER (WHERE ${this.#expressions.condition(scope, 0)})` : '';
    switch (random.int(0, 6)) {
      case 0:
        return { sql: `sum(${expression('num')})${filter}`, type: 'num' };
      case 1:
        return { sql: `count(DISTINCT ${expression(random.pick(KINDS))})${filter}`, type: 'int' };
      case 2:
        return { sql: `min(${expression('date')})${filter}`, type: 'date' };
      case 3: {
        const text = expression('text');
        return { sql: `string_agg(${text}, ',' ORDER BY ${text})${filter}`, type: 'text' };
      }
      case 4:
        return { sql: `max(${expression('int')})${filter}`, type: 'int' };
      default:
        return { sql: `count(*)${filter}`, type: 'int' };
    }
  }

  #window(scope: Scope, tail: string): { sql: string; outputs: Output[] } {
    const partition = this.#random.pick(scope.length > 0 ? scope : [{ sql: '1', type: 'int' as const }]).sql;
    const order = this.#expressions.of(scope, 'int', 0);
    const outputs: Output[] = [
      { name: 'c0', sql: this.#expressions.of(scope, 'int', 0), type: 'int' },
      { name: 'c1', sql: `rank() OVER (PARTITION BY ${partition} ORDER BY ${order})`, type: 'int' },
      { name: 'c2', sql: `count(*) OVER (PARTITION BY ${partition})`, type: 'int' },
    ];
    return { sql: `SELECT ${outputs.map(({ sql, name }) => `${sql} AS ${name}`).join(', ')}${tail}`, outputs };
  }
}
