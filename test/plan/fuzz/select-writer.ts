import type { Random } from '../../core/random.js';
import type { Expressions, Named, Scope } from './expressions.js';
import type { FuzzType } from './world.js';

export interface Output extends Named {
  readonly name: string;
}

export interface Query {
  readonly sql: string;
  readonly outputs: Output[];
}

export const KINDS: readonly FuzzType[] = ['int', 'text', 'num', 'bool', 'date', 'ts'];

/** Writes what a SELECT makes of its rows: `tail` is FROM and WHERE. */
export class SelectWriter {
  constructor(
    readonly random: Random,
    readonly expressions: Expressions,
  ) {}

  allColumns(scope: Scope, tail: string): Query {
    return query(scope, tail);
  }

  plain(scope: Scope, tail: string, types: readonly FuzzType[]): Query {
    const outputs = types.map((type) => ({
      type,
      sql: this.expressions.of(scope, type, this.random.chance(0.7) ? 0 : 2),
    }));
    return query(outputs, tail, this.random.chance(0.1) ? 'DISTINCT ' : '');
  }

  /** Of each group the first row in an order that leaves nothing open. */
  distinctOn(scope: Scope, tail: string): Query {
    const types = Array.from({ length: this.random.int(1, 3) }, () => this.random.pick(KINDS));
    const outputs = types.map((type) => ({ type, sql: this.expressions.of(scope, type, 0) }));
    const order = outputs.map(({ sql }) => `(${sql})${this.random.pick(['', '', ' DESC', ' NULLS FIRST'])}`);
    return query(outputs, `${tail} ORDER BY ${order.join(', ')}`, `DISTINCT ON ((${outputs[0]!.sql})) `);
  }

  aggregate(scope: Scope, tail: string): Query {
    const { random } = this;
    const keys = random.chance(0.6)
      ? Array.from({ length: random.int(1, 2) }, () => random.pick(KINDS)).flatMap((type) => {
          const columns = this.expressions.columns(scope, type);
          return columns.length === 0 ? [] : [{ sql: random.pick(columns).sql, type }];
        })
      : [];
    const measures = Array.from({ length: random.int(1, 3) }, () => this.#measure(scope));
    const group = keys.length === 0 ? '' : ` GROUP BY ${this.#grouping(keys.map(({ sql }) => sql))}`;
    const having = random.chance(0.25)
      ? ` HAVING ${random.chance(0.5) ? `count(*) > ${random.int(0, 2)}` : `${measures[0]!.sql} IS NOT NULL`}`
      : '';
    return query([...keys, ...measures], `${tail}${group}${having}`);
  }

  #grouping(keys: readonly string[]): string {
    const list = keys.join(', ');
    return this.random.pick([
      list,
      list,
      list,
      `ROLLUP (${list})`,
      `CUBE (${list})`,
      `GROUPING SETS (${keys.map((key) => `(${key})`).join(', ')}, ())`,
    ]);
  }

  #measure(scope: Scope): Named {
    const { random } = this;
    const expression = (type: FuzzType): string => this.expressions.of(scope, type, random.chance(0.7) ? 0 : 1);
    const filter = random.chance(0.15) ? ` FILTER (WHERE ${this.expressions.condition(scope, 0)})` : '';
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

  /** Windows whose values do not depend on the order of equal rows. */
  window(scope: Scope, tail: string): Query {
    const { random, expressions } = this;
    const partition = random.pick(scope.length > 0 ? scope : [{ sql: '1', type: 'int' as const }]).sql;
    const order = expressions.of(scope, 'int', 0);
    const over = `PARTITION BY ${partition} ORDER BY ${order}${random.pick(['', ' DESC', ' NULLS FIRST'])}`;
    return query(
      [
        { sql: expressions.of(scope, 'int', 0), type: 'int' },
        { sql: `${random.pick(['rank', 'dense_rank'])}() OVER (${over})`, type: 'int' },
        { sql: `count(*) OVER (PARTITION BY ${partition})`, type: 'int' },
        { sql: `sum(${expressions.of(scope, 'num', 0)}) OVER (${over})`, type: 'num' },
        { sql: expressions.of(scope, 'text', 0), type: 'text' },
      ].slice(0, random.int(2, 5)) as Named[],
      tail,
    );
  }
}

function query(columns: readonly Named[], tail: string, how = ''): Query {
  const outputs = columns.map(({ sql, type }, index) => ({ sql, type, name: `c${index}` }));
  return { sql: `SELECT ${how}${outputs.map(({ sql, name }) => `${sql} AS ${name}`).join(', ')}${tail}`, outputs };
}
