import type { ServiceModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import { parseCsdl } from './odata/csdl.js';
import { serviceTables } from './odata/service-tables.js';
import type { Sample } from './sample/sampler.js';

/** The tables of an OData service, in the DSN format, from its description. Throws HV000 where it has none. */
export function readService(service: ServiceModel, sample: Sample): Readonly<Record<string, unknown>> {
  if (sample.isTruncated) {
    throw errors.apiError(`the description of the OData service of DSN "${service.metadata.dsn}" is too long`, {
      detail: sample.name,
      hint: 'Declare its tables by hand, with "base_url" instead of "type: odata".',
    });
  }
  const csdl = parseCsdl(sample.text, sample.name);
  const missing = (service.entitySets ?? []).filter((name) => !csdl.entitySets.some((set) => set.name === name));
  const known = csdl.entitySets.map(({ name }) => name);
  if (missing.length > 0) {
    throw errors.apiError(`the OData service has no entity set ${missing.map((name) => `"${name}"`).join(', ')}`, {
      detail: sample.name,
      hint: `It has ${known.slice(0, 50).join(', ')}${known.length > 50 ? ' and others' : ''}.`,
    });
  }
  const tables = serviceTables(csdl, service.entitySets);
  if (Object.keys(tables).length > 0) return { tables };
  throw errors.apiError('the OData service has no entity sets', { detail: sample.name, hint: 'Check "url".' });
}
