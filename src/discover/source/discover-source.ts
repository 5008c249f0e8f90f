// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import type { DriverOptions } from '../../config/model.js';
import { errors, GatewayError } from '../../core/errors.js';
import { guessDriver } from '../infer/find-records.js';
import { type InferredColumns, inferColumns } from '../infer/infer-columns.js';
import { readSample, type SampledRecords } from '../infer/read-sample.js';
import { guessDelimiter } from '../sample/csv-sample.js';
import { isMap, scalarText } from '../sample/sample-value.js';
import { type Sample, Sampler } from '../sample/sampler.js';
import { type ProbeTarget, probeTable } from './probe-table.js';
import { type ReadPage, recognisePagination } from './recognise-pagination.js';

/** A table as a DSN file has it, without the place of its data. */
export interface DiscoveredTable {
  readonly keys: Readonly<Record<string, unknown>>;
  /** Parameters of the request that the paginator sets itself. */
  readonly pagingParameters: ReadonlySet<string>;
  readonly recordCount: number;
}

const MAX_DESCRIPTION_CHARACTERS = 64 * 1024 * 1024;

/** Fetches the target's first page. A description of an API is read to its end. */
export async function fetchTarget(target: ProbeTarget, signal: AbortSignal): Promise<Sample> {
  const sample = await takeOnce(target, signal);
  if (!sample.isTruncated || !isDescription(sample.text)) return sample;
  return await takeOnce(target, signal, MAX_DESCRIPTION_CHARACTERS);
}

/** Whether a text begins like an OpenAPI or Swagger description. */
export function isDescription(text: string): boolean {
  return /^(?:\uFEFF)?\s*(?:#[^\n]*\n\s*|---\s*)*\{?[\s\S]{0,2000}?(?:^|[\s{,])["']?(?:openapi|swagger)["']?\s*:\s*["']?[123]\.\d/.test(
    text.slice(0, 4096),
  );
}

async function takeOnce(target: ProbeTarget, signal: AbortSignal, maxCharacters?: number): Promise<Sample> {
  const sampler = new Sampler(null, maxCharacters);
  try {
    return await sampler.take(await probeTable(target), new Map(), signal);
  } catch (error) {
    throw withHintOfTheCommand(error, target);
  } finally {
    await sampler.close();
  }
}

/** A hint that speaks of the DSN that asks helps nobody where there is none yet. */
function withHintOfTheCommand(error: unknown, { url }: ProbeTarget): unknown {
  if (url === null || !(error instanceof GatewayError) || error.hint?.includes('"discover') !== true) return error;
  return new GatewayError(error.sqlstate, error.message, {
    detail: error.detail,
    hint: "Check the address; what the API wants to know of you goes into --header, such as --header 'Authorization: Bearer ${env:API_TOKEN}'.",
    cause: error,
  });
}

/** What a page shows of a table. `records`: where its records are; null: they are looked for. Throws HV000 without any. */
export async function discoverTable(
  target: ProbeTarget,
  sample: Sample,
  records: string | null,
  signal: AbortSignal,
): Promise<DiscoveredTable> {
  const driver = driverOf(target, sample);
  const read = readSample(sample, driver, records);
  if (read.records.length === 0) {
    throw errors.apiError('the sample has no records, so it shows no columns', {
      detail: sample.name,
      hint: 'Ask for a list that is not empty, or say with --records where the records are.',
    });
  }
  const columns = inferColumns(read.records, driver.type);
  const key = certainKey(read, columns);
  const pagination =
    target.url === null ? null : await findPagination(target, driver, { sample, read }, records, signal);
  return {
    keys: {
      ...driverKeys(driver, read),
      ...(read.selector === null || (read.isNdjson && read.selector === '$') ? {} : { records: read.selector }),
      ...(pagination === null ? {} : { pagination }),
      ...(key === null ? {} : { primary_key: [key] }),
      columns,
    },
    pagingParameters: new Set(
      [pagination?.parameter, pagination?.size_parameter].filter((name): name is string => typeof name === 'string'),
    ),
    recordCount: read.records.length,
  };
}

function driverOf(target: ProbeTarget, sample: Sample): DriverOptions {
  const type = guessDriver(sample.contentType, target.file ?? target.url ?? '', sample.text);
  switch (type) {
    case 'json':
      return { type, format: 'auto', encoding: null };
    case 'xml':
      return { type, namespaces: new Map(), encoding: null };
    case 'csv': {
      const delimiter = guessDelimiter(sample.text);
      const dialect = { quote: '"', escape: '"', header: true, skipLines: 0, comment: null, ragged: 'error' } as const;
      return { type, delimiter, ...dialect, encoding: null };
    }
  }
}

function driverKeys(driver: DriverOptions, read: SampledRecords): Readonly<Record<string, unknown>> {
  if (driver.type === 'json') return read.isNdjson ? { format: 'ndjson' } : {};
  if (driver.type === 'csv' && driver.delimiter !== ',') return { driver: 'csv', delimiter: driver.delimiter };
  return { driver: driver.type };
}

/** A column `id` that every sampled record has, each another value: anything else may be chance. */
function certainKey({ records }: SampledRecords, columns: InferredColumns): string | null {
  const column = columns.id;
  if (column === undefined || records.length < 2) return null;
  const field = typeof column === 'string' ? 'id' : column.field.replace(/^\$\./, '');
  const values = records.map((record) => (isMap(record) ? scalarText(record.get(field)) : null));
  return values.includes(null) || new Set(values).size < values.length ? null : 'id';
}

async function findPagination(
  target: ProbeTarget,
  driver: DriverOptions,
  page: ReadPage,
  records: string | null,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | null> {
  return await recognisePagination(page, target.query, async (changes) => {
    try {
      const sample = await takeOnce(
        { ...target, query: new Map([...target.query, ...Object.entries(changes)]) },
        signal,
      );
      return { sample, read: readSample(sample, driver, records ?? page.read.selector) };
    } catch (error) {
      signal.throwIfAborted();
      // The API does not take the parameter, which is an answer too.
      return error instanceof Error ? null : Promise.reject(error);
    }
  });
}
