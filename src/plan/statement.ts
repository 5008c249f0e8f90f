import { type CursorAction, readCursorAction } from './cursor-action.js';
import { groupedColumns } from './grouped-columns.js';
import type { References } from './references.js';
import { findReferences } from './references.js';
import {
  argumentRanges,
  closingParenthesis,
  explainedRange,
  preparedRange,
  rangeInParentheses,
} from './statement-ranges.js';
import type { ByteText, Node, ParsedStatement, Token } from './syntax.js';
import { parseStatements, scanTokens, toByteText, toSql } from './syntax.js';

export type StatementKind =
  | 'query' // SELECT, INSERT, UPDATE, DELETE, MERGE, CREATE TABLE AS, DECLARE: PostgreSQL can EXPLAIN it as it stands
  | 'copy'
  | 'explain'
  | 'prepare'
  | 'execute'
  | 'deallocate'
  | 'discard'
  | 'cursor' // FETCH, MOVE, CLOSE
  | 'other';

/** One statement of a query text, taken apart as far as the planner and the session need it. */
export interface Statement {
  readonly kind: StatementKind;
  /** The whole query text that the offsets count in. */
  readonly text: ByteText;
  readonly start: number;
  readonly end: number;
  readonly references: References;
  /** The query inside COPY (…), EXPLAIN and PREPARE, else null. */
  readonly inner: { readonly start: number; readonly end: number } | null;
  /** PREPARE, EXECUTE and DEALLOCATE: the prepared statement's name; null: DEALLOCATE ALL. */
  readonly preparedName: string | null;
  /** EXECUTE: the byte ranges of its arguments. */
  readonly arguments: readonly { readonly start: number; readonly end: number }[];
  readonly explain: ExplainOptions | null;
  /** What DECLARE, FETCH, MOVE and CLOSE do with which cursor. */
  readonly cursor: CursorAction | null;
  /** See `groupedColumns`: those of all queries in it. */
  readonly groupColumns: ReadonlySet<string>;
  /** A constant of it can be read as a moment that is another one each time: `'today'`. */
  readonly namesMoments: boolean;
  /** A SELECT that only returns rows, or EXPLAIN or a cursor of one: no INTO, no FOR UPDATE. */
  readonly isPlainSelect: boolean;
  /** LIMIT and OFFSET of the outermost query and of the queries that it does nothing but read, outermost first. */
  readonly limits: readonly LimitClause[];
}

export interface ExplainOptions {
  readonly analyze: boolean;
  readonly isText: boolean;
}

/** The nodes of `LIMIT count OFFSET offset`; null where there is none. */
export interface LimitClause {
  readonly count: Node | null;
  readonly offset: Node | null;
  /** FETCH FIRST n ROWS WITH TIES. */
  readonly withTies: boolean;
}

/** Takes a query text apart; null when PostgreSQL's parser rejects it. */
export function readStatements(sql: string): Statement[] | null {
  const parsed = parseStatements(sql);
  if (parsed === null) return null;
  const tokens = scanTokens(sql);
  const text = toByteText(sql);
  return parsed.map((statement) => readStatement(statement, text, tokens));
}

/** The statement's own SQL text. */
export function statementSql(statement: Statement): string {
  return toSql(statement.text.slice(statement.start, statement.end));
}

/**
 * `COPY table (columns) TO …` as `COPY (SELECT columns FROM table) TO …`, which means the same and can be planned; the
 * statement itself when it is no such COPY.
 */
export function copyAsQuery(statement: Statement): Statement {
  const [table] = statement.references.tables;
  if (statement.kind !== 'copy' || statement.inner !== null || table === undefined || table.role !== 'read') {
    return statement;
  }
  const { text, start, end } = statement;
  const tokens = scanTokens(toSql(text)).filter((token) => token.start >= start && token.end <= end);
  const next = tokens.findIndex((token) => token.start >= table.end);
  const behind = tokens[next]?.text === '(' ? tokens[closingParenthesis(tokens, next)]!.end : table.end;
  const columns = behind === table.end ? '*' : text.slice(tokens[next]!.end, behind - 1);
  const query = `(SELECT ${columns} FROM ${text.slice(table.start, table.end)})`;
  const sql = toSql(text.slice(start, table.start) + query + text.slice(behind, end));
  return readStatements(sql)?.[0] ?? statement;
}

const QUERY_NODES = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CreateTableAsStmt',
  'DeclareCursorStmt',
]);

/** Statements whose query is what they explain or run. */
const WRAPPING = new Set(['ExplainStmt', 'DeclareCursorStmt']);

