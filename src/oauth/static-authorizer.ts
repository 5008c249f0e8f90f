import type { AuthModel } from '../config/model.js';
import { reveal } from '../core/secret.js';
import { type Authorization, type Authorizer, NO_AUTH_VALUES, NO_AUTHORIZATION } from '../http/authorizer.js';
import type { Redactor } from '../http/redactor.js';

type StaticModel = Exclude<AuthModel, { type: 'oauth2' | 'session' | 'oauth1' | 'jwt' }>;

/** Authentication that never changes: none, a password, a fixed token or a key. */
export function createStaticAuthorizer(model: StaticModel, redactor: Redactor): Authorizer {
  const authorization = fixedAuthorization(model, redactor);
  return {
    description: describe(model),
    authorize: async (signal) => {
      signal.throwIfAborted();
      return authorization;
    },
    renew: async () => false,
    authValues: async () => NO_AUTH_VALUES,
  };
}

function fixedAuthorization(model: StaticModel, redactor: Redactor): Authorization {
  switch (model.type) {
    case 'none':
      return NO_AUTHORIZATION;
    case 'basic': {
      const password = model.password.reveal();
      const credentials = Buffer.from(`${reveal(model.username)}:${password}`, 'utf8').toString('base64');
      redactor.add(password);
      redactor.add(credentials);
      return headerAuthorization('Authorization', 'Basic', credentials);
    }
    case 'bearer':
      redactor.add(model.token.reveal());
      return headerAuthorization(model.header, model.prefix, model.token.reveal());
    case 'api_key': {
      const value = model.key.reveal();
      redactor.add(value);
      return { values: [{ place: model.place, parameter: model.parameter, value, isSecret: true }] };
    }
  }
}

/** `Authorization: Bearer …`; without a prefix the header holds the credentials alone. */
export function headerAuthorization(header: string, prefix: string, credentials: string): Authorization {
  const value = prefix.trim() === '' ? credentials : `${prefix.trim()} ${credentials}`;
  return { values: [{ place: 'header', parameter: header, value, isSecret: true }] };
}

/** A token in the query parameter, where there is one, else in the header. */
export function tokenAuthorization(
  {
    header,
    prefix,
    tokenQuery,
  }: { readonly header: string; readonly prefix: string; readonly tokenQuery: string | null },
  token: string,
): Authorization {
  if (tokenQuery === null) return headerAuthorization(header, prefix, token);
  return { values: [{ place: 'query', parameter: tokenQuery, value: token, isSecret: true }] };
}

function describe(model: StaticModel): string {
  switch (model.type) {
    case 'none':
      return 'none';
    case 'basic':
      return 'basic';
    case 'bearer':
      return `bearer token in header "${model.header}"`;
    case 'api_key':
      return `API key in ${model.place} "${model.parameter}"`;
  }
}
