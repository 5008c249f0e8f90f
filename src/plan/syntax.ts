import { loadModule, parseSync, scanSync } from 'libpg-query';

/**
 * A syntax tree node as libpg-query gives it: PostgreSQL's parse tree in JSON, fields of value zero left out.
 * https://github.com/pganalyze/libpg_query
 */
export type Node = { readonly [key: string]: unknown };

/** One token: byte offsets, and its text as written. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly isIdentifierLike: boolean;
  readonly isComment: boolean;
}

/** One statement of a query text: its tree, and its byte range without the semicolon. */
export interface ParsedStatement {
  readonly tree: Node;
  readonly start: number;
  readonly end: number;
}

/**
 * SQL text as a string with one character per UTF-8 byte, because PostgreSQL's parser counts in bytes.
 * Slices and offsets of it are safe; `toSql` gives the real text back.
 */
export type ByteText = string & { readonly byteText: unique symbol };

export const toByteText = (sql: string): ByteText => Buffer.from(sql, 'utf8').toString('latin1') as ByteText;
export const toSql = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');

/** How many characters, as PostgreSQL counts them for positions, the bytes of a text stand for. */
export const characterCount = (text: string): number => [...toSql(text)].length;

/** Loads the parser; needed once before `parseStatements`. */
export const loadParser: () => Promise<void> = loadModule;

/** Calls `found` with each part of a parse tree and its kind or role (`SelectStmt`), those around it first. */
export function forEachNode(tree: unknown, found: (kind: string, node: Node) => void): void {
  if (Array.isArray(tree)) {
    for (const item of tree) forEachNode(item, found);
    return;
  }
  if (tree === null || typeof tree !== 'object') return;
  for (const [kind, node] of Object.entries(tree)) {
    if (node !== null && typeof node === 'object') found(kind, node as Node);
    forEachNode(node, found);
  }
}

/** Parses a query text. Returns null when PostgreSQL's parser rejects it: then the engine has the better error. */
export function parseStatements(sql: string): ParsedStatement[] | null {
  let result: { stmts?: { stmt?: unknown; stmt_location?: number; stmt_len?: number }[] };
  try {
    result = parseSync(sql) as typeof result;
  } catch {
    return null;
  }
  const length = Buffer.byteLength(sql);
  return (result.stmts ?? []).map((statement) => {
    const start = statement.stmt_location ?? 0;
    return { tree: statement.stmt as Node, start, end: statement.stmt_len ? start + statement.stmt_len : length };
  });
}

/** The text's tokens in order, comments left out. */
export function scanTokens(sql: string): Token[] {
  return scanSync(sql)
    .tokens.map((token) => ({
      start: token.start,
      end: token.end,
      text: token.text,
      isIdentifierLike: token.tokenName === 'IDENT' || token.tokenName === 'UIDENT' || token.keywordKind !== 0,
      isComment: token.tokenName === 'SQL_COMMENT' || token.tokenName === 'C_COMMENT',
    }))
    .filter((token) => !token.isComment);
}

/** The tree of one expression as EXPLAIN prints it, a subplan in it as NULL; null when it is not one. */
export function parseExpression(text: string): Node | null {
  const target = firstTarget(text) ?? firstTarget(withoutSubplans(text));
  return (target?.val as Node | undefined) ?? null;
}

function firstTarget(expression: string): Node | undefined {
  const select = parseStatements(`SELECT ${expression}`)?.[0]?.tree.SelectStmt as Node | undefined;
  return (select?.targetList as Node[] | undefined)?.[0]?.ResTarget as Node | undefined;
}

const QUOTED = /('(?:[^']|'')*'|"(?:[^"]|"")*")/;

/** EXPLAIN names subplans in ways that are no SQL: `NOT (ANY (a.id = (hashed SubPlan 1).col1))`, `EXISTS(SubPlan 2)`. */
function withoutSubplans(text: string): string {
  return text
    .split(QUOTED)
    .map((piece, index) =>
      index % 2 === 1
        ? piece
        : piece
            .replace(/\b(?:rescan |hashed )?(?:SubPlan|InitPlan) \d+/g, 'NULL')
            .replace(/(?<![=<>~!*] )\b(ANY|ALL) \(/g, 'tidegate_$1 (')
            .replace(/\bEXISTS\(/g, 'tidegate_exists('),
    )
    .join('');
}

/** The names in a list of String nodes (qualified names, operators). */
export function stringList(nodes: unknown): string[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.map((node: Node) => {
    const text = node.String as { sval?: string } | undefined;
    return text === undefined ? '*' : (text.sval ?? '');
  });
}

const PLAIN_IDENTIFIER = /^[a-z_][a-z0-9_]*$/;

/** An identifier as SQL text; always quoted unless that is plainly not needed. Keywords are quoted too. */
export function quoteIdentifier(name: string): string {
  return PLAIN_IDENTIFIER.test(name) && name.startsWith('tidegate_') ? name : `"${name.replaceAll('"', '""')}"`;
}
