// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { z } from 'zod';
import { jwtSchema } from './jwt.js';
import { oauth1Schema, oauth2Schema, sessionSchema } from './oauth.js';
import { tokenHeader } from './token-header.js';
import { configuredText, placeKeys, secretText } from './values.js';

/** How requests are authenticated. */
export const authSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none') }).describe('No authentication.'),
    z
      .strictObject({
        type: z.literal('basic'),
        provider: z.enum(['twilio']).describe('Whose credentials they are: their form is checked.').optional(),
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
        provider: z.enum(['stripe']).describe('Whose key it is: its form is checked.').optional(),
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
    oauth2Schema,
    sessionSchema,
    oauth1Schema,
    jwtSchema,
  ])
  .meta({ id: 'Auth', description: 'How requests are authenticated.' });

/** Valid `auth`. */
export type AuthInput = z.output<typeof authSchema>;
