import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { dsnSchema } from '../../src/config/schema/dsn.js';
import { gatewaySchema } from '../../src/config/schema/gateway.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENTS = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

interface Sample {
  readonly name: string;
  readonly text: string;
}

const samples: Sample[] = DOCUMENTS.flatMap((path) => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match) => ({
    name: `${path}:${text.slice(0, match.index).split('\n').length}`,
    text: match[1]!,
  }));
});

/** What a sample may be a part of. */
const PLACES: readonly ((part: unknown) => boolean)[] = [
  (part) => gatewaySchema.safeParse(part).success,
  (part) => dsnSchema.safeParse(part).success,
  (part) => dsnSchema.safeParse({ tables: { t: part } }).success,
  (part) => dsnSchema.safeParse({ tables: part }).success,
  (part) => dsnSchema.safeParse({ tables: { t: { columns: part } } }).success,
];

describe('YAML in the documents', () => {
  test.each(samples)('$name is taken by the validator', ({ text }) => {
    // A key that stands twice shows two ways to write it.
    for (const document of parseAllDocuments(text, { uniqueKeys: false })) {
      expect(document.errors).toEqual([]);
      const part: unknown = document.toJS();
      expect(
        PLACES.some((fits) => fits(part)),
        text,
      ).toBe(true);
    }
  });
});
