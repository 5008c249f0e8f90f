import { describe, expect, it } from 'vitest';
import type { FilterOperator } from '../../src/config/model.js';
import { filtersKey, impliesAll } from '../../src/engine/scan-cache/filter-implication.js';
import type { PushedFilter } from '../../src/scan/scan.js';
import { column } from '../engine/harness.js';

const columns = [
  column('n', 'integer'),
  column('x', 'numeric'),
  column('d', 'date'),
  column('at', 'timestamptz'),
  column('s', 'text'),
  column('f', 'double precision'),
  column('j', 'jsonb'),
];

/** `n >= 5`, `s in a|b`, `n is_null`. */
function filter(text: string): PushedFilter {
  const [name, operator, ...rest] = text.split(' ');
  const value = rest.join(' ');
  const values = operator === 'in' ? value.split('|') : value === '' ? [] : [value];
  return { column: name!, operator: operator as FilterOperator, values };
}

const implies = (strict: string, wide: string): boolean =>
  impliesAll(strict === '' ? [] : strict.split(' & ').map(filter), wide === '' ? [] : wide.split(' & ').map(filter), {
    columns,
  });

describe('stricter filters', () => {
  it.each([
    ['n = 5', ''],
    ['n = 5', 'n = 5'],
    ['n = 5', 'n in 4|5'],
    ['n in 5|4', 'n in 4|5|6'],
    ['n in 5', 'n = 5'],
    ['n > 5', 'n > 5'],
    ['n > 5', 'n >= 5'],
    ['n >= 10', 'n > 9'],
    ['n > 9', 'n > 5'],
    ['n >= 5 & s = a', 'n >= 5'],
    ['n >= 5 & n <= 9', 'n >= 4 & n <= 10'],
    ['n = 7', 'n >= 4 & n <= 10'],
    ['n in 7|8', 'n > 6'],
    ['n < -5', 'n <= -5'],
    ['n <= 9', 'n < 10'],
    ['n = 5', 'n <> 6'],
    ['n in 5|7', 'n <> 6'],
    ['n > 6', 'n <> 6'],
    ['n >= 7', 'n <> 6'],
    ['n < 6', 'n <> 6'],
    ['n = 5', 'n is_not_null'],
    ['s like a%', 's is_not_null'],
    ['s like a%', 's like a%'],
    ['x = 1.50', 'x = 1.5'],
    ['x >= 10.01', 'x > 9.99'],
    ['d >= 2026-02-01', 'd >= 2026-01-31'],
    ['at > 2026-01-01 00:00:00+00', 'at >= 2025-12-31 23:59:59.999+00'],
    ['s >= b', 's > a'],
    ['f > 1e+20', 'f > 3'],
  ])('%s implies %s', (strict, wide) => expect(implies(strict, wide)).toBe(true));

  it.each([
    ['', 'n = 5'],
    ['n = 6', 'n = 5'],
    ['n in 4|7', 'n in 4|5'],
    ['n >= 5', 'n > 5'],
    ['n >= 9', 'n > 10'],
    ['n <= 10', 'n < 10'],
    ['n > 9', 'n > 10'],
    ['n > 9', 'n < 100'],
    ['n >= 5', 'n >= 5 & s = a'],
    ['s = a', 'n = 5'],
    ['n in 5|6', 'n <> 6'],
    ['n >= 6', 'n <> 6'],
    ['n > 5', 'n <> 6'],
    ['n is_null', 'n is_not_null'],
    ['n = 5', 'n is_null'],
    ['s like ab%', 's like a%'],
    ['s = ab', 's like a%'],
    // Neither is known to be in the other's order.
    ['j = {"a": 1}', 'j = {"a":1}'],
    ['d >= 2026-01-30', 'd >= 2026-01-31'],
    ['n = 9', 'n > 10'],
  ])('%s does not imply %s', (strict, wide) => expect(implies(strict, wide)).toBe(false));
});

/** Every pair of filters on a small range of integers, against the integers themselves. */
it('is never wrong, for any two filters on integers', () => {
  const range = Array.from({ length: 9 }, (_, index) => index - 1);
  const singles = ['=', '<>', '<', '<=', '>', '>='].flatMap((operator) =>
    range.slice(1, 8).map((value) => filter(`n ${operator} ${value}`)),
  );
  const lists = ['1|3', '2', '0|1|2|3|4|5|6', '6|2'].map((list) => filter(`n in ${list}`));
  const all = [...singles, ...lists];
  const holds = (value: number, { operator, values }: PushedFilter): boolean => {
    const bound = Number(values[0]);
    if (operator === 'in') return values.map(Number).includes(value);
    if (operator === '=') return value === bound;
    if (operator === '<>') return value !== bound;
    if (operator === '<') return value < bound;
    if (operator === '<=') return value <= bound;
    return operator === '>' ? value > bound : value >= bound;
  };
  // Halves too, for what only holds between whole numbers is not claimed.
  const points = range.flatMap((value) => [value, value + 0.5]).concat(-100, 100);
  let claimed = 0;
  for (const strict of all) {
    for (const wide of all) {
      const isRight = points.every((point) => !holds(point, strict) || holds(point, wide));
      const isClaimed = impliesAll([strict], [wide], { columns });
      if (isClaimed) claimed++;
      expect(isClaimed && !isRight, `${JSON.stringify(strict)} implies ${JSON.stringify(wide)}`).toBe(false);
      expect(isRight && !isClaimed, `${JSON.stringify(strict)} is not seen to imply ${JSON.stringify(wide)}`).toBe(
        false,
      );
    }
  }
  expect(claimed).toBeGreaterThan(300);
});

it('equal filters have equal keys, whatever their order', () => {
  expect(filtersKey([filter('n in 2|1'), filter('s = a')])).toBe(filtersKey([filter('s = a'), filter('n in 1|2|1')]));
  expect(filtersKey([filter('n in 1')])).toBe(filtersKey([filter('n = 1')]));
  expect(filtersKey([filter('n = 1')])).not.toBe(filtersKey([filter('n = 11')]));
});
