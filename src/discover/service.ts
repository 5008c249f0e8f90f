import type { ServiceModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import { type Csdl, parseCsdl } from './odata/csdl.js';
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
  checkExpanded(service, csdl, sample.name);
  const tables = serviceTables(csdl, service.entitySets, service.expand);
  if (Object.keys(tables).length > 0) return { tables };
  throw errors.apiError('the OData service has no entity sets', { detail: sample.name, hint: 'Check "url".' });
}

/** Throws HV000 for a navigation property that there is none of, or that leads to many entities. */
function checkExpanded({ expand }: ServiceModel, csdl: Csdl, detail: string): void {
  for (const [setName, names] of Object.entries(expand)) {
    const set = csdl.entitySets.find(({ name }) => name === setName);
    if (set === undefined) {
      const hint = `Correct "expand". It has ${csdl.entitySets.map((item) => item.name).join(', ')}.`;
      throw errors.apiError(`the OData service has no entity set "${setName}"`, { detail, hint });
    }
    const navigations = csdl.structured.get(set.type)?.navigations ?? [];
    for (const name of names) {
      const navigation = navigations.find((item) => item.name === name);
      const single = navigations.filter((item) => !item.isCollection).map((item) => item.name);
      if (navigation === undefined) {
        const hint = single.length === 0 ? 'It has none that lead to one entity.' : `It has ${single.join(', ')}.`;
        throw errors.apiError(`"${setName}" has no navigation property "${name}" to expand`, { detail, hint });
      }
      if (!navigation.isCollection) continue;
      throw errors.apiError(`"${setName}/${name}" leads to many entities, which are no columns of one row`, {
        detail,
        hint: 'Remove it from "expand" and join the table of those entities.',
      });
    }
  }
}
