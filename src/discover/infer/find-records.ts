import type { DriverOptions } from '../../config/model.js';
import { isList, isMap, type SampleMap, type SampleValue } from '../sample/sample-value.js';
import type { XmlElement } from '../sample/xml-tree.js';
import { jsonPath } from './field-path.js';
import { OWN_TEXT } from './infer-elements.js';
import { queriedRecords } from './queried-records.js';

/** Where a page has its records, as `records` writes it, and the sampled ones. */
export interface FoundRecords {
  readonly selector: string;
  readonly records: readonly SampleValue[];
}

/** Names that APIs give to their list of records, the most usual first. */
const USUAL_NAMES = ['data', 'items', 'results', 'records', 'value', 'rows', 'entries', 'list', 'content', 'result'];
/** How deep a list of records may stand. */
const MAX_DEPTH = 4;
/** An object with so many plain members beside its lists is itself a record. */
const MOST_PLAIN_MEMBERS = 8;

interface Candidate extends FoundRecords {
  readonly depth: number;
  readonly isUsual: boolean;
}

/** Finds the list of records of a JSON document: the shallowest, of several the one with a usual name or else the longest. */
export function findJsonRecords(document: SampleValue): FoundRecords {
  const whole = { selector: '$', records: [document] };
  if (isList(document)) return { selector: '$[*]', records: document };
  if (!isMap(document)) return whole;
  const candidates: Candidate[] = [];
  collect(document, [], candidates);
  const best = candidates.sort(
    (a, b) => a.depth - b.depth || Number(b.isUsual) - Number(a.isUsual) || b.records.length - a.records.length,
  )[0];
  if (best === undefined) return whole;
  const plain = [...document.values()].filter((value) => !isList(value) && !isMap(value)).length;
  return plain > MOST_PLAIN_MEMBERS && !best.isUsual ? whole : best;
}

function collect(map: SampleMap, path: readonly string[], candidates: Candidate[]): void {
  for (const [key, value] of map) {
    const place = [...path, key];
    const isUsual = USUAL_NAMES.includes(key.toLowerCase());
    if (isList(value)) {
      if (value.some(isMap) || (isUsual && value.length === 0)) {
        candidates.push({ selector: `${jsonPath(place)}[*]`, records: value, depth: place.length, isUsual });
      }
    } else if (isMap(value) && place.length < MAX_DEPTH) collect(value, place, candidates);
  }
}

/**
 * The records that a declared selector leads to, as the driver reads it; null where the sample does not have it. `isLine`: the
 * document is a line of NDJSON.
 */
export function selectJsonRecords(
  document: SampleValue,
  selector: string,
  isLine: boolean,
): readonly SampleValue[] | null {
  const queried = queriedRecords(document, selector);
  if (queried !== null) return queried;
  let values: readonly SampleValue[] = [document];
  const steps = selector.match(/\[\*\]|\[\d+\]|\[(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]|[^.[\]$]+/gu) ?? [];
  for (const step of steps) {
    values = values.flatMap((value): readonly SampleValue[] => {
      if (step === '[*]') return isList(value) ? value : [];
      if (/^\[\d+\]$/.test(step))
        return isList(value) ? value.slice(Number(step.slice(1, -1)), Number(step.slice(1, -1)) + 1) : [];
      const key = step.startsWith('[') ? step.slice(2, -2).replace(/\\(.)/gsu, '$1') : step;
      const member = isMap(value) ? value.get(key) : undefined;
      return member === undefined ? [] : [member];
    });
    if (values.length === 0) return step === '[*]' ? [] : null;
  }
  // An array at the end of the path stands for its elements, null for none; a line is a record whatever it is.
  if (steps.at(-1) === '[*]' || (isLine && steps.length === 0)) return values;
  return values.flatMap((value) => (isList(value) ? value : value === null ? [] : [value]));
}

/** The element that repeats most often, the shallowest first; without any, the root's own content. */
export function findXmlRecords(root: XmlElement): FoundRecords {
  let level: readonly { readonly element: XmlElement; readonly path: string }[] = [
    { element: root, path: `/${root.name}` },
  ];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    let best: { readonly count: number; readonly path: string } | null = null;
    for (const { element, path } of level) {
      for (const [name, count] of countNames(element)) {
        if (count > 1 && (best === null || count > best.count)) best = { count, path: `${path}/${name}` };
      }
    }
    if (best !== null) return { selector: best.path, records: selectXmlRecords(root, best.path) ?? [] };
    level = level.flatMap(({ element, path }) =>
      element.children.map((child) => ({ element: child, path: `${path}/${child.name}` })),
    );
  }
  // One record only: `<Orders><Order>…</Order></Orders>` has its elements two levels above its values.
  const only = root.children.length === 1 && root.children[0]!.children.length > 0 ? root.children[0]! : null;
  const selector = only === null ? `/${root.name}` : `/${root.name}/${only.name}`;
  return { selector, records: selectXmlRecords(root, selector) ?? [] };
}

/** The elements that a declared path leads to; null where the sample does not have it. */
export function selectXmlRecords(root: XmlElement, selector: string): readonly SampleValue[] | null {
  const [first, ...rest] = selector
    .split('/')
    .slice(1)
    .map((step) => step.slice(step.indexOf(':') + 1));
  if (first !== root.name && first !== '*') return null;
  let elements: readonly XmlElement[] = [root];
  for (const step of rest) {
    elements = elements.flatMap(({ children }) => children.filter(({ name }) => step === '*' || name === step));
  }
  return elements.map(toRecord);
}

function countNames(element: XmlElement): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { name } of element.children) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** An element as a record: attributes are `@name`, repeated children lists, elements without structure their text. */
function toRecord(element: XmlElement): SampleMap {
  const record = new Map<string, SampleValue>();
  for (const [name, value] of element.attributes) if (name !== 'xmlns' && name !== 'nil') record.set(`@${name}`, value);
  const counts = countNames(element);
  for (const child of element.children) {
    const value = toValue(child);
    if (counts.get(child.name)! === 1) record.set(child.name, value);
    else record.set(child.name, [...((record.get(child.name) as SampleValue[] | undefined) ?? []), value]);
  }
  if (element.text !== '' || record.size === 0) record.set(OWN_TEXT, element.text);
  return record;
}

function toValue(element: XmlElement): SampleValue {
  if (element.attributes.get('nil') === 'true') return null;
  const attributes = [...element.attributes.keys()].filter((name) => name !== 'xmlns' && name !== 'nil');
  if (attributes.length > 0 || element.children.length > 0) return toRecord(element);
  return element.text === '' ? null : element.text;
}

/** The driver that reads a page like this. */
export function guessDriver(contentType: string | null, name: string, text: string): DriverOptions['type'] {
  const type = contentType?.toLowerCase() ?? '';
  const path = name
    .toLowerCase()
    .replace(/[?#].*$/s, '')
    .replace(/\.(?:gz|br|zip)$/, '');
  if (/json/.test(type) || /\.(?:json|ndjson|jsonl)$/.test(path)) return 'json';
  if (/csv|tab-separated/.test(type) || /\.(?:csv|tsv)$/.test(path)) return 'csv';
  const start = text.trimStart()[0];
  if (start === '<') return 'xml';
  return start === '{' || start === '[' ? 'json' : 'csv';
}
