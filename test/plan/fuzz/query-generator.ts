import type { Random } from '../../core/random.js';
import { Expressions, type Scope, type TypedText } from './expressions.js';
import { FromWriter, type QueryParts, type Source } from './from-writer.js';
import { KINDS, type Output, type Query, SelectWriter } from './select-writer.js';
import { ValueQueries } from './value-queries.js';
import type { FuzzTable, FuzzType, World } from './world.js';

export interface FuzzQuery {
  /** `{{a}}` stands for table a. */
  readonly sql: string;
  readonly parameters: readonly TypedText[];
  /** Whether the rows have a definite order. */
  readonly isOrdered: boolean;
  /** LIMIT without ORDER BY: any so many of the rows that `sql` gives without it. */
  readonly window: { readonly limit: number; readonly offset: number } | null;
  /** The tables that it reads. */
  readonly tables: ReadonlySet<string>;
}

/** Writes one query over a world's tables. */
export function makeQuery(random: Random, world: World): FuzzQuery {
  return new QueryWriter(random, world).write();
}

class QueryWriter implements QueryParts {
  readonly expressions: Expressions;
  readonly ctes: { readonly name: string; readonly columns: readonly Output[] }[] = [];
  depth = 0;
  readonly #from = new FromWriter(this);
  readonly #lists: SelectWriter;
  #aliases = 0;

  constructor(
    readonly random: Random,
    readonly world: World,
  ) {
    this.expressions = new Expressions(random, random.chance(0.3), (outer, type, isScalar) =>
      this.#subquery(outer, type, isScalar),
    );
    this.#lists = new SelectWriter(random, this.expressions);
  }

  write(): FuzzQuery {
    const random = this.random;
    if (random.chance(0.12)) return this.#top();
    if (random.chance(0.2)) {
      const sql = new ValueQueries(this).write();
      const facts = { parameters: this.expressions.parameters, tables: this.#from.tables };
      return { ...facts, sql, isOrdered: false, window: null };
    }
    const ctes = random.chance(0.18) ? this.#with() : '';
    const { sql, outputs } = random.chance(0.12) ? this.#setOperation() : this.#select([], true);
    const body = `${ctes}${sql}`;
    // DISTINCT ON has an order of its own.
    const finish = sql.startsWith('SELECT DISTINCT ON') ? 9 : random.int(0, 9);
    const facts = { parameters: this.expressions.parameters, tables: this.#from.tables };
    if (finish <= 3 && outputs.length > 0) {
      const limit = random.chance(0.6) ? this.#limit() : '';
      return { ...facts, sql: `${body} ORDER BY ${this.totalOrder(outputs)}${limit}`, isOrdered: true, window: null };
    }
    if (finish === 4) {
      const window = { limit: random.int(0, 9), offset: random.chance(0.3) ? random.int(0, 4) : 0 };
      return { ...facts, sql: body, isOrdered: false, window };
    }
    // Power BI's wrapper
    if (finish === 5 && outputs.length > 0 && ctes === '') {
      const names = outputs.map(({ name }) => `"_"."${name}"`).join(', ');
      const scope = outputs.map(({ name, type }) => ({ sql: `"_"."${name}"`, type }));
      const where = random.chance(0.6) ? ` WHERE ${this.expressions.condition(scope, 1)}` : '';
      return { ...facts, sql: `SELECT ${names} FROM (${body}) "_"${where}`, isOrdered: false, window: null };
    }
    return { ...facts, sql: body, isOrdered: false, window: null };
  }

  named(table: FuzzTable): Source {
    return this.#from.named(table);
  }

  alias(prefix: string): string {
    return `${prefix}_${++this.#aliases}`;
  }

  nested(outer: Scope): Query {
    return this.#deeper(() =>
      outer.length === 0 && this.random.chance(0.25) ? this.#setOperation() : this.#select(outer, true),
    );
  }

  /** All outputs are keys, so that the order leaves nothing open. */
  totalOrder(outputs: readonly Output[]): string {
    const positions = outputs.map((_, index) => index + 1);
    if (this.random.chance(0.4)) positions.reverse();
    return positions.map((position) => `${position}${this.#direction()}`).join(', ');
  }

  /** The first rows of one table in an order that an API may keep, or how many rows there are. */
  #top(): FuzzQuery {
    const random = this.random;
    const { from, scope } = this.#from.named(random.pick(this.world.tables));
    const conditions = [this.#required(scope, [])];
    for (let index = random.int(0, 2); index > 0; index--) conditions.push(this.expressions.condition(scope, 0));
    const tail = ` FROM ${from}${where(conditions)}`;
    const facts = { parameters: this.expressions.parameters, tables: this.#from.tables };
    if (random.chance(0.3)) return { ...facts, sql: `SELECT count(*) AS c0${tail}`, isOrdered: true, window: null };
    const keys = Array.from({ length: random.int(0, 2) }, () => `${random.pick(scope).sql}${this.#direction()}`);
    const order = [...keys, `${scope[0]!.sql}${this.#direction()}`].join(', ');
    const outputs = random.chance(0.5) ? scope.slice(0, 3) : scope;
    const list = outputs.map(({ sql }, index) => `${sql} AS c${index}`).join(', ');
    const sql = `SELECT ${list}${tail} ORDER BY ${order}${this.#limit()}`;
    return { ...facts, sql, isOrdered: true, window: null };
  }

  #limit(): string {
    const { random } = this;
    if (random.chance(0.1)) return ` FETCH FIRST ${random.int(1, 12)} ROWS WITH TIES`;
    return ` LIMIT ${random.int(0, 12)}${random.chance(0.3) ? ` OFFSET ${random.int(0, 5)}` : ''}`;
  }

  #direction(): string {
    const nulls = this.random.chance(0.2) ? this.random.pick([' NULLS FIRST', ' NULLS LAST']) : '';
    return `${this.random.pick(['', '', ' DESC'])}${nulls}`;
  }

