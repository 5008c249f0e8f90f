import type { Node, ParsedStatement, Token } from './syntax.js';
import { stringList } from './syntax.js';

/** A table name in a statement, where a virtual table can stand. Offsets are bytes of the query text. */
export interface Reference {
  /** Null when the name is not qualified. */
  readonly schema: string | null;
  readonly database: string | null;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Where an alias has to be inserted so that column names go on working; null where it has one or can have none. */
  readonly aliasAt: number | null;
  /** The word TABLE of the command `TABLE name`, which can have no alias, unlike the SELECT that it stands for. */
  readonly tableCommand: { readonly start: number; readonly end: number } | null;
  /** read: its rows are wanted; write: it is the target; lock: FOR UPDATE and the like apply to it. */
  readonly role: 'read' | 'write' | 'lock';
  /** References of one FROM list have the same scope. */
  readonly scope: number;
}

/** A column name with three or more parts (`shop.orders.id`): its qualifier down to the table is `[start, tableStart)`. */
export interface QualifiedColumn {
  readonly schema: string;
  readonly table: string;
  readonly start: number;
  readonly tableStart: number;
  readonly tableEnd: number;
}

export interface References {
  readonly tables: readonly Reference[];
  readonly columns: readonly QualifiedColumn[];
}

/**
 * Finds every table name and every schema-qualified column name of a statement; names of common table expressions
 * are left out where they are in scope, as PostgreSQL resolves them (a WITH name hides only unqualified names).
 */
export function findReferences(statement: ParsedStatement, tokens: readonly Token[]): References {
  const walker = new Walker(tokens);
  walker.visit(statement.tree, new Set(), 0);
  walker.tables.sort((a, b) => a.start - b.start);
  walker.columns.sort((a, b) => a.start - b.start);
  return walker;
}

/** Statement fields that hold a bare RangeVar which the statement writes to. */
const WRITE_TARGETS: Readonly<Record<string, string>> = {
  InsertStmt: 'relation',
  UpdateStmt: 'relation',
  DeleteStmt: 'relation',
  MergeStmt: 'relation',
};

class Walker implements References {
  readonly tables: Reference[] = [];
  readonly columns: QualifiedColumn[] = [];
  readonly #tokenAt: Map<number, number>;
  #scopes = 0;

  constructor(readonly tokens: readonly Token[]) {
    this.#tokenAt = new Map(tokens.map((token, index) => [token.start, index]));
  }

  visit(node: unknown, cteNames: ReadonlySet<string>, scope: number): void {
    if (Array.isArray(node)) {
      for (const item of node) this.visit(item, cteNames, scope);
      return;
    }
    if (node === null || typeof node !== 'object') return;
    for (const [key, value] of Object.entries(node as Node)) {
      if (value === null || typeof value !== 'object') continue;
      this.#visitField(key, value as Node, cteNames, scope);
    }
  }

