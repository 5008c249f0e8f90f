import { isNamedLines } from '../../../drivers/json/named-lines.js';
import type { DriverOptions } from '../../config/model.js';
import { errors } from '../../core/errors.js';
import { parseCsvSample } from '../sample/csv-sample.js';
import { parseJsonSample } from '../sample/json-sample.js';
import { isMap, type SampleValue } from '../sample/sample-value.js';
import type { Sample } from '../sample/sampler.js';
import { parseXml, type XmlElement } from '../sample/xml-tree.js';
import { findJsonRecords, findXmlRecords, selectJsonRecords, selectXmlRecords } from './find-records.js';

/** What a sample holds. */
export interface SampledRecords {
  readonly records: readonly SampleValue[];
  /** Where they stand; null where the format leaves no choice. */
  readonly selector: string | null;
  /** The page around the records: a JSON document, an XML root element; null for formats without. */
  readonly document: SampleValue | XmlElement;
  readonly isNdjson: boolean;
}

/** Records that are looked at: more would tell no more. */
const MOST_RECORDS = 20_000;

/** Reads the records of a sample; `selector` is the declared one, null: they are looked for. Throws HV000 for another format. */
export function readSample(sample: Sample, driver: DriverOptions, selector: string | null): SampledRecords {
  refuseHtml(sample, driver.type);
  const read = readFormat(sample, driver, selector);
  const cut = sample.isTruncated && read.records.length > 1 ? read.records.slice(0, -1) : read.records;
  return { ...read, records: cut.slice(0, MOST_RECORDS) };
}

function readFormat(sample: Sample, driver: DriverOptions, selector: string | null): SampledRecords {
  switch (driver.type) {
    case 'csv': {
      const records = parseCsvSample(sample.text, sample.isTruncated, driver, sample.name);
      return { records, selector: null, document: null, isNdjson: false };
    }
    case 'xml': {
      const root = parseXml(sample.text, sample.name);
      const found = selector === null ? findXmlRecords(root) : { selector, records: selectXmlRecords(root, selector) };
      if (found.records === null) throw missing(selector!, sample);
      return { records: found.records, selector: found.selector, document: root, isNdjson: false };
    }
    case 'json':
      return readJson(sample, driver.format, selector);
  }
}

function readJson(sample: Sample, format: 'auto' | 'json' | 'ndjson', selector: string | null): SampledRecords {
  const values = parseJsonSample(sample.text, sample.isTruncated, sample.name);
  const isNdjson = format === 'ndjson' || (format === 'auto' && (values.length > 1 || isNamedLines(sample)));
  if (isNdjson) {
    const path = selector ?? '$';
    return {
      records: values.flatMap((value) => selectJsonRecords(value, path, true) ?? []),
      selector: path,
      document: null,
      isNdjson,
    };
  }
  const document = values[0] ?? null;
  if (values.length === 0)
    throw errors.apiError('the sample is empty', { detail: sample.name, hint: 'Check the address.' });
  const found =
    selector === null ? findJsonRecords(document) : { selector, records: selectJsonRecords(document, selector, false) };
  if (found.records === null) throw missing(selector!, sample);
  return { records: found.records, selector: found.selector, document, isNdjson };
}

function missing(selector: string, sample: Sample): Error {
  return errors.apiError(`the sample has no "${selector}"`, {
    detail: sample.name,
    hint: 'Check "records", or leave it out to have the records looked for.',
  });
}

/** Login pages and error pages come with status 200 too. */
function refuseHtml(sample: Sample, driver: string): void {
  const isHtml = /^\s*(?:<!--[\s\S]{0,2000}?-->\s*)?<(?:!doctype\s+html|html[\s>])/i.test(sample.text.slice(0, 4096));
  if (!isHtml) return;
  const title = /<title[^>]*>([^<]{1,200})<\/title>/i
    .exec(sample.text.slice(0, 20_000))?.[1]
    ?.replace(/\s+/g, ' ')
    .trim();
  throw errors.apiError(
    `the answer is an HTML page, not ${driver.toUpperCase()}${title === undefined ? '' : `: "${title}"`}`,
    {
      detail: sample.name,
      hint: 'Use the address of the API itself; a login page means that authentication is missing.',
    },
  );
}

/** The document as a map of members; null for one that is none. */
export function documentMap(document: SampledRecords['document']): ReadonlyMap<string, SampleValue> | null {
  return isMap(document as SampleValue) ? (document as ReadonlyMap<string, SampleValue>) : null;
}
