import type { OAuth2Model } from '../model.js';
import type { SourcePath } from '../source-tree.js';
import { type BuildContext, isDamaged } from './context.js';

/** Adds a problem for each key that a grant or client authentication needs and that is not there. */
export function checkOAuth2(model: OAuth2Model, path: SourcePath, context: BuildContext): void {
  const { tree, problems } = context;
  const missing = (key: string, hint: string): void => {
    if (tree.node([...path, key]) !== undefined || isDamaged(context, [...path, key])) return;
    // What a provider or issuer would have filled in is not known when their own names are wrong.
    const isFilled = key.endsWith('_url') && ['provider', 'issuer'].some((name) => isDamaged(context, [...path, name]));
    if (isFilled) return;
    problems.add(tree.keyAt(path), `missing key "${key}" in "auth"`, hint);
  };
  if (model.tokenUrl === null && model.issuer === null) {
    missing('token_url', 'Add "token_url", or "issuer" or "provider" to have it found.');
  }
  if (model.clientId === null && model.grant !== 'jwt_bearer') missing('client_id', 'Add "client_id".');
  if ((model.clientAuth === 'basic' || model.clientAuth === 'body') && model.clientSecret === null) {
    missing('client_secret', 'Add "client_secret", or "client_auth: none" where the client has none.');
  }
  const needsKey = model.clientAuth === 'private_key_jwt' || model.grant === 'jwt_bearer';
  if (needsKey && model.privateKey === null) missing('private_key', 'Add "private_key".');
  switch (model.grant) {
    case 'authorization_code':
      if (model.authorizationUrl === null && model.issuer === null) {
        missing('authorization_url', 'Add "authorization_url", or "issuer" or "provider" to have it found.');
      }
      return;
    case 'device_code':
      if (model.deviceAuthorizationUrl === null && model.issuer === null) {
        missing('device_authorization_url', 'Add "device_authorization_url", or "issuer" to have it found.');
      }
      return;
    case 'refresh_token':
      if (model.refreshToken === null) missing('refresh_token', 'Add "refresh_token", best in a variable.');
      return;
    case 'password':
      if (model.username === null) missing('username', 'Add "username".');
      if (model.password === null) missing('password', 'Add "password", best in a variable.');
      return;
    default:
  }
}
