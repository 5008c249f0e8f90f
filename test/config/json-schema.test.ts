import { expect, test } from 'vitest';
import { jsonSchemas } from '../../src/config/json-schema.js';

const schemas = Object.entries(jsonSchemas());

test.each(schemas)('%s closes every map and describes every key of it', (_, text) => {
  const missing: string[] = [];
  visit(JSON.parse(text), '');
  expect(missing).toEqual([]);

  function visit(node: unknown, path: string): void {
    if (typeof node !== 'object' || node === null) return;
    const { properties, additionalProperties } = node as Record<string, unknown>;
    if (properties !== undefined && !path.endsWith('/properties')) {
      if (additionalProperties !== false) missing.push(`${path} is open`);
      for (const [key, value] of Object.entries(properties as Record<string, Record<string, unknown>>)) {
        const isDescribed =
          'description' in value || 'const' in value || 'allOf' in value || '$ref' in value || 'enum' in value;
        if (!isDescribed) missing.push(`${path}/${key} has no description`);
      }
    }
    for (const [key, value] of Object.entries(node)) visit(value, `${path}/${key}`);
  }
});
