// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { z } from 'zod';
import { PROVIDER_NAMES } from '../providers/registry.js';
import { metadataSchema } from './metadata.js';
import { tokenHeader } from './token-header.js';
import { configuredText, duration, filledText, positiveDuration, secretText } from './values.js';

const texts = z.record(z.string(), configuredText).default({});

const assertionSchema = z
  .strictObject({
    issuer: configuredText.describe('Claim iss; client_id by default.').optional(),
    subject: configuredText.describe('Claim sub: the user or account to act for.').optional(),
    audience: filledText.describe('Claim aud; token_url by default.').optional(),
    lifetime: positiveDuration.default('5m').describe('How long an assertion is valid.'),
    claims: texts.describe('More claims, as texts.'),
  })
  .meta({ id: 'Assertion', description: 'The JWT that the client signs (RFC 7523).' });

/** `auth: { type: oauth2, … }`. */
export const oauth2Schema = z
  .strictObject({
    type: z.literal('oauth2'),
    provider: z.enum(PROVIDER_NAMES).describe('Preset: fills in addresses and quirks that are not given.').optional(),
    tenant: filledText
      .describe("The customer's own part of the provider's addresses: tenant, region, shop or subdomain.")
      .optional(),
    grant: z
      .enum(['client_credentials', 'authorization_code', 'refresh_token', 'device_code', 'password', 'jwt_bearer'])
      .describe('How the token is obtained.'),
    issuer: filledText.describe('OpenID issuer: the addresses that are not given are asked for there.').optional(),
    token_url: filledText.describe('Token endpoint of the authorization server.').optional(),
    authorization_url: filledText.describe('Where people log in and consent (authorization_code).').optional(),
    device_authorization_url: filledText.describe('Device authorization endpoint (RFC 8628).').optional(),
    revocation_url: filledText.describe('Where tokens are revoked at logout (RFC 7009).').optional(),
    user_info_url: filledText.describe('Where login asks who logged in; what the issuer says by default.').optional(),
    redirect_url: filledText
      .describe('Redirect URL registered for the client; a loopback one is served by tidegate login.')
      .meta({ examples: ['http://127.0.0.1:8976/callback'] })
      .optional(),
    client_id: configuredText
      .describe('Client identifier.')
      .meta({ examples: ['${env:CLIENT_ID}'] })
      .optional(),
    client_secret: secretText
      .describe('Client secret; not needed with client_auth none or private_key_jwt.')
      .meta({ examples: ['${env:CLIENT_SECRET}'] })
      .optional(),
    client_auth: z
      .enum(['basic', 'body', 'none', 'private_key_jwt'])
      .describe('How the client authenticates at the token endpoint; basic where there is a client_secret.')
      .optional(),
    private_key: secretText
      .describe('PEM private key, or a Google service account file, for jwt_bearer and private_key_jwt.')
      .meta({ examples: ['${file:./key.pem}'] })
      .optional(),
    key_id: filledText.describe('Header kid of what is signed with private_key.').optional(),
    assertion: assertionSchema.optional(),
    username: configuredText.describe('User name of the password grant.').optional(),
    password: secretText.describe('Password of the password grant.').optional(),
    refresh_token: secretText
      .describe('A refresh token obtained elsewhere; replaced as the server rotates it.')
      .meta({ examples: ['${env:REFRESH_TOKEN}'] })
      .optional(),
    pkce: z.boolean().default(true).describe('Proof key for the authorization code (RFC 7636).'),
    scopes: z.array(filledText).describe('Scopes to ask for.').optional(),
    scope_separator: z.string().describe('Text between two scopes; a space by default.').optional(),
    audience: filledText.describe('Audience parameter of the token request.').optional(),
    resource: filledText.describe('Resource parameter of the token request (RFC 8707).').optional(),
    extra_authorization_parameters: texts.describe('More parameters of the authorization request.'),
    extra_token_parameters: texts.describe('More form parameters of the token request.'),
    extra_token_headers: texts.describe('More headers of the token request.'),
    token_content_type: z.enum(['form', 'json']).describe('How the token request is written.').optional(),
    token_field: filledText
      .describe('Where the access token is in the answer, such as $.data.token.')
      .meta({ examples: ['$.access_token'] })
      .optional(),
    expires_in_field: filledText.describe('Where the lifetime in seconds is in the answer.').optional(),
    metadata: metadataSchema.optional(),
    renew_before: duration.default('60s').describe('How long before its end a token is renewed.'),
    header: filledText.describe('Header that carries the token; Authorization by default.').optional(),
    prefix: z.string().describe('Text before the token; Bearer by default, "" for none.').optional(),
    query: filledText.describe('Query parameter that carries the token, in the place of a header.').optional(),
  })
  .describe('OAuth 2.0 (RFC 6749).');

/** `auth: { type: session, … }`. */
export const sessionSchema = z
  .strictObject({
    type: z.literal('session'),
    login: z
      .strictObject({
        method: z.enum(['GET', 'POST', 'PUT']).default('POST').describe('Method of the login request.'),
        url: filledText.describe('Address of the login request.'),
        headers: texts.describe('Its headers.'),
        body: z
          .strictObject({
            json: z.unknown().describe('A JSON body.').optional(),
            form: z.record(z.string(), configuredText).describe('Fields of a form.').optional(),
            text: z.string().describe('A body as it is.').optional(),
          })
          .describe('Its body: one of json, form and text.')
          .optional(),
      })
      .describe('The request whose answer holds the token.'),
    token_field: filledText.describe('Where the token is in the answer, such as $.data.token.').optional(),
    token_header: filledText.describe("The answer's header that holds the token.").optional(),
    expires_in_field: filledText.describe('Where the lifetime in seconds is in the answer.').optional(),
    metadata: metadataSchema.optional(),
    renew_before: duration.default('60s').describe('How long before its end a token is renewed.'),
    ...tokenHeader,
    query: filledText.describe('Query parameter that carries the token, in the place of a header.').optional(),
  })
  .describe('A login request whose answer holds a token.');

/** `auth: { type: oauth1, … }`. */
export const oauth1Schema = z
  .strictObject({
    type: z.literal('oauth1'),
    consumer_key: configuredText.describe('Consumer key.'),
    consumer_secret: secretText.describe('Consumer secret.'),
    token: configuredText.describe('Token; not needed where the consumer acts for itself.').optional(),
    token_secret: secretText.describe('Token secret.').optional(),
    signature_method: z.enum(['HMAC-SHA1', 'HMAC-SHA256']).default('HMAC-SHA1').describe('How requests are signed.'),
    realm: filledText.describe('Realm of the Authorization header.').optional(),
  })
  .describe('OAuth 1.0a (RFC 5849).');

/** Valid `auth` of these types. */
export type OAuth2Input = z.output<typeof oauth2Schema>;
export type SessionInput = z.output<typeof sessionSchema>;
export type OAuth1Input = z.output<typeof oauth1Schema>;
