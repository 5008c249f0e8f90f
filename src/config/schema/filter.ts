import { z } from 'zod';
import { FILTER_OPERATORS } from '../model.js';
import { configuredText, filledText, placeKeys, positiveInteger } from './values.js';

/** A condition that the API itself applies. */
export const filterSchema = z
  .strictObject({
    operators: z.array(z.enum(FILTER_OPERATORS)).min(1).default(['=']).describe('Operators that the API applies.'),
    required: z
      .boolean()
      .describe('The API needs the filter. False by default, true for a filter in the path.')
      .optional(),
    exact: z.boolean().default(true).describe("False where the API's condition is only roughly the SQL one."),
    ...placeKeys,
    format: filledText
      .describe('How dates and times are sent.')
      .meta({ examples: ['rfc3339', 'unix', 'unix_ms', 'rfc2822'] })
      .optional(),
    template: z
      .union([filledText, z.partialRecord(z.enum(FILTER_OPERATORS), filledText)])
      .describe('What is sent, made of {value}, {operator}, {column} and {field}; one text, or one for each operator.')
      .meta({ examples: ["{field} {operator} '{value}'"] })
      .optional(),
    values: z.record(z.string(), configuredText).describe('What is sent instead of a value.').optional(),
    separator: z.string().describe('Text between the values of an IN list that one request takes.').optional(),
    batch: positiveInteger.describe('Most values in one such list.').optional(),
    max: positiveInteger
      .describe('Most values of a list or of a joined table that the API is asked for where it need not be.')
      .optional(),
  })
  .meta({ id: 'Filter' });

/** A valid filter. */
export type FilterInput = z.output<typeof filterSchema>;

/** Where LIMIT goes. */
export const limitSchema = z
  .strictObject({ ...placeKeys, max: positiveInteger.describe('Largest limit that the API takes.').optional() })
  .meta({ id: 'Limit', description: 'Parameter that takes the number of rows wanted.' });

/** Another endpoint for one value of a column. */
export const lookupSchema = z
  .strictObject({
    filter: filledText.describe('Column whose value the path takes.'),
    path: filledText
      .describe('Appended to base_url; the column in braces is the value.')
      .meta({ examples: ['/orders/{id}'] }),
    records: filledText.describe('Where the record is in the answer; the whole document by default.').optional(),
    max: positiveInteger.default(10).describe('Most values that are asked for one by one; 10 by default.'),
  })
  .meta({ id: 'Lookup', description: 'The endpoint that is asked when one value of a column is given.' });
