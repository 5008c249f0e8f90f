import { z } from 'zod';
import { authSchema } from './auth.js';
import { cacheSchema } from './cache.js';
import { columnSchema } from './column.js';
import { errorRulesSchema } from './error-rules.js';
import { filterSchema, limitSchema, lookupSchema } from './filter.js';
import { paginationSchema } from './pagination.js';
import { countSchema, includeSchema, orderBySchema, selectSchema } from './push-down.js';
import {
  characterOrNone,
  configuredText,
  fewCharacters,
  filledText,
  mergedTexts,
  positiveDuration,
  positiveInteger,
} from './values.js';

const headerName = filledText.regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'expected the name of a header');

const retrySchema = z
  .strictObject({
    attempts: z.int().min(1).max(100).default(5).describe('Tries, the first included.'),
    backoff: z.enum(['exponential', 'constant']).default('exponential').describe('How waits grow.'),
    statuses: z
      .array(z.int().min(100).max(599))
      .default([429, 502, 503, 504])
      .describe('HTTP statuses that are tried again.'),
    wait_header: headerName.describe('Response header with the seconds to wait, besides Retry-After.').optional(),
    reset_header: headerName
      .describe('Response header with the time of the next try: UNIX seconds or ms, seconds from now, or a date.')
      .meta({ examples: ['X-RateLimit-Reset'] })
      .optional(),
    remaining_header: headerName
      .describe(
        'Response header with the requests that are left; at 0 none is sent before the reset. Needs reset_header.',
      )
      .meta({ examples: ['X-RateLimit-Remaining'] })
      .optional(),
  })
  .meta({ id: 'Retry', description: 'When a request is tried again.' });

const requestLimitsSchema = z
  .strictObject({
    requests_per_second: z.number().positive().describe('Rate that requests keep to.').optional(),
    burst: positiveInteger.describe('Requests that may go out at once; needs requests_per_second.').optional(),
    concurrency: positiveInteger.describe('Requests that may be under way at once.').optional(),
  })
  .meta({ id: 'RequestLimits', description: "How fast the API may be asked; a table's hold besides its DSN's." });

const tlsSchema = z
  .strictObject({
    ca: filledText
      .describe('Certificates of further authorities to trust: a PEM file, or the text itself.')
      .meta({ examples: ['./ca.pem'] })
      .optional(),
    cert: filledText.describe("The gateway's own certificate for this API: a PEM file, or the text.").optional(),
    key: filledText.describe('Its private key: a PEM file, or the text.').optional(),
    passphrase: filledText.describe('Of an encrypted private key.').optional(),
    min_version: z
      .enum(['1.2', '1.3'])
      .describe('Oldest version of TLS to accept, in quotes; "1.2" by default.')
      .optional(),
    insecure: z.boolean().default(false).describe("True: the server's certificate is not checked. For tests only."),
  })
  .meta({ id: 'ClientTls', description: 'TLS towards the API.' });

/** Options that belong to one driver each, as flat keys. */
export const driverKeys = {
  format: z.enum(['auto', 'json', 'ndjson']).describe('json: one document, or one per line.').optional(),
  delimiter: fewCharacters.describe('csv: what stands between fields; "," by default.').optional(),
  quote: characterOrNone.describe("csv: quotation mark; '\"' by default, '' if fields are never quoted.").optional(),
  escape: characterOrNone
    .describe('csv: character before a quotation mark in a field; the mark itself by default.')
    .optional(),
  header: z.boolean().describe('csv: the first row holds the names; true by default.').optional(),
  skip_lines: z.int().min(0).describe('csv: lines to skip at the start.').optional(),
  comment: fewCharacters.describe('csv: lines that start with it are skipped.').optional(),
  ragged: z.enum(['error', 'pad']).describe('csv: what a row with too few fields does.').optional(),
  namespaces: z.record(z.string(), filledText).describe('xml: namespace URIs by the prefix used in paths.').optional(),
  encoding: filledText
    .describe('Character encoding; otherwise what the data itself says.')
    .meta({ examples: ['utf-8', 'windows-1252', 'iso-8859-15', 'utf-16le'] })
    .optional(),
};

