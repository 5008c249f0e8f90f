import type { Random } from '../../core/random.js';
import { DAYS, type FuzzType, TEXTS, TIMES } from './world.js';

/** A column that can be named in an expression, as SQL text. */
export interface Named {
  readonly sql: string;
  readonly type: FuzzType;
}

export type Scope = readonly Named[];

/** A parameter's value. */
export interface TypedText {
  readonly text: string;
  readonly type: FuzzType;
}

const CAST: Readonly<Record<FuzzType, string>> = {
  int: 'bigint',
  text: 'text',
  num: 'numeric',
  bool: 'boolean',
  date: 'date',
  ts: 'timestamptz',
  dbl: 'float8',
};

/** Writes type-correct expressions; constants are literals or, now and then, parameters. */
export class Expressions {
  readonly parameters: TypedText[] = [];

  constructor(
    readonly random: Random,
    readonly usesParameters: boolean,
    /** A subquery with one column of the type, and a bare one for EXISTS; null: none at this depth. */
    readonly subquery: (outer: Scope, type: FuzzType | null, isScalar: boolean) => string | null,
  ) {}

  columns(scope: Scope, type: FuzzType): Scope {
    return scope.filter((column) => column.type === type);
  }

  constant(type: FuzzType): string {
    const value = this.#value(type);
    if (this.usesParameters && this.random.chance(0.5)) {
      this.parameters.push({ text: value, type });
      return `$${this.parameters.length}::${CAST[type]}`;
    }
    const quoted = `'${value.replaceAll("'", "''")}'`;
    switch (type) {
      case 'int':
      case 'num':
        return value.startsWith('-') ? `(${value})` : value;
      case 'bool':
        return value;
      case 'text':
        return quoted;
      default:
        return this.random.chance(0.3) ? quoted : `${quoted}::${CAST[type]}`;
    }
  }

