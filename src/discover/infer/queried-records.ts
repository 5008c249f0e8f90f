import { parseRecordsQuery, queryRecordTexts } from '../../../drivers/json/query-records.js';
import { parseJsonSample } from '../sample/json-sample.js';
import { isList, isMap, SampleNumber, type SampleValue } from '../sample/sample-value.js';

/** The records that a declared query path (`$..item`, `$.rows[?(@.type == 'x')]`) leads to; null for a plain path. */
export function queriedRecords(document: SampleValue, selector: string): readonly SampleValue[] | null {
  const path = parseRecordsQuery(selector);
  if (path === null) return null;
  return queryRecordTexts(jsonText(document), path).flatMap((text) => parseJsonSample(text, false, 'the sample'));
}

function jsonText(value: SampleValue): string {
  if (value instanceof SampleNumber) return value.text;
  if (isList(value)) return `[${value.map(jsonText).join(',')}]`;
  if (isMap(value))
    return `{${[...value].map(([key, member]) => `${JSON.stringify(key)}:${jsonText(member)}`).join(',')}}`;
  return JSON.stringify(value);
}
