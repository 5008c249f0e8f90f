import { z } from 'zod';
import { filledText, placeKeys } from './values.js';

/** How the API sorts. */
export const orderBySchema = z
  .strictObject({
    ...placeKeys,
    columns: z.array(filledText).min(1).describe('Columns that the API can sort by.'),
    template: filledText
      .describe('One key, made of {field}, {column} and {direction} (asc, desc); "{field}" by default.')
      .meta({ examples: ['{field}:{direction}', '{field} {direction}'] })
      .optional(),
    descending: filledText
      .describe('The template of a descending key, where it is another one.')
      .meta({ examples: ['-{field}'] })
      .optional(),
    direction_parameter: filledText
      .describe('Parameter beside it that takes asc or desc, of APIs that sort by one key.')
      .meta({ examples: ['direction'] })
      .optional(),
    separator: z.string().min(1).describe('Text between several keys; without it the API takes one.').optional(),
    nulls: z
      .enum(['first', 'last', 'low', 'high'])
      .describe(
        'Where NULLs come: first, last, or as the lowest or highest value. Without it only columns that are never NULL are sorted by the API.',
      )
      .optional(),
    collation: z
      .enum(['C'])
      .describe(
        'C: the API sorts texts by code point, as the engine does. Without it texts are sorted by the engine alone.',
      )
      .optional(),
  })
  .meta({ id: 'OrderBy', description: 'How ORDER BY with LIMIT is handed to the API.' });

/** How the API is asked for fields. */
export const selectSchema = z
  .strictObject({
    ...placeKeys,
    separator: z.string().min(1).default(',').describe('Text between the fields; "," by default.'),
  })
  .meta({ id: 'Select', description: 'Parameter that takes the names of the fields wanted.' });

/** How the API is asked for entities that records point to. */
export const includeSchema = z
  .strictObject({
    ...placeKeys,
    separator: z.string().min(1).default(',').describe('Text between several; "," by default.'),
    template: filledText
      .describe('One of them, made of {name} and {fields}, the fields wanted of it; "{name}" by default.')
      .meta({ examples: ['{name}($select={fields})'] })
      .optional(),
  })
  .meta({ id: 'Include', description: 'Parameter that takes the names of what columns need with "include".' });

/** Where the number of rows is. */
export const countSchema = z
  .strictObject({
    field: filledText
      .describe('Field of the answer that holds the number of rows.')
      .meta({ examples: ['$.total'] })
      .optional(),
    header: filledText
      .describe('Response header that holds it.')
      .meta({ examples: ['X-Total-Count'] })
      .optional(),
    path: filledText
      .describe("Another endpoint that is asked, with the same filters; the table's own by default.")
      .meta({ examples: ['/orders/count'] })
      .optional(),
  })
  .meta({ id: 'Count', description: 'Where count(*) is answered without reading the rows.' });
