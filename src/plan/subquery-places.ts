import type { StatementTemplate } from './template.js';

/** What only a table has: system columns, samples; names with escapes could be any of these. */
const TABLES_ALONE = /\b(?:ctid|tableoid|[cx]min|[cx]max|tablesample)\b|\bu&"/i;

/** Whether the text around a scan's place takes a subquery as well as a table's name. */
export function takesSubquery({ parts }: StatementTemplate, scan: number): boolean {
  const index = parts.findIndex((part) => 'scan' in part && part.scan === scan);
  const [before, after] = [parts[index - 1], parts[index + 1]];
  const isOnly = before !== undefined && 'text' in before && /\bonly\s*\(?\s*$/i.test(before.text);
  return !isOnly && !(after !== undefined && 'text' in after && /^\s*\*/.test(after.text));
}

/** Whether subqueries can stand in the place of all tables of a statement, and it means the same. */
export function takesSubqueries(template: StatementTemplate): boolean {
  const asksForMore = template.parts.some((part) => 'text' in part && TABLES_ALONE.test(part.text));
  return !asksForMore && template.scans.every((_, scan) => takesSubquery(template, scan));
}
