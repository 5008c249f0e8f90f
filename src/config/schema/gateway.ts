// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { z } from 'zod';
import { filledText, positiveDuration, positiveInteger, secretText } from './values.js';

const userSchema = z
  .strictObject({
    password: secretText
      .describe('The password, or a SCRAM-SHA-256 verifier as PostgreSQL stores it.')
      .meta({ examples: ['${env:ANALYST_PASSWORD}'] }),
    dsns: z.union([z.literal('all'), z.array(filledText)]).describe('DSNs that the user may read, or all.'),
    admin: z.boolean().default(false).describe('The user sees the tidegate.* tables.'),
  })
  .meta({ id: 'User' });

/** `tidegate.yaml`. */
export const gatewaySchema = z
  .strictObject({
    listen: filledText
      .describe('Address and port for clients; not beyond loopback without users.')
      .meta({ examples: ['127.0.0.1:5488', '0.0.0.0:5432', '[::1]:5488'] })
      .optional(),
    tls: z
      .strictObject({
        cert: filledText.describe('PEM file with the certificate chain.'),
        key: filledText.describe('PEM file with the private key.'),
        required: z.boolean().default(false).describe('Refuse clients without TLS.'),
      })
      .meta({ id: 'Tls', description: 'Certificate of the gateway.' })
      .optional(),
    dsn: z
      .union([filledText, z.array(filledText).min(1)])
      .describe('DSN files and folders of them; ./dsn by default.')
      .optional(),
    users: z.record(z.string(), userSchema).describe('Users by name.').optional(),
    engine: z
      .strictObject({
        mode: z.enum(['embedded', 'external']).describe('external needs url.').optional(),
        data_dir: filledText
          .describe(
            'Data directory of the embedded engine; ~/.local/state/tidegate by default, /var/lib/tidegate for root.',
          )
          .optional(),
        bin_dir: filledText.describe('Folder of other PostgreSQL binaries.').optional(),
        url: secretText
          .describe('Connection URL of an external PostgreSQL 16 or newer.')
          .meta({ examples: ['${env:ENGINE_URL}'] })
          .optional(),
      })
      .meta({ id: 'Engine', description: 'The PostgreSQL behind the gateway.' })
      .optional(),
    tokens: z
      .strictObject({
        file: filledText.describe('The encrypted token store; ./.tidegate/tokens by default.').optional(),
        key: secretText
          .describe('Its key: 32 bytes in base64 or hex, or a passphrase; a key file beside it by default.')
          .meta({ examples: ['${env:TIDEGATE_TOKEN_KEY}'] })
          .optional(),
      })
      .meta({ id: 'Tokens', description: 'Where OAuth tokens are kept.' })
      .optional(),
    limits: z
      .strictObject({
        connections: z.int().min(1).max(10_000).default(200).describe('Clients at once.'),
        rows_per_scan: positiveInteger.describe('A scan with more rows is an error.').optional(),
        bytes_per_scan: positiveInteger.describe('A scan with more bytes is an error.').optional(),
        seconds_per_scan: z
          .number()
          .positive()
          .describe('A scan that works longer is an error; the time is not counted while its reader rests.')
          .optional(),
        pages_per_scan: positiveInteger.describe('A scan with more pages is an error.').optional(),
        cache_bytes: z
          .int()
          .min(0)
          .default(2 ** 30)
          .describe(
            'Size of all kept scans (see `cache` of a DSN); the least recently used make room. 0: none are kept.',
          ),
        statement_timeout: positiveDuration.describe('Longest time of a statement.').optional(),
      })
      .meta({ id: 'GatewayLimits', description: 'Limits of the gateway.' })
      .optional(),
    console: z
      .strictObject({
        listen: filledText
          .describe('Address and port of /metrics (Prometheus) and /healthz.')
          .meta({ examples: ['127.0.0.1:5489'] }),
      })
      .meta({ id: 'Console', description: 'Figures for monitoring; off unless set.' })
      .optional(),
    log: z
      .strictObject({
        level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
        format: z.enum(['json', 'pretty']).default('json').describe('pretty is for people.'),
      })
      .meta({ id: 'Log', description: 'What is logged to stderr.' })
      .optional(),
    allow_paths: z
      .array(filledText)
      .describe('Folders outside the DSN files\' own that "files" and "${file:…}" may read.')
      .optional(),
  })
  .meta({ title: 'Tidegate gateway settings', description: 'Settings of the gateway; all optional.' });

/** Valid gateway settings. */
export type GatewayInput = z.output<typeof gatewaySchema>;
