import { beforeAll, describe, expect, it } from 'vitest';
import { loadParser } from '../../src/plan/syntax.js';
import { hideValuesOfOthers } from '../../src/plan/values-of-others.js';

beforeAll(() => loadParser());

const plan = (...outputs: string[]) => ({
  'Node Type': 'Nested Loop',
  Plans: [{ 'Node Type': 'Append', Plans: [{ 'Node Type': 'Result', Output: outputs }] }],
});

describe('what another node computes', () => {
  it.each([
    ['1', '(o.id = (1))', '(o.id = (tidegate_other.value))'],
    ["'a'::text", "(r.org = ('a'::text))", '(r.org = (tidegate_other.value))'],
    ['count(*)', '((o.id = (count(*))) AND (o.k = 3))', '((o.id = (tidegate_other.value)) AND (o.k = 3))'],
    ["(now() - '1 day'::interval)", "(o.at > ((now() - '1 day'::interval)))", '(o.at > (tidegate_other.value))'],
  ])('is a column of another table: %s in %s', (output, condition, hidden) => {
    expect(hideValuesOfOthers(plan(output))(condition)).toBe(hidden);
  });

  it.each([
    ["(now() - '1 day'::interval)", "(o.at > (now() - '1 day'::interval))"],
    ["'a'::text", "(r.org = 'a'::text)"],
    ['1', "(o.s = 'x (1) y'::text)"],
    ['1', '(o."c (1)" = 2)'],
    ['o.id', '(o.id)'],
    ['"O"."Id"', '("O"."Id" = 1)'],
  ])("but not what is the scan's own: %s in %s", (output, condition) => {
    expect(hideValuesOfOthers(plan(output))(condition)).toBe(condition);
  });
});
