import { Secret } from '../../core/secret.js';
import { parseDuration } from '../duration.js';
import type { AuthModel } from '../model.js';
import type { AuthInput } from '../schema/auth.js';
import type { BuildContext, Placed } from './context.js';
import { checkHeaders, readTexts } from './request-texts.js';
import { checkUrl } from './url.js';
import { isHeaderName, readPlace } from './value-place.js';

/** Turns a valid `auth` into its model; everything secret is wrapped. */
export function buildAuth({ value: auth, path }: Placed<AuthInput>, context: BuildContext): AuthModel {
  const { tree, problems } = context;
  const at = (key: string) => [...path, key];
  const checkHeader = (header: string): void => {
    if (isHeaderName(header)) return;
    problems.add(
      tree.at(at('header')),
      `"${tree.written(at('header'))}" is not a header name`,
      'Use letters, digits and "-".',
    );
  };
  switch (auth.type) {
    case 'none':
      return auth;
    case 'basic':
      if (tree.text(at('username')).includes(':')) {
        problems.add(
          tree.at(at('username')),
          'a user name cannot hold ":" (RFC 7617)',
          'Put the password under "password".',
        );
      }
      return { type: 'basic', username: tree.configuredText(at('username')), password: new Secret(auth.password) };
    case 'bearer':
      checkHeader(auth.header);
      checkSendable(at('token'), context);
      return { type: 'bearer', token: new Secret(auth.token), header: auth.header, prefix: auth.prefix };
    case 'api_key': {
      const place = readPlace(auth, path, 'the API key', context);
      if (place?.place === 'header') {
        checkSendable(at('key'), context);
        checkHeader(place.parameter);
      }
      return { type: 'api_key', key: new Secret(auth.key), ...(place ?? { place: 'header', parameter: 'X-Api-Key' }) };
    }
    case 'oauth2':
      checkHeader(auth.header);
      checkUrl(at('token_url'), context);
      checkHeaders(at('extra_token_headers'), context);
      if (auth.client_secret === undefined && auth.client_auth !== 'none') {
        problems.add(
          tree.keyAt(path),
          'missing key "client_secret" in "auth"',
          'Add "client_secret", or "client_auth: none" where the client has none.',
        );
      }
      return {
        type: 'oauth2',
        grant: auth.grant,
        tokenUrl: tree.configuredText(at('token_url')),
        clientId: tree.configuredText(at('client_id')),
        clientSecret: auth.client_secret === undefined ? null : new Secret(auth.client_secret),
        clientAuth: auth.client_auth,
        scopes: auth.scopes,
        scopeSeparator: auth.scope_separator,
        audience: auth.audience ?? null,
        resource: auth.resource ?? null,
        extraTokenParameters: readTexts(at('extra_token_parameters'), context),
        extraTokenHeaders: readTexts(at('extra_token_headers'), context),
        renewBeforeMs: parseDuration(auth.renew_before)!,
        header: auth.header,
        prefix: auth.prefix,
      };
  }
}

/** A token copied with its line end cannot be sent in a header. */
function checkSendable(path: readonly (string | number)[], { tree, problems }: BuildContext): void {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(tree.text(path))) return;
  const message = `"${path.at(-1)}" holds a character that cannot be sent in a header`;
  problems.add(tree.at(path), message, 'Look for a line end in the variable or file.');
}
