import { z } from 'zod';
import { duration } from './values.js';

/** How the rows of a table's scans are kept for later statements. */
export const cacheSchema = z
  .strictObject({
    ttl: duration.describe('How long the rows of a scan serve other statements; 0s: not at all.'),
    stale_if_error: duration
      .default('0s')
      .describe(
        'How long after that they still serve, with a warning, while the API fails (5xx, timeout, no connection).',
      ),
    revalidate: z
      .boolean()
      .default(true)
      .describe('Whether the API is asked by ETag or Last-Modified if rows that are over their time have changed.'),
    reuse: z
      .enum(['narrower', 'equal'])
      .default('narrower')
      .describe('equal: rows serve only scans with the same filters, for APIs that show less without a filter.'),
    columns: z
      .enum(['needed', 'all'])
      .default('needed')
      .describe('all: a scan reads every column, so that it serves statements over other columns too.'),
  })
  .meta({ id: 'Cache', description: 'How long the rows of a scan are kept and shared by all sessions.' });
