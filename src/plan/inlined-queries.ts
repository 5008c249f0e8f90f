import type { PlanNode } from './plan-tree.js';
import { type ByteText, forEachNode, type Node, parseStatements, scanTokens, type Token, toSql } from './syntax.js';

/** Whether a plan computes a WITH query by itself: conditions on its rows are then checked behind it. */
export function computesQueries(node: PlanNode): boolean {
  return node['CTE Name'] !== undefined || (node.Plans ?? []).some(computesQueries);
}

/**
 * A statement whose WITH queries are all `NOT MATERIALIZED`: it means the same, and its plan shows which conditions on
 * their rows can as well be asked of the tables below. PostgreSQL goes on computing those that it must: with volatile functions,
 * recursive ones.
 * @param byteText as it was explained
 * @returns null where that changes nothing
 */
export function withInlinedQueries(byteText: string): string | null {
  const sql = toSql(byteText);
  const locations = new Set<number>();
  for (const { tree } of parseStatements(sql) ?? []) {
    forEachNode(tree, (kind, node) => {
      const query = kind === 'CommonTableExpr' ? (node.ctequery as Node | undefined) : undefined;
      if (query?.SelectStmt !== undefined) locations.add((node.location as number) ?? 0);
    });
  }
  const tokens = scanTokens(sql);
  const edits = tokens.flatMap((token, index) => (locations.has(token.start) ? (placeOf(tokens, index) ?? []) : []));
  if (edits.length === 0) return null;
  let text = '';
  let from = 0;
  for (const { start, end } of edits) {
    text += `${byteText.slice(from, start)} NOT MATERIALIZED `;
    from = end;
  }
  return (text + byteText.slice(from)) as ByteText;
}

/** What stands between AS and the parenthesis of the query that is called by the token `at`: `name (columns) AS MATERIALIZED (`. */
function placeOf(tokens: readonly Token[], at: number): { readonly start: number; readonly end: number } | null {
  const word = (index: number): string => tokens[index]?.text.toLowerCase() ?? '';
  let index = at + 1;
  if (word(index) === '(') while (index < tokens.length && word(index++) !== ')');
  if (word(index) !== 'as') return null;
  const { end } = tokens[index]!;
  while (['not', 'materialized'].includes(word(index + 1))) index++;
  return word(index + 1) === '(' ? { start: end, end: tokens[index + 1]!.start } : null;
}
