import { Secret } from '../../core/secret.js';
import type { AuthModel } from '../model.js';
import type { AuthInput } from '../schema/auth.js';
import type { BuildContext, Placed } from './context.js';
import { buildJwt } from './jwt.js';
import { buildOAuth1 } from './oauth1.js';
import { buildOAuth2 } from './oauth2.js';
import { checkKey } from './provider-key.js';
import { buildSession } from './session.js';
import { checkHeaderName, readPlace } from './value-place.js';

/** Turns a valid `auth` into its model; everything secret is wrapped. */
export function buildAuth({ value: auth, path }: Placed<AuthInput>, context: BuildContext): AuthModel {
  const { tree, problems } = context;
  const at = (key: string) => [...path, key];
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
      checkKey(auth.provider, at('username'), context);
      return { type: 'basic', username: tree.configuredText(at('username')), password: new Secret(auth.password) };
    case 'bearer':
      checkHeaderName(at('header'), auth.header, context);
      checkSendable(at('token'), context);
      checkKey(auth.provider, at('token'), context);
      return { type: 'bearer', token: new Secret(auth.token), header: auth.header, prefix: auth.prefix };
    case 'api_key': {
      const place = readPlace(auth, path, 'the API key', context);
      if (place?.place === 'header') {
        checkSendable(at('key'), context);
        checkHeaderName(at('header'), place.parameter, context);
      }
      return { type: 'api_key', key: new Secret(auth.key), ...(place ?? { place: 'header', parameter: 'X-Api-Key' }) };
    }
    case 'oauth2':
      return buildOAuth2({ value: auth, path }, context);
    case 'session':
      return buildSession({ value: auth, path }, context);
    case 'oauth1':
      return buildOAuth1({ value: auth, path }, context);
    case 'jwt':
      return buildJwt({ value: auth, path }, context);
  }
}

/** A token copied with its line end cannot be sent in a header. */
function checkSendable(path: readonly (string | number)[], { tree, problems }: BuildContext): void {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(tree.text(path))) return;
  const message = `"${path.at(-1)}" holds a character that cannot be sent in a header`;
  problems.add(tree.at(path), message, 'Look for a line end in the variable or file.');
}