function readStatement(parsed: ParsedStatement, text: ByteText, allTokens: readonly Token[]): Statement {
  const tokens = allTokens.filter((token) => token.start >= parsed.start && token.end <= parsed.end);
  const [name, body] = Object.entries(parsed.tree)[0] as [string, Node];
  const base = {
    text,
    // Leading white space and comments are not the statement's: positions in errors are relative to `start`.
    start: parsed.start,
    end: parsed.end,
    references: findReferences(parsed, tokens),
    inner: null,
    preparedName: null,
    arguments: [],
    explain: null,
    cursor: readCursorAction(name, body),
    ...readNodes(parsed.tree),
    isPlainSelect: isPlainSelect(WRAPPING.has(name) ? (body.query as Node) : parsed.tree),
    limits: readLimits(QUERY_NODES.has(name) ? parsed.tree : (body.query as Node | undefined)),
  };
  switch (name) {
    case 'CopyStmt':
      return {
        ...base,
        kind: 'copy',
        inner: body.query === undefined ? null : rangeInParentheses(tokens, 1),
      };
    case 'ExplainStmt':
      return {
        ...base,
        kind: 'explain',
        inner: explainedRange(tokens, body, parsed.end),
        explain: explainOptions(body),
      };
    case 'PrepareStmt':
      return { ...base, kind: 'prepare', inner: preparedRange(tokens, parsed.end), preparedName: body.name as string };
    case 'ExecuteStmt':
      return { ...base, kind: 'execute', preparedName: body.name as string, arguments: argumentRanges(tokens) };
    case 'DiscardStmt':
      return { ...base, kind: 'discard' };
    case 'DeallocateStmt':
      return { ...base, kind: 'deallocate', preparedName: (body.name as string | undefined) ?? null };
    case 'FetchStmt':
    case 'ClosePortalStmt':
      return { ...base, kind: 'cursor' };
    default:
      return { ...base, kind: QUERY_NODES.has(name) ? 'query' : 'other' };
  }
}

/** Follows `SELECT … FROM (SELECT …) x LIMIT n` inwards for as long as there is exactly one thing to read from. */
function readLimits(tree: Node | undefined): LimitClause[] {
  const limits: LimitClause[] = [];
  let select = selectOf(tree);
  while (select !== undefined) {
    if (select.limitCount !== undefined || select.limitOffset !== undefined) {
      limits.push({
        count: (select.limitCount as Node | undefined) ?? null,
        offset: (select.limitOffset as Node | undefined) ?? null,
        withTies: select.limitOption === 'LIMIT_OPTION_WITH_TIES',
      });
    }
    const from = (select.fromClause as Node[] | undefined) ?? [];
    const only = from.length === 1 ? (from[0]!.RangeSubselect as Node | undefined) : undefined;
    select = selectOf(only?.subquery as Node | undefined);
  }
  return limits;
}

function isPlainSelect(tree: Node): boolean {
  const select = tree.SelectStmt as Node | undefined;
  return select !== undefined && select.intoClause === undefined && select.lockingClause === undefined;
}

/** What is read off all nodes of the tree, wherever they stand. */
function readNodes(tree: Node): Pick<Statement, 'groupColumns' | 'namesMoments'> {
  const groupColumns = new Set<string>();
  let namesMoments = false;
  // A stack of our own: expressions nest as deep as clients make them.
  const pending: unknown[] = [tree];
  while (pending.length > 0) {
    const node = pending.pop();
    if (node === null || typeof node !== 'object') continue;
    if (Array.isArray(node)) {
      for (const item of node) pending.push(item);
      continue;
    }
    const { A_Const: constant } = node as { A_Const?: ConstantNode };
    for (const name of groupedColumns(node as Node)) groupColumns.add(name);
    if (mayNameMoment(constant?.sval?.sval ?? '')) namesMoments = true;
    for (const value of Object.values(node)) pending.push(value);
  }
  return { groupColumns, namesMoments };
}

type ConstantNode = { readonly sval?: { readonly sval?: string } };

/** Whether a text may be one that the types of time read as a moment that passes. */
export function mayNameMoment(text: string): boolean {
  return /now|today|tomorrow|yesterday/i.test(text);
}

function selectOf(tree: Node | undefined): Node | undefined {
  const declared = tree?.DeclareCursorStmt as Node | undefined;
  if (declared !== undefined) return selectOf(declared.query as Node);
  return tree?.SelectStmt as Node | undefined;
}

function explainOptions(body: Node): ExplainOptions {
  const options = ((body.options as Node[] | undefined) ?? []).map((item) => item.DefElem as Node);
  const argument = (name: string): string | null => {
    const option = options.findLast((item) => item.defname === name);
    if (option === undefined) return null;
    const value = Object.values((option.arg as Node | undefined) ?? {})[0] as Record<string, unknown> | undefined;
    return String(value?.sval ?? value?.boolval ?? value?.ival ?? 'true').toLowerCase();
  };
  return {
    analyze: !['false', 'off', '0', null].includes(argument('analyze')),
    isText: (argument('format') ?? 'text') === 'text',
  };
}