/** Keys of the DSN that each table may override. */
const overridableKeys = {
  driver: z.enum(['json', 'xml', 'csv']).describe('Format of the pages; json by default.').optional(),
  base_url: filledText
    .describe('What paths are appended to.')
    .meta({ examples: ['https://api.example.com/v2'] })
    .optional(),
  auth: authSchema.optional(),
  headers: mergedTexts.describe('Request headers, merged with those of the DSN; null removes one.').optional(),
  query: mergedTexts.describe('Query parameters, merged with those of the DSN; null removes one.').optional(),
  limits: requestLimitsSchema.optional(),
  retry: retrySchema.optional(),
  errors: errorRulesSchema.optional(),
  cache: cacheSchema.optional(),
  compression: z
    .enum(['auto', 'none', 'gzip', 'deflate', 'br', 'zip'])
    .describe('How pages are packed, besides what HTTP itself undoes; auto: as name and type show.')
    .optional(),
  entry: filledText
    .describe('Name or pattern of the entry in a zip; its only one by default.')
    .meta({ examples: ['*.csv'] })
    .optional(),
  timeout: positiveDuration.describe('For one response, and between two parts of it; 30s by default.').optional(),
  total_timeout: positiveDuration
    .describe('For a whole response, the time not counted while its reader rests; unlimited by default.')
    .optional(),
  max_body_bytes: positiveInteger.describe('Most decompressed bytes of one response; more are an error.').optional(),
  idempotent: z
    .boolean()
    .describe('Whether a POST or PATCH only reads, so that it may be sent again after any failure; false by default.')
    .optional(),
  proxy: filledText
    .describe('URL of a proxy, or none; as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say by default.')
    .meta({ examples: ['http://proxy.example.com:3128', 'none'] })
    .optional(),
  tls: tlsSchema.optional(),
  http_version: z
    .enum(['auto', '1.1'])
    .describe('"1.1", in quotes: HTTP/2 is not used; auto, the default: where the server offers it.')
    .optional(),
  pagination: paginationSchema.optional(),
  allow_link_local: z
    .boolean()
    .describe('Whether link-local addresses and metadata services may be asked; false by default.')
    .optional(),
  allow_origins: z
    .array(filledText)
    .describe('Origins besides its own that page links and redirects may lead to.')
    .meta({ examples: [['https://files.example.com']] })
    .optional(),
  records_missing: z.enum(['error', 'empty']).describe('What a page without the records does.').optional(),
  filter_separator: z.string().describe('Text between filters that share a parameter; " and " by default.').optional(),
  ...driverKeys,
};

const bodySchema = z
  .strictObject({
    json: z.json().describe('Sent as application/json.').optional(),
    form: z.record(z.string(), configuredText).describe('Sent as a form.').optional(),
    text: z.string().describe('Sent as it is.').optional(),
    xml: z.string().describe('Sent as XML.').optional(),
  })
  .meta({ id: 'Body', description: 'Request body: one of json, form, text and xml.' });

const tableSchema = z
  .strictObject({
    description: z.string().describe('Shown by clients as the comment of the table.').optional(),
    path: filledText.describe('Appended to base_url; {name} is filled by a filter or the paginator.').optional(),
    url: filledText.describe('Absolute URL, instead of base_url and path.').optional(),
    files: z
      .union([filledText, z.array(filledText).min(1)])
      .describe("Files or glob patterns below the DSN file's folder, instead of an API.")
      .meta({ examples: ['./data/orders-*.json.gz'] })
      .optional(),
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH']).describe('GET by default.').optional(),
    body: bodySchema.optional(),
    records: filledText
      .describe('Where the records are: a JSONPath, or an XML path.')
      .meta({ examples: ['$.data[*]', '/orders/order'] })
      .optional(),
    primary_key: z.array(filledText).min(1).describe('Columns that identify a row.').optional(),
    columns: z
      .record(z.string(), columnSchema)
      .describe('Columns by name; inferred from a sample by default, and with infer: true those that are not declared.')
      .optional(),
    infer: z
      .boolean()
      .describe('Whether a sample adds the columns that are not declared; true for a table without columns.')
      .optional(),
    sample: z
      .record(z.string(), configuredText)
      .describe('Values of required filters for the sample that the columns are inferred from, by column.')
      .meta({ examples: [{ order_id: 1 }] })
      .optional(),
    filters: z.record(z.string(), filterSchema).describe('What the API filters by, by column.').optional(),
    limit: limitSchema.optional(),
    order_by: orderBySchema.optional(),
    select: selectSchema.optional(),
    include: includeSchema.optional(),
    count: countSchema.optional(),
    rows: positiveInteger
      .describe('About how many rows the API has: whether asking for some of them saves requests.')
      .optional(),
    lookup: lookupSchema.optional(),
    ...overridableKeys,
  })
  .meta({ id: 'Table' });

const viewSchema = z
  .strictObject({
    sql: filledText.describe('A SELECT statement.'),
    description: z.string().describe('Shown by clients as the comment of the view.').optional(),
  })
  .meta({ id: 'View' });

/** A DSN file. */
export const dsnSchema = z
  .strictObject({
    dsn: filledText.describe("Name of the SQL schema; the file's name by default.").optional(),
    description: z.string().describe('Shown by clients as the comment of the schema.').optional(),
    type: z.enum(['rest', 'odata']).describe('odata: the tables are what the service at "url" describes.').optional(),
    url: filledText
      .describe('Address of an OData service, below which it has $metadata.')
      .meta({ examples: ['https://services.odata.org/V4/Northwind/Northwind.svc'] })
      .optional(),
    expand: z
      .record(z.string(), z.array(filledText).min(1))
      .describe('OData: by entity set, navigation properties whose properties become columns too.')
      .meta({ examples: [{ Orders: ['Customer'] }] })
      .optional(),
    entity_sets: z.array(filledText).min(1).describe('OData: the sets to make tables of; all by default.').optional(),
    ...overridableKeys,
    tables: z.record(z.string(), tableSchema).describe('Virtual tables by name.').optional(),
    views: z.record(z.string(), viewSchema).describe('SQL views by name.').optional(),
  })
  .meta({ title: 'Tidegate DSN file', description: 'One data source: its API and the tables made of it.' });

/** A valid DSN file. */
export type DsnInput = z.output<typeof dsnSchema>;
/** A valid table. */
export type TableInput = z.output<typeof tableSchema>;
/** The keys that a table takes from its DSN. */
export type OverridableKey = keyof typeof overridableKeys;
