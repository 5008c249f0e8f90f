import type { Random } from '../../core/random.js';
import type { Expressions, Scope } from './expressions.js';
import type { Source } from './from-writer.js';
import type { FuzzTable, World } from './world.js';

type ValueType = 'int' | 'text';

/** What these queries need of the writer around them. */
interface Parts {
  readonly random: Random;
  readonly world: World;
  readonly expressions: Expressions;
  alias(prefix: string): string;
  named(table: FuzzTable): Source;
}

/** Writes queries in which one table is looked up by the values of something else, which may itself be looked up. */
export class ValueQueries {
  constructor(readonly parts: Parts) {}

  /** Rows without a definite order. */
  write(): string {
    const { random, parts } = this;
    const { source, column, type } = this.#lookedUp();
    const { from, scope } = source;
    const others = scope.filter(({ sql }) => sql !== column);
    const list = [column, ...(others.length > 0 ? [random.pick(others).sql] : [])].join(', ');
    const extra = random.chance(0.4) ? ` AND ${parts.expressions.condition(scope, 0)}` : '';
    const rest = this.#restOfRequired(source, column);
    const values = this.#values(type, 2);
    const v = parts.alias('v');
    const tail = `${rest}${extra}`;
    return random.pick([
      () => `SELECT ${list} FROM ${from} WHERE ${column} IN (${values})${tail}`,
      () => `SELECT ${list} FROM ${from} WHERE ${column} = ANY (ARRAY(${values}))${tail}`,
      () =>
        `SELECT ${list} FROM ${from} WHERE (${column} = ${parts.expressions.constant(type)} OR ${column} IN (${values}))${tail}`,
      () =>
        `SELECT ${list} FROM ${from} WHERE (${column} IN (${this.#constants(type)}) OR ${column} IN (${values}) OR ${column} IN (${this.#values(type, 1)}))${tail}`,
      () =>
        `SELECT ${list} FROM (${values}) ${v} JOIN ${from} ON ${column} = ${parts.expressions.computed(`${v}.c0`, type)}${tail}`,
      () =>
        `SELECT ${v}.c0, ${list} FROM (${values}) ${v} LEFT JOIN ${from} ON ${column} = ${parts.expressions.computed(`${v}.c0`, type)}${tail}`,
      () =>
        `SELECT c0, (SELECT count(*) FROM ${from} WHERE ${column} = ${parts.expressions.computed('c0', type)}${tail}) FROM (${values}) ${v}`,
      () =>
        `SELECT ${list} FROM ${from} WHERE ${column} = coalesce((SELECT max(c0) FROM (${values}) ${v}), ${parts.expressions.constant(type)})${tail}`,
      () => `SELECT ${list} FROM ${from} WHERE ${column} = (SELECT max(c0) FROM (${values}) ${v})${tail}`,
      () => `SELECT ${list} FROM ${from} WHERE EXISTS (SELECT FROM (${values}) ${v} WHERE ${v}.c0 = ${column})${tail}`,
      () => `SELECT ${v}.c0, ${list} FROM (${values}) ${v} JOIN ${from} ON ${column} = ${v}.c0${tail}`,
      () => `SELECT ${v}.c0, ${list} FROM (${values}) ${v} LEFT JOIN ${from} ON ${column} = ${v}.c0${tail}`,
      () => `SELECT ${v}.c0, ${list} FROM ${from} RIGHT JOIN (${values}) ${v} ON ${column} = ${v}.c0${tail}`,
      () =>
        `WITH ${v} AS ${this.#materialized()}(${values}) SELECT ${list} FROM ${v} JOIN ${from} ON ${column} = ${v}.c0${tail}`,
      () =>
        `WITH ${v} AS (${values}) SELECT ${list} FROM ${v} JOIN ${from} ON ${column} = ${v}.c0${tail} WHERE ${v}.c0 IN (SELECT c0 FROM ${v})`,
      () => `${this.#behindWith(from, column, rest)} SELECT * FROM w one WHERE c0 IN (${values})`,
      () => `${this.#behindWith(from, column, rest)} SELECT * FROM w one JOIN (${values}) ${v} ON ${v}.c0 = one.c0`,
      () =>
        `${this.#behindWith(from, column, rest)} SELECT * FROM w one JOIN w two ON two.c0 = one.c0 WHERE one.c0 IN (${values})`,
      () =>
        `${this.#behindWith(from, column, rest)} SELECT * FROM w one, w two WHERE one.c0 IN (${this.#constants(type)}) AND two.c0 IN (${this.#constants(type)})`,
      () => `SELECT c0, (SELECT count(*) FROM ${from} WHERE ${column} = ${v}.c0${tail}) FROM (${values}) ${v}`,
      () =>
        `SELECT ${v}.c0, z.n FROM (${values}) ${v}, LATERAL (SELECT count(*) AS n FROM ${from} WHERE ${column} = ${v}.c0${tail}) z`,
    ])();
  }

