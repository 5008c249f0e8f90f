import { PLAN_PREFIX } from '../engine/names.js';
import { readColumn } from './equalities.js';
import { type Node, parseStatements, quoteIdentifier, stringList, toSql } from './syntax.js';

/** A query in FROM or WITH: its columns' names as far as its text has them. */
interface NamedQuery {
  /** Null: has a name that only PostgreSQL knows. Columns behind a `*` are left out. */
  readonly names: readonly (string | null)[];
  /** Whether it puts out all columns of tables, under their own names. */
  readonly isStar: boolean;
}

/** The columns of the subqueries and common table expressions of a statement, which EXPLAIN names without their order. */
export class SubqueryNames {
  /** Null: two of them have the name. */
  readonly #queries = new Map<string, NamedQuery | null>();
  readonly #aliases = new Set<string>();
  /** The rows of each VALUES list, as nodes. */
  readonly #values: (readonly Node[])[] = [];
  /** Names of what is read besides plan tables, by which lists may come into the plan that are not in the statement. */
  readonly #others = new Set<string>();
  /** Whether a function's rows may be numbered in a column more than the function has. */
  readonly hasOrdinality: boolean;

  /** @param byteText the statement that was explained */
  constructor(byteText: string) {
    this.hasOrdinality = /ordinality/i.test(byteText);
    for (const { tree } of parseStatements(toSql(byteText)) ?? []) this.#visit(tree);
  }

  /**
   * Which of its query's outputs a column of the subquery `name` is.
   * @param output what EXPLAIN shows as the outputs of the query's plan
   */
  position(name: string, column: string, output: readonly string[]): number | null {
    if (output.length === 1) return 0;
    // Where two things are called `o`, EXPLAIN calls one of them `o_1`, which can be the name of a third in the statement.
    if (this.#aliases.has(name.replace(/(?:_\d+)+$/, '')) && /_\d+$/.test(name)) return null;
    const query = this.#queries.get(name) ?? null;
    if (query === null) return null;
    const named = query.names.indexOf(column);
    if (named >= 0 || !query.isStar) return named < 0 ? null : named;
    const same = output.flatMap((text, index) => (readColumn(text)?.column === column ? [index] : []));
    return same.length === 1 ? same[0]! : null;
  }

  /**
   * The constants in the n-th column of the VALUES list that the plan reads, as SQL; null: they are something else, or it could
   * be another list, such as a view's.
   */
  valuesOf(position: number): string[] | null {
    const [rows, ...lists] = this.#values;
    const hasOthers = [...this.#others].some((name) => !this.#queries.has(name));
    // A list of one row is no scan of its own.
    if (rows === undefined || rows.length < 2 || lists.length > 0 || hasOthers) return null;
    const texts = rows.map((row) => constantSql((row.List as { items?: Node[] } | undefined)?.items?.[position - 1]));
    return texts.includes(null) ? null : (texts as string[]);
  }

  #visit(node: unknown): void {
    if (Array.isArray(node)) {
      for (const item of node) this.#visit(item);
      return;
    }
    if (node === null || typeof node !== 'object') return;
    for (const [key, value] of Object.entries(node as Node)) {
      if (key === 'CommonTableExpr') {
        const table = value as Node;
        this.#add(table.ctename as string, table.ctequery as Node, table.aliascolnames);
      }
      if (key === 'RangeSubselect') {
        const { alias, subquery } = value as { alias?: Node; subquery: Node };
        if (alias !== undefined) this.#add(alias.aliasname as string, subquery, alias.colnames);
      }
      if ((key === 'aliasname' || key === 'relname' || key === 'ctename') && typeof value === 'string')
        this.#aliases.add(value);
      if (key === 'RangeVar' || key === 'RangeFunction') {
        const name = (value as Node).relname as string | undefined;
        if (name?.startsWith(PLAN_PREFIX) !== true) this.#others.add(name ?? '()');
      }
      if (key === 'valuesLists') this.#values.push(value as Node[]);
      this.#visit(value);
    }
  }

  #add(name: string, query: Node, aliases: unknown): void {
    const read = readQuery(query);
    const renamed = stringList(aliases);
    const isNew = !this.#queries.has(name);
    // A list of aliases names the first columns, whatever they were called.
    const known = {
      names: [...renamed, ...read.names.slice(renamed.length)],
      isStar: renamed.length === 0 && read.isStar,
    };
    this.#queries.set(name, isNew ? known : null);
  }
}

function readQuery(query: Node): NamedQuery {
  let select = query.SelectStmt as Node | undefined;
  while (select?.larg !== undefined) select = select.larg as Node;
  const names: (string | null)[] = [];
  const targets = ((select?.targetList as Node[] | undefined) ?? []).map((target) => target.ResTarget as Node);
  for (const { name, val } of targets) {
    const fields = stringList(((val as Node | undefined)?.ColumnRef as Node | undefined)?.fields);
    if (fields.at(-1) === '*') {
      return { names, isStar: targets.length === 1 && isFromTables(select!) };
    }
    names.push((name as string | undefined) ?? fields.at(-1) ?? null);
  }
  return { names, isStar: false };
}

/** Whether a query reads plain tables whose columns keep their names; a WITH query's columns may be called otherwise in the plan. */
function isFromTables(select: Node): boolean {
  const tables = (select.fromClause as Node[] | undefined) ?? [];
  return tables.every((item) => {
    const table = item.RangeVar as Node | undefined;
    return table?.schemaname !== undefined && (table.alias as Node | undefined)?.colnames === undefined;
  });
}

/** A literal with its casts; null: something else. */
function constantSql(node: Node | undefined): string | null {
  const cast = node?.TypeCast as Node | undefined;
  if (cast !== undefined) {
    const type = cast.typeName as Node;
    const inner = constantSql(cast.arg as Node);
    const names = stringList(type.names);
    const isPlain = type.typmods === undefined && type.arrayBounds === undefined;
    return inner === null || !isPlain ? null : `CAST(${inner} AS ${names.map(quoteIdentifier).join('.')})`;
  }
  const constant = node?.A_Const as Record<string, Record<string, unknown> | undefined> | undefined;
  if (constant === undefined) return null;
  const { ival, fval, sval, boolval } = constant;
  if (ival !== undefined) return String(ival.ival ?? 0);
  if (fval !== undefined) return String(fval.fval);
  if (boolval !== undefined) return String(boolval.boolval === true);
  if (sval !== undefined) return `'${String(sval.sval ?? '').replaceAll("'", "''")}'`;
  return (constant as { isnull?: boolean }).isnull === true ? 'NULL' : null;
}