  #value(type: FuzzType): string {
    const { random } = this;
    switch (type) {
      case 'int':
        return String(random.chance(0.9) ? random.int(0, 12) : random.int(-5, 70));
      case 'text':
        return random.pick(TEXTS);
      case 'num':
        return String(random.int(-300, 900) / 4);
      case 'bool':
        return random.pick(['true', 'false']);
      case 'date':
        return random.pick(DAYS);
      case 'ts':
        return random.pick(TIMES);
      case 'dbl':
        return random.pick(['0', '0.5', '-1.25', '3', '1e10']);
    }
  }

  of(scope: Scope, type: FuzzType, depth: number): string {
    const { random } = this;
    const columns = this.columns(scope, type);
    if (depth <= 0 || random.chance(0.4)) {
      return columns.length > 0 && random.chance(0.85) ? random.pick(columns).sql : this.typed(type);
    }
    if (random.chance(0.12)) {
      const subquery = this.subquery(scope, type, true);
      if (subquery !== null) return `(${subquery})`;
    }
    const inner = (): string => this.of(scope, type, depth - 1);
    const kind = random.int(0, 3);
    if (kind === 0) return `coalesce(${inner()}, ${this.typed(type)})`;
    if (kind === 1) return `CASE WHEN ${this.condition(scope, depth - 1)} THEN ${inner()} ELSE ${inner()} END`;
    switch (type) {
      case 'int':
        return random.pick([
          () => `(${inner()} + ${inner()})`,
          () => `length(${this.of(scope, 'text', depth - 1)})::bigint`,
          () => `abs(${inner()})`,
          () => `extract(year FROM ${this.of(scope, 'date', depth - 1)})::bigint`,
        ])();
      case 'text':
        return random.pick([
          () => `upper(${inner()})`,
          () => `left(${inner()}, 2)`,
          () => `(${inner()} || ${inner()})`,
          () => `(${this.of(scope, 'int', depth - 1)})::text`,
        ])();
      case 'num':
        return random.pick([
          () => `(${inner()} + ${inner()})`,
          () => `(${this.of(scope, 'int', depth - 1)})::numeric`,
        ])();
      case 'bool':
        return `(${this.condition(scope, depth - 1)})`;
      case 'date':
        return `(${this.of(scope, 'date', depth - 1)} + ${random.int(0, 40)})`;
      case 'ts':
        return `(${inner()} + interval '1 day')`;
      case 'dbl':
        return `abs(${inner()})`;
    }
  }

  /** A value that is made of another one, of its type. */
  computed(sql: string, type: FuzzType): string {
    const { random } = this;
    if (type === 'text') {
      return random.pick([
        `lower(${sql})`,
        `(${sql} || '')`,
        `coalesce(${sql}, 'paid')`,
        `left(${sql}, 4)`,
        `trim(${sql})`,
        `CASE WHEN ${sql} = 'zz' THEN 'open' ELSE ${sql} END`,
        `nullif(${sql}, 'open')`,
      ]);
    }
    return random.pick([
      `(${sql} + 1)`,
      `abs(${sql})`,
      `coalesce(${sql}, 3)`,
      `(${sql})::text::int`,
      `(${sql})::numeric::int`,
      `(${sql} % 4)`,
      `(${sql})::bigint`,
      `greatest(${sql}, 2)`,
    ]);
  }

  /** A constant that keeps its type where nothing else says it. */
  typed(type: FuzzType): string {
    return `${this.constant(type)}::${CAST[type]}`;
  }

  condition(scope: Scope, depth: number): string {
    const { random } = this;
    if (depth > 0) {
      const kind = random.int(0, 11);
      if (kind <= 1) return `${this.condition(scope, depth - 1)} AND ${this.condition(scope, depth - 1)}`;
      if (kind === 2) return `(${this.condition(scope, depth - 1)} OR ${this.condition(scope, depth - 1)})`;
      if (kind === 3) return `NOT (${this.condition(scope, depth - 1)})`;
      if (kind === 4) {
        const subquery = this.subquery(scope, null, false);
        if (subquery !== null) return `${random.chance(0.25) ? 'NOT ' : ''}EXISTS (${subquery})`;
      }
      if (kind === 5) {
        const type = random.pick(['int', 'text'] as const);
        const subquery = this.subquery(scope, type, false);
        if (subquery !== null) {
          const operator = random.pick(['IN', 'IN', 'IN', 'IN', 'NOT IN', '= ANY', '>= ALL']);
          return `${this.of(scope, type, 0)} ${operator} (${subquery})`;
        }
      }
      if (kind === 6 && random.chance(0.5)) return this.#rowComparison(scope);
    }
    return this.#simple(scope);
  }

  /** `(a, b) = (1, 2)` and its like. */
  #rowComparison(scope: Scope): string {
    const { random } = this;
    const columns = this.columns(scope, 'int');
    if (columns.length === 0) return this.#simple(scope);
    const [left, right] = [random.pick(columns).sql, random.pick(columns).sql];
    const row = (): string => `(${this.constant('int')}, ${this.constant('int')})`;
    return random.chance(0.5)
      ? `(${left}, ${right}) IN (${row()}, ${row()}, ${row()})`
      : `(${left}, ${right}) ${random.pick(['=', '<', '>='])} ${row()}`;
  }

  /** The forms that APIs can filter by, and some that they nearly can. */
  #simple(scope: Scope): string {
    const { random } = this;
    if (scope.length === 0) return `${this.typed('int')} < ${this.typed('int')}`;
    const { sql, type } = random.pick(scope);
    if (random.chance(0.08)) return `${sql} IS ${random.chance(0.5) ? 'NOT ' : ''}NULL`;
    if (type === 'bool') {
      return random.pick([
        sql,
        `NOT ${sql}`,
        `${sql} = ${this.constant('bool')}`,
        `${sql} IS TRUE`,
        `${sql} IS NOT TRUE`,
      ]);
    }
    const constant = (): string => this.constant(type);
    const operator = random.pick(['=', '=', '=', '<>', '<', '<=', '>', '>=']);
    const forms = [
      () => `${sql} ${operator} ${constant()}`,
      () => `${sql} ${operator} ${constant()}`,
      () => `${constant()} ${operator} ${sql}`,
      () => `${sql} IN (${this.#list(type)})`,
      () => `${sql} IN (${this.#list(type)})`,
      () => `${sql} NOT IN (${this.#list(type)})`,
      () => `${sql} BETWEEN ${constant()} AND ${constant()}`,
      () => `(${sql} = ${constant()} OR ${sql} = ${constant()})`,
      () => `${sql} = ANY (ARRAY[${this.#list(type)}]::${CAST[type]}[])`,
      () => `${sql} ${operator} ${this.of(scope, type, 1)}`,
      () => `${sql} IS DISTINCT FROM ${constant()}`,
      () => `(${sql} = ${constant()} AND ${this.#other(scope)} OR ${sql} = ${constant()} AND ${this.#other(scope)})`,
      () => `${sql} IS NOT DISTINCT FROM ${constant()}`,
      () => `coalesce(${sql}, ${this.typed(type)}) ${operator} ${constant()}`,
      () =>
        `(${sql} ${operator} ${constant()}) IS ${random.pick(['TRUE', 'NOT TRUE', 'FALSE', 'NOT FALSE', 'UNKNOWN'])}`,
      () => `${sql} <> ALL (ARRAY[${this.#list(type)}]::${CAST[type]}[])`,
      () => `${sql} BETWEEN SYMMETRIC ${constant()} AND ${constant()}`,
      () => `(${sql})::text = ${this.typed(type)}::text`,
      () => `(${sql})::text IN (${this.typed(type)}::text, ${this.typed(type)}::text)`,
      () => this.#keySet(scope),
      () => `nullif(${sql}, ${this.typed(type)}) ${operator} ${constant()}`,
      () => `CASE WHEN ${sql} ${operator} ${constant()} THEN true ELSE ${random.pick(['false', 'NULL', 'true'])} END`,
    ];
    if (type === 'text') {
      forms.push(
        () => `${sql} LIKE ${random.pick(["'%p%'", "'o%'", "'%'", "'_pen'", "'a,b'", "'\\%'"])}`,
        () => `${sql} ILIKE ${random.pick(["'O%'", "'%D'"])}`,
        () => `(${sql})::text = ${this.constant('text')}`,
        () => `${sql} NOT LIKE 'o%'`,
        () => `starts_with(${sql}, ${random.pick(["'op'", "''", "'%'", "'Z'"])})`,
        () => `left(${sql}, 2) = 'op'`,
        () => `${random.pick(['lower', 'upper'])}(${sql}) = ${constant()}`,
        () => `(${sql})::varchar = ${constant()}`,
        () => `(${sql} || '') = ${constant()}`,
      );
    }
    if (type === 'int') {
      forms.push(
        () => `(${sql})::numeric ${operator} ${this.constant('num')}`,
        () => `(${sql})::text = '${random.int(0, 9)}'`,
        () => `(${sql})::bigint ${operator} ${this.constant('int')}`,
        () => `(${sql})::float8 ${operator} ${this.typed('dbl')}`,
        () => `${sql} ${operator} ${this.typed('dbl')}`,
        () => `(${sql})::numeric IN (${this.typed('num')}, ${this.typed('int')})`,
        () => `${sql} + 1 ${operator} ${this.constant('int')}`,
        () => `${sql} >= ${random.int(0, 4)} AND ${sql} < ${random.int(3, 8)}`,
      );
    }
    if (type === 'date' || type === 'ts') {
      forms.push(
        () => `${sql} ${operator} CURRENT_DATE - ${random.pick([0, 5, 300, 333])}`,
        () => `${sql} ${operator} now() - interval '${random.pick(['1 day', '300 days', '1 year'])}'`,
        () => `${sql} ${operator} '${random.pick(TIMES)}'::timestamptz`,
        () => `${sql} ${operator} '${random.pick(DAYS)}'::date`,
        () => `${sql} ${operator} timestamp '${random.pick(DAYS)} 12:00:00'`,
        () => `(${sql})::date ${operator} '${random.pick(DAYS)}'::date`,
        () => `date_trunc('month', ${sql}) = '2026-01-01'::date`,
        () =>
          `date_trunc('${random.pick(['hour', 'day', 'week', 'month', 'quarter', 'year'])}', ${sql}) ${operator} '${random.pick([...TIMES, ...DAYS])}'${random.pick(['', '::timestamptz', '::timestamp', '::date'])}`,
        () => `extract(year FROM ${sql}) ${operator} ${random.pick([2025, 2026, 2025.5, -3])}`,
        () => `date_part('year', ${sql}) IN (2024, 2026)`,
        () => `extract(year FROM ${sql}) = 2026 AND extract(month FROM ${sql}) = ${random.int(1, 12)}`,
        () => `(${sql})::date IN ('${random.pick(DAYS)}', '${random.pick(DAYS)}')`,
        () => `(${sql})::date BETWEEN '${random.pick(DAYS)}' AND '${random.pick(DAYS)}'`,
        () => `(${sql} AT TIME ZONE 'Europe/Berlin') ${operator} timestamp '${random.pick(DAYS)} 00:00'`,
      );
    }
    return random.pick(forms)();
  }

  /** The rows behind another in the order of several columns. */
  #keySet(scope: Scope): string {
    const { random } = this;
    const keys = Array.from({ length: random.int(2, 3) }, () => random.pick(scope));
    const values = keys.map(({ type }) => this.typed(type));
    const operator = random.pick(['>', '>=', '<', '<=', '=', '<>']);
    return `(${keys.map(({ sql }) => sql).join(', ')}) ${operator} (${values.join(', ')})`;
  }

  #other(scope: Scope): string {
    const { sql, type } = this.random.pick(scope);
    return type === 'bool' ? sql : `${sql} >= ${this.constant(type)}`;
  }

  #list(type: FuzzType): string {
    const values = Array.from({ length: this.random.int(1, 5) }, () => this.constant(type));
    return (this.random.chance(0.05) ? [...values, 'NULL'] : values).join(', ');
  }
}
