// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { z } from 'zod';
import { JWT_ALGORITHMS } from '../model.js';
import { tokenHeader } from './token-header.js';
import { configuredText, filledText, positiveDuration, secretText } from './values.js';

/** `auth: { type: jwt, … }`. */
export const jwtSchema = z
  .strictObject({
    type: z.literal('jwt'),
    algorithm: z.enum(JWT_ALGORITHMS).describe('How it is signed: HS with a secret, RS and ES with a private key.'),
    secret: secretText
      .describe('Shared secret for HS256, HS384 and HS512.')
      .meta({ examples: ['${env:JWT_SECRET}'] })
      .optional(),
    secret_encoding: z
      .enum(['text', 'base64', 'hex'])
      .default('text')
      .describe('How the secret is written: text stands for its own bytes.'),
    private_key: secretText
      .describe('PEM private key, or a Google service account file, for RS256, RS384, RS512 and ES256.')
      .meta({ examples: ['${file:./key.pem}'] })
      .optional(),
    key_id: filledText.describe('Header kid.').optional(),
    issuer: configuredText.describe("Claim iss; a service account file's own by default.").optional(),
    subject: configuredText.describe('Claim sub.').optional(),
    audience: filledText.describe('Claim aud.').optional(),
    lifetime: positiveDuration.default('5m').describe('How long a token is valid; a new one is signed before its end.'),
    claims: z
      .record(z.string(), configuredText)
      .default({})
      .describe('More claims; numbers and booleans that are written as such stay so.'),
    ...tokenHeader,
    query: filledText.describe('Query parameter that carries the token, in the place of a header.').optional(),
  })
  .describe('A JWT that the gateway signs itself and sends as the token (RFC 7519).');

/** Valid `auth` of this type. */
export type JwtInput = z.output<typeof jwtSchema>;
