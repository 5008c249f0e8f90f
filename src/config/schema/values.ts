import { z } from 'zod';
import { parseDuration } from '../duration.js';

/** A text that may hold `${env:…}` or `${file:…}`; numbers and booleans are taken as they are written. */
export const configuredText = z.union([z.string(), z.number(), z.boolean()]);

/** A secret: a text that is never printed. */
export const secretText = z.string().min(1);

/** A text that must say something. */
export const filledText = z.string().min(1);

/** `500ms`, `30s`, `5m`, `1h`. */
export const duration = z
  .string()
  .refine((text) => parseDuration(text) !== null, { error: 'expected a duration' })
  .meta({ examples: ['500ms', '30s', '5m', '1h'] });

/** A duration that is not zero. */
export const positiveDuration = duration.refine((text) => parseDuration(text) !== 0, {
  error: 'expected a duration longer than 0',
});

/** One ASCII character, or nothing for none of it. */
export const characterOrNone = z.string().refine((text) => /^[^\r\n\0\u0080-\uffff]?$/.test(text), {
  error: 'expected a single character, or "" for none',
});

/** A few characters, such as a delimiter. */
export const fewCharacters = z.string().refine((text) => /^[^\r\n\0]{1,16}$/.test(text), {
  error: 'expected one to sixteen characters without a line break',
});

/** 1, 2, 3, … */
export const positiveInteger = z.int().positive();

/** Names and texts; null takes away what the DSN says. */
export const mergedTexts = z.record(z.string(), configuredText.nullable());

/** Where a value goes in a request. */
export const valuePlace = z.enum(['query', 'path', 'header', 'body']);

/** The four keys of which exactly one says where a value goes, and under which name. */
export const placeKeys = {
  query: filledText.describe('Query parameter that takes the value.').optional(),
  path: filledText.describe('Placeholder {name} of the path or url that takes the value.').optional(),
  header: filledText.describe('Request header that takes the value.').optional(),
  body: filledText
    .describe('Where the value goes in the body: a JSONPath ($.a.b) in a JSON body, a field name in a form.')
    .optional(),
};
