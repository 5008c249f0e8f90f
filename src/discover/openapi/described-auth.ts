import { type ApiDescription, asList, asText, isObject, type Json } from './description.js';

/** `auth` by the description's security schemes, secrets as variables named after the DSN; null where it has none. */
export function describedAuth(api: ApiDescription, dsn: string): Json | null {
  const components = api.isSwagger ? api.root.securityDefinitions : api.resolve(api.root.components)?.securitySchemes;
  if (!isObject(components)) return null;
  const wanted = asList(api.root.security).flatMap((entry) => (isObject(entry) ? Object.keys(entry) : []));
  const names = [...wanted.filter((name) => components[name] !== undefined), ...Object.keys(components)];
  const variable = (name: string): string => `\${env:${dsn.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_${name}}`;
  for (const name of names) {
    const scheme = api.resolve(components[name]);
    const auth = scheme === null ? null : toAuth(scheme, variable);
    if (auth !== null) return auth;
  }
  return null;
}

function toAuth(scheme: Json, variable: (name: string) => string): Json | null {
  const kind = asText(scheme.type);
  if (kind === 'basic' || (kind === 'http' && /^basic$/i.test(asText(scheme.scheme) ?? ''))) {
    return { type: 'basic', username: variable('USERNAME'), password: variable('PASSWORD') };
  }
  if (kind === 'http' && /^bearer$/i.test(asText(scheme.scheme) ?? ''))
    return { type: 'bearer', token: variable('TOKEN') };
  if (kind === 'apiKey') {
    const name = asText(scheme.name) ?? 'X-Api-Key';
    const place = scheme.in === 'query' ? 'query' : scheme.in === 'header' ? 'header' : null;
    if (place === null) return null;
    // Descriptions of version 2 have no other word for it.
    if (name.toLowerCase() === 'authorization') return { type: 'bearer', token: variable('TOKEN') };
    return { type: 'api_key', key: variable('API_KEY'), [place]: name };
  }
  return kind === 'oauth2' ? oauth(scheme, variable) : null;
}

function oauth(scheme: Json, variable: (name: string) => string): Json | null {
  const flows = isObject(scheme.flows) ? scheme.flows : { [asText(scheme.flow) ?? '']: scheme };
  const client = { client_id: variable('CLIENT_ID'), client_secret: variable('CLIENT_SECRET') };
  const credentials = flows.clientCredentials ?? flows.application;
  if (isObject(credentials) && isUrl(credentials.tokenUrl)) {
    return {
      type: 'oauth2',
      grant: 'client_credentials',
      token_url: credentials.tokenUrl,
      ...client,
      ...scopes(credentials),
    };
  }
  const code = flows.authorizationCode ?? flows.accessCode;
  if (isObject(code) && isUrl(code.tokenUrl) && isUrl(code.authorizationUrl)) {
    return {
      type: 'oauth2',
      grant: 'authorization_code',
      authorization_url: code.authorizationUrl,
      token_url: code.tokenUrl,
      ...client,
      ...scopes(code),
    };
  }
  // The implicit grant gives tokens to browsers only: a token made elsewhere does.
  return { type: 'bearer', token: variable('TOKEN') };
}

/** Only scopes that read: people add others themselves. */
function scopes(flow: Json): { readonly scopes?: readonly string[] } {
  const names = isObject(flow.scopes) ? Object.keys(flow.scopes).filter((name) => /read|list|view/i.test(name)) : [];
  return names.length === 0 ? {} : { scopes: names };
}

function isUrl(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\/\S+$/i.test(value) && URL.canParse(value);
}
