import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchemas } from '../src/config/json-schema.js';
import { providerReference } from './provider-reference.js';

// Run from the project's folder, as `npm run docs` does.
mkdirSync('schema', { recursive: true });
for (const [name, text] of Object.entries(jsonSchemas())) {
  writeFileSync(join('schema', name), text);
  console.log(`schema/${name}`);
}
mkdirSync('docs/reference', { recursive: true });
writeFileSync('docs/reference/providers.md', providerReference());
console.log('docs/reference/providers.md');
