import { jsonSchemas } from '../../src/config/json-schema.js';
import { commandReference } from './commands.js';
import { errorReference } from './errors.js';
import { metricsReference } from './metrics.js';
import { providerReference } from './providers.js';
import { dsnReference, gatewayReference } from './settings.js';
import { statisticsReference } from './statistics-tables.js';

/** All that is generated from the code, by the file's path in the repository. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(Object.entries(jsonSchemas()).map(([name, text]) => [`schema/${name}`, text])),
    'docs/reference/commands.md': commandReference(),
    'docs/reference/dsn-file.md': dsnReference(),
    'docs/reference/errors.md': errorReference(),
    'docs/reference/metrics.md': metricsReference(),
    'docs/reference/providers.md': providerReference(),
    'docs/reference/statistics-tables.md': statisticsReference(),
    'docs/reference/tidegate-yaml.md': gatewayReference(),
  };
}
