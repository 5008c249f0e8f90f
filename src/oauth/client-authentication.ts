import { type ClientAuth, ClientSecretBasic, ClientSecretPost, None } from 'oauth4webapi';
import type { OAuth2Model } from '../config/model.js';
import { clientAssertion } from './assertion.js';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** How the client proves itself at the token endpoint (RFC 6749, section 2.3; RFC 7523, section 2.2). */
export function clientAuthentication(model: OAuth2Model, tokenUrl: string, dsn: string, skewS: number): ClientAuth {
  // A service account is known by its assertion alone.
  if (model.clientId === null) return () => {};
  if (model.clientAuth === 'private_key_jwt') {
    return (_server, client, body) => {
      body.set('client_id', client.client_id);
      body.set('client_assertion_type', ASSERTION_TYPE);
      body.set('client_assertion', clientAssertion(model, tokenUrl, dsn, skewS));
    };
  }
  if (model.clientAuth === 'none' || model.clientSecret === null) return None();
  const secret = model.clientSecret.reveal();
  return model.clientAuth === 'basic' ? ClientSecretBasic(secret) : ClientSecretPost(secret);
}