  /** A WITH query `w` of the looked up table, which is asked for nothing before it is used. */
  #behindWith(from: string, column: string, rest: string): string {
    return `WITH w (c0) AS ${this.#materialized()}(SELECT ${column}, ${from.split(' ').at(-1)}.* FROM ${from} WHERE true${rest})`;
  }

  #materialized(): string {
    return this.random.pick(['', 'MATERIALIZED ', 'MATERIALIZED ', 'NOT MATERIALIZED ']);
  }

  get random(): Random {
    return this.parts.random;
  }

  /** Mostly a table whose API needs values, else one whose API takes them. */
  #lookedUp(): { source: Source; column: string; type: ValueType } {
    const { random, parts } = this;
    const needy = parts.world.tables.filter((table) => table.filters.some((filter) => filter.isRequired));
    const table = random.pick(needy.length > 0 && random.chance(0.7) ? needy : parts.world.tables);
    const source = parts.named(table);
    const usable = table.columns.filter(({ type }) => type === 'int' || type === 'text');
    const required = usable.filter(({ name }) => table.filters.some((item) => item.isRequired && item.column === name));
    const filtered = usable.filter(({ name }) => table.filters.some((item) => item.column === name));
    const column = random.pick([required, filtered, usable].find((list) => list.length > 0)!);
    const sql = source.scope.find((item) => item.sql.endsWith(`.${column.name}`))!.sql;
    return { source, column: sql, type: column.type as ValueType };
  }

  /** Values for the other columns that a table's API needs. */
  #restOfRequired(source: Source, column: string | null): string {
    const [alias] = source.scope[0]!.sql.split('.');
    const table = this.parts.world.tables.find(({ name }) => alias!.startsWith(`${name}_`))!;
    const needed = table.filters
      .filter((filter) => filter.isRequired)
      .map((filter) => source.scope.find(({ sql }) => sql === `${alias}.${filter.column}`)!)
      .filter(({ sql }) => sql !== column);
    return needed.map(({ sql, type }) => ` AND ${sql} IN (${this.#constants(type as ValueType)})`).join('');
  }

  #constants(type: ValueType): string {
    return Array.from({ length: this.random.int(1, 3) }, () => this.parts.expressions.constant(type)).join(', ');
  }

  /** A query with the one column `c0`. */
  #values(type: ValueType, depth: number): string {
    const { random, parts } = this;
    const { expressions } = parts;
    const inner = (): string => (depth > 0 ? this.#values(type, depth - 1) : this.#ofTable(type, 0));
    const alias = parts.alias('u');
    const operator = random.pick(['UNION', 'UNION ALL', 'UNION ALL', 'INTERSECT', 'EXCEPT']);
    return random.pick([
      () => this.#ofTable(type, depth),
      () => this.#ofTable(type, depth),
      () => this.#ofTable(type, depth),
      () => `SELECT c0 FROM (${inner()}) ${alias} ${operator} SELECT c0 FROM (${inner()}) ${alias}`,
      () => `SELECT ${expressions.typed(type)} AS c0 UNION ALL SELECT ${expressions.typed(type)}`,
      () => `SELECT ${expressions.typed(type)} AS c0 UNION ALL ${inner()}`,
      () => `SELECT * FROM (VALUES (${expressions.typed(type)}), (${expressions.typed(type)})) ${alias} (c0)`,
      () => `SELECT unnest(ARRAY[${expressions.typed(type)}, ${expressions.typed(type)}]) AS c0`,
      () => `SELECT ${type === 'int' ? 'n' : 't'} AS c0 FROM mine`,
      () => `SELECT c0 FROM (${inner()}) ${alias} ORDER BY 1${random.pick(['', ' DESC'])} LIMIT ${random.int(1, 4)}`,
      () => `SELECT ${random.pick(['min', 'max'])}(c0) AS c0 FROM (${inner()}) ${alias}`,
      () => `SELECT c0 FROM (SELECT c0, rank() OVER (ORDER BY c0) AS r FROM (${inner()}) ${alias}) w WHERE r <= 3`,
      () => (type === 'int' ? `SELECT count(*) AS c0 FROM (${inner()}) ${alias} GROUP BY c0` : inner()),
      () => `SELECT DISTINCT c0 FROM (${inner()}) ${alias}`,
      () => `SELECT ${expressions.computed('c0', type)} AS c0 FROM (${inner()}) ${alias}`,
      () => `SELECT ${expressions.computed('c0', type)} AS c0 FROM (${inner()}) ${alias}`,
      () => `${inner()} UNION ${random.pick(['', 'ALL '])}SELECT ${expressions.typed(type)}`,
      () => `SELECT max(${expressions.computed('c0', type)}) AS c0 FROM (${inner()}) ${alias}`,
      () => `SELECT c0 FROM (${inner()}) ${alias} LIMIT 1000`,
      () =>
        `SELECT ${expressions.computed(`${alias}.c0`, type)} AS c0 FROM (SELECT 1 AS one) o LEFT JOIN (${inner()}) ${alias} ON ${expressions.typed(type)} = ${alias}.c0`,
      () =>
        type === 'int'
          ? `SELECT o AS c0 FROM unnest(ARRAY['x', 'y']) WITH ORDINALITY ${alias} (v, o)`
          : `SELECT v AS c0 FROM unnest(ARRAY['open', 'zz']) WITH ORDINALITY ${alias} (v, o)`,
    ])();
  }

  #ofTable(type: ValueType, depth: number): string {
    const { random, parts } = this;
    const source = parts.named(random.pick(parts.world.tables));
    const columns: Scope = parts.expressions.columns(source.scope, type);
    const { sql } = random.pick(columns);
    const conditions = random.chance(0.5) ? [parts.expressions.condition(source.scope, 0)] : [];
    const isKept = depth > 0 && random.chance(0.4);
    if (isKept) conditions.push(`${random.pick(columns).sql} IN (${this.#values(type, depth - 1)})`);
    const where = [...conditions, 'true'].join(' AND ');
    const order = random.chance(0.15) ? ` ORDER BY ${source.scope[0]!.sql} LIMIT ${random.int(1, 5)}` : '';
    return `SELECT ${sql} AS c0 FROM ${source.from} WHERE ${where}${this.#restOfRequired(source, null)}${order}`;
  }
}
