import { z } from 'zod';
import { filledText, positiveInteger, valuePlace } from './values.js';

const stopSchema = z
  .array(
    z.union([
      z.enum(['empty_page', 'short_page']),
      z.strictObject({ has_more: filledText.describe('Field that is false on the last page.') }),
      z.strictObject({ total: filledText.describe('Field with the number of all records.') }),
      z.strictObject({ total_pages: filledText.describe('Field with the number of pages.') }),
      z.strictObject({ status: z.int().min(100).max(599).describe('HTTP status that ends the scan.') }),
      z.strictObject({ match: filledText.describe('Regular expression; a page that matches ends the scan.') }),
    ]),
  )
  .meta({ id: 'Stop', description: 'What ends the scan; the first that holds does.' });

const common = {
  size_parameter: filledText.describe('Parameter that takes the page size.').optional(),
  size: positiveInteger.describe('Records per page.').optional(),
  place: valuePlace.default('query').describe('Where parameter and size_parameter go.'),
  max_pages: positiveInteger.describe('The scan ends after so many pages, with a notice.').optional(),
  stop: stopSchema.optional(),
};
const parameter = filledText.describe('Parameter that takes the page number, the offset or the token.');
const counted = { parameter, ...common };
const pattern = filledText
  .describe(
    'Regular expression that finds it in the field, or in the whole page: its first group, or all of the match.',
  )
  .meta({ examples: ['[?&]cursor=([^&]+)'] })
  .optional();
const start = filledText
  .describe('Token of the first request; none by default.')
  .meta({ examples: ['*'] })
  .optional();
const concurrency = z.int().min(1).max(64).default(1).describe('Pages that are asked for at once; rows stay in order.');

/** How further pages are asked for. */
export const paginationSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none') }).describe('One page only.'),
    z
      .strictObject({
        type: z.literal('page'),
        ...counted,
        start: z.int().min(0).default(1).describe('Number of the first page.'),
        concurrency,
        step: positiveInteger.default(1).describe('Added for each page.'),
      })
      .describe('Numbered pages.'),
    z
      .strictObject({
        type: z.literal('offset'),
        ...counted,
        start: z.int().min(0).default(0).describe('First offset.'),
        concurrency,
        step: positiveInteger.describe('Added for each page; the page size by default.').optional(),
      })
      .describe('An offset counted in records.'),
    z
      .strictObject({
        type: z.literal('cursor'),
        ...counted,
        field: filledText
          .describe('Where the page has the next token.')
          .meta({ examples: ['$.next_cursor'] })
          .optional(),
        pattern,
        start,
      })
      .describe('A token in the page, sent back for the next one.'),
    z
      .strictObject({
        type: z.literal('next_url'),
        ...common,
        field: filledText
          .describe('Where the page has the next URL.')
          .meta({ examples: ['$.next', "$['@odata.nextLink']"] })
          .optional(),
        pattern,
      })
      .describe('The URL of the next page in the page.'),
    z.strictObject({ type: z.literal('link_header'), ...common }).describe('A Link header with rel="next" (RFC 8288).'),
    z
      .strictObject({
        type: z.literal('header_cursor'),
        ...counted,
        header: filledText.describe('Response header with the next token.'),
        pattern,
        start,
      })
      .describe('A token in a response header, sent back for the next page.'),
  ])
  .meta({ id: 'Pagination', description: 'How further pages are asked for.' });

/** Valid `pagination`. */
export type PaginationInput = z.output<typeof paginationSchema>;
