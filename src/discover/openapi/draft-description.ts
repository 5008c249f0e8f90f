import { errors } from '../../core/errors.js';
import { NameMaker, toIdentifier } from '../infer/column-names.js';
import type { Sample } from '../sample/sampler.js';
import { hostName } from '../source/draft-source.js';
import type { DsnDraft } from '../source/write-dsn.js';
import { describedAuth } from './described-auth.js';
import { describedTable, tableName } from './described-table.js';
import { ApiDescription, asList, asText, isObject, type Json } from './description.js';
import { shorten } from './list-columns.js';

export interface DescriptionOptions {
  readonly name: string | null;
  /** Where the description was read; null for a file. */
  readonly url: string | null;
}

/** The DSN of an API by its OpenAPI 3 or Swagger 2 description: a table for each operation that answers a list. */
export function draftDescription(sample: Sample, { name, url }: DescriptionOptions): DsnDraft {
  if (sample.isTruncated)
    throw errors.apiError('the description is too long', {
      detail: sample.name,
      hint: 'Cut it down to the paths that you need.',
    });
  const api = ApiDescription.parse(sample.text, sample.name);
  const remarks: string[] = [];
  const base = baseUrl(api, url, remarks);
  const info = isObject(api.root.info) ? api.root.info : {};
  const dsn = name ?? dsnName(base, asText(info.title));
  const auth = describedAuth(api, dsn);
  if (auth !== null) remarks.push('The variables in "auth" hold the secrets: set them before the gateway starts.');
  const names = new NameMaker();
  const tables: Record<string, Json> = {};
  for (const operation of api.operations()) {
    const table = describedTable(operation, api);
    if (table !== null) tables[names.make(tableName(operation.path))] = table;
  }
  if (Object.keys(tables).length === 0) {
    throw errors.apiError('the description has no operation that answers a list', {
      detail: sample.name,
      hint: 'Give the address of such an operation instead: tidegate discover URL.',
    });
  }
  const single = Object.entries(tables)
    .filter(([, table]) => table.pagination === undefined)
    .map(([table]) => table);
  if (single.length > 0) {
    const shown = single.slice(0, 5).join(', ');
    remarks.push(
      `No pagination is described for ${single.length} of ${Object.keys(tables).length} tables (${shown}${single.length > 5 ? ', …' : ''}): only their first page is read.`,
    );
  }
  const title = shorten(asText(info.title));
  const document = {
    dsn,
    ...(title === null ? {} : { description: title }),
    base_url: base,
    ...(auth === null ? {} : { auth }),
    tables,
  };
  return { document, remarks };
}

/** The first server with its variables' defaults. */
function baseUrl(api: ApiDescription, readFrom: string | null, remarks: string[]): string {
  const given = api.isSwagger ? swaggerUrl(api.root) : serverUrl(asList(api.root.servers)[0]);
  const url =
    given === null ? null : URL.canParse(given) ? given : readFrom === null ? null : new URL(given, readFrom).href;
  if (url !== null && /^https?:\/\/[^/{}\s]+/i.test(url) && !url.includes('?'))
    return url
      .replace(/[#].*$/, '')
      .replace(/\/+$/, '')
      .replace(/[{}]/g, '');
  remarks.push('The description does not say where the API is: set "base_url".');
  return readFrom === null ? 'https://api.example.com' : new URL(readFrom).origin;
}

function serverUrl(server: unknown): string | null {
  if (!isObject(server)) return null;
  const variables = isObject(server.variables) ? server.variables : {};
  return (asText(server.url) ?? '').replace(/\{([^{}]+)\}/g, (all, name: string) => {
    const variable = variables[name];
    return isObject(variable) && variable.default !== undefined ? String(variable.default) : all;
  });
}

function swaggerUrl(root: Json): string | null {
  const host = asText(root.host);
  const path = asText(root.basePath) ?? '/';
  if (host === null) return path;
  const schemes = asList(root.schemes);
  return `${schemes.includes('https') || schemes.length === 0 ? 'https' : String(schemes[0])}://${host}${path}`;
}

function dsnName(base: string, title: string | null): string {
  const host = new URL(base).hostname;
  if (host !== 'api.example.com' || title === null) return hostName(new URL(base));
  const name = toIdentifier(title.replace(/\b(?:rest|api|v\d+)\b/gi, '')).slice(0, 40);
  return /^(?:column$|pg_|tidegate|public$|information_schema$)/.test(name) ? `api_${name}` : name;
}
