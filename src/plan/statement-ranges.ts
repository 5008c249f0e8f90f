import type { Node, Token } from './syntax.js';

/** Bytes `[start, end)` of a query text. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** What EXPLAIN explains: everything behind its options. */
export function explainedRange(tokens: readonly Token[], body: Node, end: number): TextRange {
  let index = 1;
  if (((body.options as Node[] | undefined) ?? []).length > 0) {
    if (tokens[1]?.text === '(') index = closingParenthesis(tokens, 1) + 1;
    else while (/^(analy[sz]e|verbose)$/i.test(tokens[index]?.text ?? '')) index++;
  }
  return { start: tokens[index]?.start ?? end, end };
}

/** What PREPARE prepares: everything behind its AS. */
export function preparedRange(tokens: readonly Token[], end: number): TextRange {
  let index = 2;
  if (tokens[2]?.text === '(') index = closingParenthesis(tokens, 2) + 1;
  return { start: tokens[index + 1]?.start ?? end, end };
}

/** What stands between token `open`, a parenthesis, and the one that closes it. */
export function rangeInParentheses(tokens: readonly Token[], open: number): TextRange {
  return { start: tokens[open]!.end, end: tokens[closingParenthesis(tokens, open)]!.start };
}

/** The index of the token that closes the parenthesis at index `open`; the last one where none does. */
export function closingParenthesis(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    if (tokens[index]!.text === '(') depth++;
    if (tokens[index]!.text === ')' && --depth === 0) return index;
  }
  return tokens.length - 1;
}

/** `EXECUTE name (a, b)`: the ranges of a and b. */
export function argumentRanges(tokens: readonly Token[]): TextRange[] {
  if (tokens[2]?.text !== '(') return [];
  const close = closingParenthesis(tokens, 2);
  const ranges: TextRange[] = [];
  let start = tokens[2].end;
  let depth = 0;
  for (let index = 3; index <= close; index++) {
    const token = tokens[index]!;
    if ((token.text === ',' && depth === 0) || index === close) {
      ranges.push({ start, end: token.start });
      start = token.end;
    } else if (token.text === '(' || token.text === '[') depth++;
    else if (token.text === ')' || token.text === ']') depth--;
  }
  return ranges;
}
