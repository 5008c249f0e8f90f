// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { z } from 'zod';
import { configuredText, duration, filledText, placeKeys, secretText } from './values.js';

const tokenHeader = {
  header: filledText.default('Authorization').describe('Header that carries the token.'),
  prefix: z.string().default('Bearer').describe('Text before the token; "" for none.'),
};

/** How requests are authenticated. */
export const authSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none') }).describe('No authentication.'),
    z
      .strictObject({
        type: z.literal('basic'),
        username: configuredText.describe('User name.'),
        password: z
          .string()
          .describe('Password.')
          .meta({ examples: ['${env:API_PASSWORD}'] }),
      })
      .describe('HTTP Basic (RFC 7617).'),
    z
      .strictObject({
        type: z.literal('bearer'),
        token: secretText.describe('The token.').meta({ examples: ['${env:API_TOKEN}'] }),
        ...tokenHeader,
      })
      .describe('A fixed bearer token (RFC 6750).'),
    z
      .strictObject({
        type: z.literal('api_key'),
        key: secretText.describe('The key.').meta({ examples: ['${env:API_KEY}'] }),
        ...placeKeys,
      })
      .describe('A key in one of query, path, header and body.'),
    z
      .strictObject({
        type: z.literal('oauth2'),
        grant: z.enum(['client_credentials']).describe('How the token is obtained.'),
        token_url: filledText.describe('Token endpoint of the authorization server.'),
        client_id: configuredText.describe('Client identifier.').meta({ examples: ['${env:CLIENT_ID}'] }),
        client_secret: secretText
          .describe('Client secret; not needed with client_auth: none.')
          .meta({ examples: ['${env:CLIENT_SECRET}'] })
          .optional(),
        client_auth: z
          .enum(['basic', 'body', 'none'])
          .default('basic')
          .describe('How the client authenticates at the token endpoint.'),
        scopes: z.array(filledText).default([]).describe('Scopes to ask for.'),
        scope_separator: z.string().default(' ').describe('Text between two scopes.'),
        audience: filledText.describe('Audience parameter of the token request.').optional(),
        resource: filledText.describe('Resource parameter of the token request (RFC 8707).').optional(),
        extra_token_parameters: z
          .record(z.string(), configuredText)
          .default({})
          .describe('More form parameters of the token request.'),
        extra_token_headers: z
          .record(z.string(), configuredText)
          .default({})
          .describe('More headers of the token request.'),
        renew_before: duration.default('60s').describe('How long before its end a token is renewed.'),
        ...tokenHeader,
      })
      .describe('OAuth 2.0 (RFC 6749).'),
  ])
  .meta({ id: 'Auth', description: 'How requests are authenticated.' });

/** Valid `auth`. */
export type AuthInput = z.output<typeof authSchema>;