  #with(): string {
    const { random } = this;
    const parts: string[] = [];
    const isRecursive = random.chance(0.25);
    for (let index = random.pick([1, 1, 2]); index > 0; index--) {
      const name = this.alias('cte');
      const { sql, outputs } = isRecursive && index === 1 ? this.#recursion(name) : this.nested([]);
      this.ctes.push({ name, columns: outputs });
      const how = random.pick(['', '', 'MATERIALIZED ', 'NOT MATERIALIZED ']);
      parts.push(`${name} AS ${isRecursive ? '' : how}(${sql})`);
    }
    return `WITH ${isRecursive ? 'RECURSIVE ' : ''}${parts.join(', ')} `;
  }

  /** Rows, and those that they lead to by a number: `c0` grows, or rows are only those that are new. */
  #recursion(name: string): Query {
    const { random } = this;
    const first = this.#deeper(() => this.#select([], false, ['int', 'text']));
    const step = this.#from.named(random.pick(this.world.tables));
    const [number] = this.expressions.columns(step.scope, 'int');
    const [text] = this.expressions.columns(step.scope, 'text');
    const alias = this.alias('rec');
    const conditions = [this.#required(step.scope, []), `${number!.sql} > ${alias}.c0`, `${number!.sql} < 30`];
    const base = `SELECT c0::bigint AS c0, c1::text AS c1 FROM (${first.sql}) ${this.alias('base')}`;
    const more = `SELECT ${number!.sql}::bigint, ${text!.sql}::text FROM ${name} ${alias}, ${step.from}${where(conditions)}`;
    return { sql: `${base} UNION ${more}`, outputs: first.outputs };
  }

  #setOperation(): Query {
    const random = this.random;
    const types = Array.from({ length: random.int(1, 3) }, () => random.pick(['int', 'text'] as const));
    const side = (): string =>
      this.#deeper(() =>
        random.chance(0.1)
          ? `SELECT ${types.map((type) => this.expressions.typed(type)).join(', ')}`
          : this.#select([], false, types).sql,
      );
    const operator = random.pick(['UNION', 'UNION ALL', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL']);
    const first = this.#deeper(() => this.#select([], false, types));
    const parts = [first.sql, side(), ...(random.chance(0.15) ? [side()] : [])];
    const outputs = first.outputs.map(({ name, type }) => ({ name, sql: name, type }));
    return { sql: parts.join(` ${operator} `), outputs };
  }

  #deeper<T>(write: () => T): T {
    this.depth++;
    const result = write();
    this.depth--;
    return result;
  }

  #subquery(outer: Scope, type: FuzzType | null, isScalar: boolean): string | null {
    const random = this.random;
    if (this.depth >= 2) return null;
    return this.#deeper(() => {
      if (type !== null && !isScalar && (type === 'int' || type === 'text') && random.chance(0.2)) {
        const side = (): string => this.#select([], false, [type]).sql;
        return `${side()} ${random.pick(['UNION', 'UNION ALL', 'EXCEPT'])} ${side()}`;
      }
      const { from, scope } = this.#from.list(random.int(0, 5) === 0 ? 2 : 1);
      const conditions = [this.#required(scope, outer)];
      if (random.chance(0.7)) conditions.push(this.#correlation(scope, outer));
      if (random.chance(0.4)) conditions.push(this.expressions.condition(scope, 1));
      const tail = ` FROM ${from}${where(conditions)}`;
      if (type === null) return `SELECT${tail}`;
      const value = this.expressions.of(scope, type, 0);
      const cut = (rows: number): string => ` ORDER BY 1${this.#direction()} LIMIT ${rows}`;
      if (!isScalar) return `SELECT ${value}${tail}${random.chance(0.2) ? cut(random.int(1, 4)) : ''}`;
      if (random.chance(0.25)) return `SELECT ${value}${tail}${cut(1)}`;
      const ordered = type === 'bool' ? 'bool_or' : random.pick(['min', 'max']);
      if (type === 'int' && random.chance(0.4)) return `SELECT count(*)${tail}`;
      return `SELECT ${ordered}(${value})${tail}`;
    });
  }

  #correlation(scope: Scope, outer: Scope): string | null {
    const pairs = scope.flatMap((inner) =>
      outer.filter((column) => column.type === inner.type).map((column) => [inner, column] as const),
    );
    const useful = pairs.filter(([inner]) => inner.type === 'int' || inner.type === 'text');
    if (useful.length === 0) return null;
    const [inner, column] = this.random.pick(useful);
    return `${inner.sql} = ${column.sql}`;
  }

  /** Mostly gives tables what their APIs need. */
  #required(scope: Scope, outer: Scope): string | null {
    if (this.random.chance(0.1)) return null;
    const conditions = this.world.tables.flatMap((table) =>
      table.filters
        .filter((filter) => filter.isRequired)
        .flatMap((filter) =>
          scope
            .filter(({ sql }) => sql.startsWith(`${table.name}_`) && sql.endsWith(`.${filter.column}`))
            .map((column) => this.#valueFor(column, scope, outer)),
        ),
    );
    return conditions.length === 0 ? null : conditions.join(' AND ');
  }

  #valueFor({ sql, type }: Scope[number], scope: Scope, outer: Scope): string {
    const { random } = this;
    const correlated = outer.filter((candidate) => candidate.type === type);
    if (correlated.length > 0 && random.chance(0.5)) return `${sql} = ${random.pick(correlated).sql}`;
    const others = scope.filter((item) => item.type === type && item.sql.split('.')[0] !== sql.split('.')[0]);
    if (others.length > 0 && random.chance(0.5)) return `${sql} = ${random.pick(others).sql}`;
    const subquery = random.chance(0.25) ? this.#subquery(outer, type, false) : null;
    if (subquery !== null) {
      return random.pick([`${sql} IN (${subquery})`, `${sql} IN (${subquery})`, `${sql} = ANY (ARRAY(${subquery}))`]);
    }
    const single = random.chance(0.15) ? this.#subquery([], type, true) : null;
    if (single !== null) return `${sql} = (${single})`;
    const constant = (): string => this.expressions.constant(type);
    if (random.chance(0.4)) return `${sql} IN (${constant()}, ${constant()}, ${constant()})`;
    return `${sql} = ${constant()}`;
  }

  #select(outer: Scope, mayAggregate: boolean, types?: readonly FuzzType[]): Query {
    const random = this.random;
    const count = random.pick(this.depth === 0 ? [1, 1, 1, 2, 2, 3, 4] : [1, 1, 2]);
    const { from, scope } = this.#from.list(count);
    const conditions = [this.#required(scope, outer)];
    if (outer.length > 0) conditions.push(this.#correlation(scope, outer));
    for (let index = random.int(0, 2); index > 0; index--) conditions.push(this.expressions.condition([...scope], 2));
    const tail = ` FROM ${from}${where(conditions)}`;
    if (types !== undefined) return this.#lists.plain(scope, tail, types);
    if (mayAggregate && random.chance(0.22)) return this.#lists.aggregate(scope, tail);
    if (mayAggregate && random.chance(0.12)) return this.#lists.window(scope, tail);
    if (mayAggregate && this.depth === 0 && random.chance(0.05)) return this.#lists.distinctOn(scope, tail);
    if (this.depth === 0 && random.chance(0.1)) return this.#lists.allColumns(scope, tail);
    return this.#lists.plain(
      scope,
      tail,
      Array.from({ length: random.int(1, 4) }, () => random.pick(KINDS)),
    );
  }
}

function where(conditions: readonly (string | null)[]): string {
  const given = conditions.filter((text) => text !== null);
  return given.length > 0 ? ` WHERE ${given.join(' AND ')}` : '';
}
