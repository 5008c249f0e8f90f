// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { z } from 'zod';
import { configuredText, filledText } from './values.js';

/** `metadata` of an `auth` that obtains tokens. */
export const metadataSchema = z
  .strictObject({
    url: filledText
      .describe("Address asked once with the token; without it the values are in the token's own answer.")
      .meta({ examples: ['https://login.mailchimp.com/oauth2/metadata'] })
      .optional(),
    header: filledText.describe('Header that carries the token there; Authorization by default.').optional(),
    prefix: z.string().describe('Text before the token there; Bearer by default.').optional(),
    list: filledText
      .describe('Where the answer has a list of which one entry counts, such as $.accounts; $ for the answer itself.')
      .optional(),
    where: z.record(z.string(), configuredText).describe('Which entry of the list: fields and their texts.').optional(),
    field: filledText
      .describe('Where the one value is; ${auth:NAME} goes by the last name of the path.')
      .meta({ examples: ['$.api_endpoint'] })
      .optional(),
    fields: z.record(z.string(), filledText).describe('Where several values are, by name.').optional(),
  })
  .meta({ id: 'Metadata', description: 'What a login tells besides the token, for ${auth:NAME} in requests.' });

/** Valid `metadata`. */
export type MetadataInput = z.output<typeof metadataSchema>;
