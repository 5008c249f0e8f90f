import { expect, it } from 'vitest';
import { inferredColumnHint } from '../../drivers/inferred-column.js';
import { makeCoercer } from '../../src/core/coerce/coercer.js';
import type { GatewayError } from '../../src/core/errors.js';
import { column } from './reading.js';

it.each([
  ['bigint', '10.5', 'numeric'],
  ['bigint', '9223372036854775808', 'numeric'],
  ['bigint', '1.5e300', 'double precision'],
  ['bigint', 'n/a', 'text'],
  ['double precision', '1e400', 'numeric'],
  ['date', 'soon', 'text'],
  ['bigint[]', '[1, 2.5]', 'numeric[]'],
  ['date[]', '["soon"]', 'text[]'],
])('a value that an inferred %s does not take: %s is taken by %s', (type, text, wider) => {
  const inferred = column('c', type);
  let error: GatewayError | null = null;
  const read = (declared: string): unknown => {
    const coercer = makeCoercer(column('c', declared));
    return type.endsWith('[]')
      ? coercer.fromJson(text)
      : /^\d/.test(text)
        ? coercer.fromNumber(text)
        : coercer.fromString(text);
  };
  try {
    read(type);
  } catch (thrown) {
    error = thrown as GatewayError;
  }
  const table = {
    dsn: 'shop',
    name: 'items',
    inference: { columns: new Set(['c']) },
    location: { file: 'shop.yaml', line: 4, column: 3 },
  } as unknown as Parameters<typeof inferredColumnHint>[0];
  const hint = inferredColumnHint(table, inferred, error!.message);
  expect(hint).toContain(`The type ${type} was inferred from a sample: declare columns: { c: ${wider} } with`);
  expect(() => read(wider)).not.toThrow();
});
