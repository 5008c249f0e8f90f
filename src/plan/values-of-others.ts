/** What of a plan's node says what it computes. */
interface Computing {
  readonly Output?: readonly string[];
  readonly Plans?: readonly Computing[];
}

const PLAIN_COLUMN = /^(?!(?:true|false)$)(?:(?:[a-z_][\w$]*|"(?:[^"]|"")+")\.)?(?:[a-z_][\w$]*|"(?:[^"]|"")+")$/;
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/g;
/** What stands for the value that another node computes: a column of no table of the plan. */
const OTHER_VALUE = '(tidegate_other.value)';

/**
 * EXPLAIN prints what a node takes from another one as the expression that is computed there, in parentheses:
 * `(o.id = (count(*)))`, or `(o.id = (1))` where the first part of a UNION has the constant 1 and the next one 2. Read as
 * an expression of the condition's own it would be another value.
 * @returns a function that puts a column into conditions for such values
 */
export function hideValuesOfOthers(root: Computing): (condition: string) => string {
  const computed = new Set<string>();
  const visit = (node: Computing): void => {
    for (const text of node.Output ?? []) {
      if (!PLAIN_COLUMN.test(text)) computed.add(`(${text})`);
    }
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(root);
  const longestFirst = [...computed].sort((a, b) => b.length - a.length);
  return (condition) => longestFirst.reduce(replaceOutsideQuotes, condition);
}

function replaceOutsideQuotes(condition: string, computed: string): string {
  if (!condition.includes(computed)) return condition;
  const quoted = [...condition.matchAll(QUOTED)].map(({ index, 0: text }) => [index, index + text.length] as const);
  let result = '';
  let from = 0;
  for (let at = condition.indexOf(computed); at >= 0; at = condition.indexOf(computed, at + 1)) {
    if (at < from || quoted.some(([start, end]) => at > start && at < end)) continue;
    result += condition.slice(from, at) + OTHER_VALUE;
    from = at + computed.length;
  }
  return result + condition.slice(from);
}
