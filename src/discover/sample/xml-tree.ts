import { XMLParser } from 'fast-xml-parser';
import { errors } from '../../core/errors.js';

/** An element, its names without prefixes. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text, white space around it taken off. */
  readonly text: string;
}

const ATTRIBUTES = ':@';
const TEXT = '#text';
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  cdataPropName: TEXT,
});

type Raw = Readonly<Record<string, unknown>>;

/** Reads XML into elements; of a text that was cut off, what there is. Throws HV000 for what is no XML. */
export function parseXml(text: string, name: string): XmlElement {
  if (/<!DOCTYPE/i.test(text.slice(0, 4096))) throw refuse('it has a DOCTYPE, which is never read', name);
  let nodes: Raw[];
  try {
    nodes = parser.parse(text) as Raw[];
  } catch (error) {
    throw refuse((error as Error).message, name);
  }
  const root = nodes.map(toElement).find((element) => element !== null);
  if (root == null) throw refuse('it has no element', name);
  return root;
}

function toElement(node: Raw): XmlElement | null {
  const name = Object.keys(node).find((key) => key !== ATTRIBUTES);
  if (name === undefined || name === TEXT || name.startsWith('?')) return null;
  const content = (node[name] ?? []) as Raw[];
  const attributes = (node[ATTRIBUTES] ?? {}) as Readonly<Record<string, unknown>>;
  return {
    name,
    attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, String(value)])),
    children: content.flatMap((child) => toElement(child) ?? []),
    text: content.map((child) => textOf(child[TEXT])).join(''),
  };
}

/** CDATA is a list of one text. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((part) => textOf((part as Raw)[TEXT])).join('');
  return value === undefined || value === null ? '' : String(value);
}

function refuse(reason: string, name: string): Error {
  return errors.apiError(`the sample is not XML: ${reason}`, {
    detail: name,
    hint: 'Check the address; for another format set driver to json or csv.',
  });
}