  #visitField(key: string, value: Node, cteNames: ReadonlySet<string>, scope: number): void {
    switch (key) {
      case 'RangeVar':
        this.#addTable(value, cteNames, scope, 'read');
        return;
      case 'ColumnRef':
        this.#addColumn(value);
        return;
      case 'SelectStmt':
      case 'larg': // a set operation's sides are bare SelectStmt nodes
      case 'rarg':
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'DeleteStmt':
      case 'MergeStmt':
        this.#visitQuery(key, value, cteNames);
        return;
      case 'A_Expr':
        this.#visitOperators(value, cteNames, scope);
        return;
      case 'CopyStmt':
        this.#visitCopy(value, cteNames, scope);
        return;
      case 'TruncateStmt':
        for (const relation of (value.relations as Node[] | undefined) ?? []) {
          this.#addTable(relation.RangeVar as Node, cteNames, scope, 'write');
        }
        return;
      case 'into':
      case 'intoClause':
        return; // names what the statement creates
      default:
        this.visit(value, cteNames, scope);
    }
  }

  /** `a + b + c + …` nests as deep as it is long; the stack need not. */
  #visitOperators(expression: Node, cteNames: ReadonlySet<string>, scope: number): void {
    let left: Node | undefined = expression;
    while (left !== undefined) {
      const { lexpr, ...rest }: Node = left;
      this.visit(rest, cteNames, scope);
      left = (lexpr as Node | undefined)?.A_Expr as Node | undefined;
      if (left === undefined) this.visit(lexpr, cteNames, scope);
    }
  }

  /** A query with its own FROM list and perhaps a WITH clause. */
  #visitQuery(key: string, query: Node, outerNames: ReadonlySet<string>): void {
    const scope = ++this.#scopes;
    const { withClause, lockingClause, ...rest } = query as Record<string, unknown>;
    const names = this.#visitWith(withClause as Node | undefined, outerNames, scope);
    const target = WRITE_TARGETS[key];
    if (target !== undefined && rest[target] !== undefined) {
      this.#addTable(rest[target] as Node, names, scope, 'write');
      delete rest[target];
    }
    const before = this.tables.length;
    this.visit(rest, names, scope);
    if (lockingClause !== undefined) this.#markLocked(before, lockingClause as Node[], scope);
  }

  #visitWith(clause: Node | undefined, outerNames: ReadonlySet<string>, scope: number): ReadonlySet<string> {
    if (clause === undefined) return outerNames;
    const tables = ((clause.ctes as Node[] | undefined) ?? []).map((cte) => cte.CommonTableExpr as Node);
    const names = new Set(outerNames);
    if (clause.recursive === true) for (const table of tables) names.add(table.ctename as string);
    for (const table of tables) {
      this.visit(table, new Set(names), scope);
      names.add(table.ctename as string);
    }
    return names;
  }

  #visitCopy(copy: Node, cteNames: ReadonlySet<string>, scope: number): void {
    if (copy.relation !== undefined) {
      this.#addTable(copy.relation as Node, cteNames, scope, copy.is_from === true ? 'write' : 'read', false);
    }
    this.visit(copy.query, cteNames, scope);
  }

  /** `FOR UPDATE [OF names]` locks the tables of its own FROM list. */
  #markLocked(from: number, clauses: readonly Node[], scope: number): void {
    const named = clauses.flatMap((clause) =>
      (((clause.LockingClause as Node).lockedRels as Node[] | undefined) ?? []).map(
        (relation) => (relation.RangeVar as Node).relname,
      ),
    );
    for (let index = from; index < this.tables.length; index++) {
      const table = this.tables[index]!;
      if (table.scope !== scope) continue;
      if (named.length > 0 && table.aliasAt !== null && !named.includes(table.name)) continue;
      this.tables[index] = { ...table, role: 'lock' };
    }
  }

  #addTable(
    range: Node,
    cteNames: ReadonlySet<string>,
    scope: number,
    role: Reference['role'],
    canHaveAlias = true,
  ): void {
    const schema = (range.schemaname as string | undefined) ?? null;
    const name = range.relname as string;
    if (schema === null && role !== 'write' && cteNames.has(name)) return;
    const first = this.#tokenAt.get((range.location as number | undefined) ?? 0);
    if (first === undefined) return;
    const last = this.#lastNameToken(first);
    const needsAlias = canHaveAlias && role !== 'write' && range.alias === undefined;
    this.tables.push({
      schema,
      database: (range.catalogname as string | undefined) ?? null,
      name,
      start: this.tokens[first]!.start,
      end: this.tokens[last]!.end,
      aliasAt: needsAlias ? this.#aliasPosition(first, last) : null,
      tableCommand: needsAlias ? this.#tableCommand(first) : null,
      role,
      scope,
    });
  }

  /** The last token of a dotted name that starts at token `first`. */
  #lastNameToken(first: number): number {
    let last = first;
    while (this.tokens[last + 1]?.text === '.' && this.tokens[last + 2] !== undefined) last += 2;
    return last;
  }

  /** Behind the name, or behind what belongs to it: `ONLY (name)`, `name *`. */
  #aliasPosition(first: number, last: number): number {
    const isParenthesised =
      this.tokens[first - 1]?.text === '(' &&
      this.tokens[first - 2]?.text.toLowerCase() === 'only' &&
      this.tokens[last + 1]?.text === ')';
    if (isParenthesised || this.tokens[last + 1]?.text === '*') return this.tokens[last + 1]!.end;
    return this.tokens[last]!.end;
  }

  #tableCommand(first: number): { start: number; end: number } | null {
    const word = (index: number): string => this.tokens[index]?.text.toLowerCase() ?? '';
    let before = first - 1;
    while (word(before) === '(' || word(before) === 'only') before--;
    const token = this.tokens[before];
    return token !== undefined && word(before) === 'table' ? { start: token.start, end: token.end } : null;
  }

  #addColumn(column: Node): void {
    const names = stringList(column.fields);
    if (names.length < 3) return;
    const first = this.#tokenAt.get((column.location as number | undefined) ?? 0);
    if (first === undefined) return;
    const tableToken = this.tokens[first + 2 * (names.length - 2)];
    if (tableToken === undefined) return;
    this.columns.push({
      schema: names[names.length - 3]!,
      table: names[names.length - 2]!,
      start: this.tokens[first]!.start,
      tableStart: tableToken.start,
      tableEnd: tableToken.end,
    });
  }
}
