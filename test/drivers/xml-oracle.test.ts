import { expect, test } from 'vitest';
import { XmlReader } from '../../drivers/xml/reader.js';
import { column, page, type Row, readPage, seeded, table } from './reading.js';

const DOCUMENTS = 1500;
const random = seeded(77);
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
const times = <T>(most: number, make: () => T): T[] => Array.from({ length: Math.floor(random() * (most + 1)) }, make);

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly content: readonly (Element | string)[];
}

const NAMES = ['a', 'b', 'c'];

function makeElement(depth: number): Element {
  const isMixed = random() < 0.5;
  const children = depth === 0 ? [] : times(4, () => makeElement(depth - 1));
  const texts = ['t', ' w ', '<&>"', ']]', 'é😀', '  '];
  const content = children.flatMap((child) => (isMixed && random() < 0.4 ? [child, pick(texts)] : [child]));
  if (content.length === 0 && random() < 0.7)
    return { name: pick(NAMES), attributes: makeAttributes(), content: [pick(texts)] };
  return { name: pick(NAMES), attributes: makeAttributes(), content };
}

/** A record as most sources have them, which the reader takes in one go: elements with nothing but text in them. */
function makeRecord(): Element {
  const children = times(5, () => ({
    name: pick(NAMES),
    attributes: makeAttributes(),
    content: times(1, () => pick(['t', '<&>', 'é'])),
  }));
  return { name: 'a', attributes: makeAttributes(), content: children };
}

function makeAttributes(): ReadonlyMap<string, string> {
  const names = ['x', 'y'].filter(() => random() < 0.3);
  return new Map(names.map((name) => [name, pick(['1', '', 'v & <w>', 'é"', 'a b'])]));
}

const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '&': '&amp;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string =>
  text.replace(/[<&>"]/g, (mark) => (random() < 0.5 ? ENTITIES[mark]! : `&#${mark.charCodeAt(0)};`));

function print({ name, attributes, content }: Element): string {
  const opening = name + [...attributes].map(([key, value]) => ` ${key}="${escaped(value)}"`).join('');
  const body = content
    .map((part) => {
      if (typeof part !== 'string') return print(part) + (random() < 0.1 ? '<!-- c -->' : '');
      return random() < 0.15 && !part.includes(']') ? `<![CDATA[${part}]]>` : escaped(part);
    })
    .join('');
  return body === '' && random() < 0.6 ? `<${opening}/>` : `<${opening}>${body}</${name}>`;
}

const isElement = (part: Element | string): part is Element => typeof part !== 'string';
const childrenOf = (element: Element): Element[] => element.content.filter(isElement);
const ownText = (element: Element): string => element.content.filter((part) => !isElement(part)).join('');
const allText = (element: Element): string =>
  element.content.map((part) => (isElement(part) ? allText(part) : part)).join('');

/** The texts that a field leads to from an element. */
function textsAt(field: string, from: Element): string[] {
  let found = [from];
  for (const step of field.split('/')) {
    if (step === 'text()') return found.map(ownText);
    if (step === '.') return found.map(allText);
    if (step.startsWith('@')) return found.flatMap(({ attributes }) => attributes.get(step.slice(1)) ?? []);
    found = found.flatMap(childrenOf).filter(({ name }) => name === step);
  }
  return found.map(allText);
}

/** The elements at a path, each with the one around it. */
function recordsAt(root: Element, steps: readonly string[]): { readonly record: Element; readonly parent: Element }[] {
  let found = [{ record: root, parent: root }];
  for (const step of steps) {
    found = found.flatMap(({ record: parent }) =>
      childrenOf(parent)
        .filter(({ name }) => step === '*' || name === step)
        .map((record) => ({ record, parent })),
    );
  }
  return found;
}

function printArray(items: readonly string[]): string {
  const quote = (item: string): string => (/^[^"\\{},\s]+$/.test(item) ? item : `"${item.replace(/["\\]/g, '\\$&')}"`);
  return `{${items.map(quote).join(',')}}`;
}

const FIELDS = ['a', 'b', 'c', 'a/b', 'b/b', 'a/b/c', '@x', '@y', 'a/@x', 'a/b/@y', 'text()', '.', '^/@x', 'a/text()'];

test('rows are what the elements, attributes and texts at their paths are, in documents of any shape', async () => {
  let rowCount = 0;
  for (let n = 0; n < DOCUMENTS; n++) {
    const isFlat = random() < 0.5;
    const root: Element = {
      name: 'r',
      attributes: makeAttributes(),
      content: isFlat ? times(6, makeRecord) : times(5, () => makeElement(4)),
    };
    const steps = isFlat ? ['a'] : [pick([...NAMES, '*']), ...times(2, () => pick([...NAMES, '*']))];
    // Fields may well be the same: a column of one value and an array of all of them.
    const columns = ['one', 'two', 'three', 'four'].slice(0, 1 + Math.floor(random() * 4)).map((name) => {
      const field = pick(isFlat ? ['a', 'b', 'c', '@x', 'a/@x', 'b/@x', '^/@x'] : FIELDS);
      const isArray = random() < 0.3 && /^[abc]/.test(field);
      return column(name, { type: isArray ? 'text[]' : 'text', field });
    });
    const model = table({ type: 'xml', namespaces: new Map(), encoding: null }, columns, {
      records: `/r/${steps.join('/')}`,
      recordsMissing: 'empty',
    });
    const body = print(root);
    const expected: Row[] = recordsAt(root, steps).map(({ record, parent }) =>
      columns.map(({ field, type }) => {
        const texts = field.startsWith('^/') ? textsAt(field.slice(2), parent) : textsAt(field, record);
        if (type.isArray) return texts.length === 0 ? null : printArray(texts);
        return texts[0] ?? null;
      }),
    );
    const reader = new XmlReader({ table: model, columns, captures: [] });
    const { rows } = await readPage(reader, page(body, { chunk: pick([1, 3, 17, 1 << 20]) }));
    const shown = `${model.records} ${columns.map(({ field }) => field).join(' ')} ${body}`;
    expect(rows, shown).toEqual(expected);
    rowCount += rows.length;
  }
  expect(rowCount).toBeGreaterThan(DOCUMENTS / 2);
});
