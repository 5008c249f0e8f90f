import { z } from 'zod';
import { configuredText, filledText } from './values.js';

const status = z.int().min(100).max(599);

const whenSchema = z
  .strictObject({
    status: z
      .union([status, z.array(status).min(1)])
      .describe('HTTP status, or several.')
      .optional(),
    body_matches: filledText.describe("Regular expression for the body's first 64 KiB.").optional(),
    field_equals: z
      .strictObject({
        field: filledText.describe('JSONPath of one field of the page.').meta({ examples: ['$.status'] }),
        value: configuredText.describe('What it holds.'),
      })
      .describe('A field of a JSON body of at most 64 KiB.')
      .optional(),
  })
  .meta({ id: 'ErrorCondition', description: 'All conditions given must hold.' });

/** What answers mean that their status does not tell. */
export const errorRulesSchema = z
  .array(
    z.strictObject({
      when: whenSchema,
      do: z
        .enum(['fail', 'retry', 'ignore', 'stop', 'empty', 'refresh_token'])
        .describe(
          'fail: an error; retry: ask again; ignore: read the page all the same; stop: no page, and none after it; ' +
            'empty: a page without records; refresh_token: ask again with a new token.',
        ),
    }),
  )
  .meta({ id: 'ErrorRules', description: 'What answers mean; the first rule that fits holds, also for successes.' });
