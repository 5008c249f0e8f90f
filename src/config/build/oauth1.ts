import { Secret } from '../../core/secret.js';
import type { OAuth1Model } from '../model.js';
import type { OAuth1Input } from '../schema/oauth.js';
import type { BuildContext, Placed } from './context.js';

/** Makes the model of `auth: { type: oauth1 }`. */
export function buildOAuth1({ value: auth, path }: Placed<OAuth1Input>, { tree, problems }: BuildContext): OAuth1Model {
  if ((auth.token === undefined) !== (auth.token_secret === undefined)) {
    const [given, other] = auth.token === undefined ? ['token_secret', 'token'] : ['token', 'token_secret'];
    problems.add(tree.keyAt([...path, given]), `"${given}" needs "${other}"`, `Add "${other}", or remove "${given}".`);
  }
  return {
    type: 'oauth1',
    consumerKey: tree.configuredText([...path, 'consumer_key']),
    consumerSecret: new Secret(auth.consumer_secret),
    token: auth.token === undefined ? null : tree.configuredText([...path, 'token']),
    tokenSecret: auth.token_secret === undefined ? null : new Secret(auth.token_secret),
    signatureMethod: auth.signature_method,
    realm: auth.realm ?? null,
  };
}
