import { XMLParser } from 'fast-xml-parser';
import { SaxesParser } from 'saxes';
import type { BenchFormat } from './format.js';
import { cellText } from './records.js';

const escapeXml = (text: string): string => text.replace(/[<&]/g, (c) => (c === '<' ? '&lt;' : '&amp;'));

interface Document {
  readonly Rows: { readonly Row: readonly unknown[] };
}

/** XML with an element for each field, beside fast-xml-parser and saxes, which only counts what it finds. */
export const xmlFormat: BenchFormat = {
  name: 'xml',
  driver: { type: 'xml', namespaces: new Map<string, string>(), encoding: null },
  records: '/Rows/Row',
  renderPage: (fields, first, rowCount) => {
    let text = '<?xml version="1.0"?><Rows>';
    for (let r = 0; r < rowCount; r++) {
      const cells = fields.map(([name, , value]) => `<${name}>${escapeXml(cellText(value(first + r)))}</${name}>`);
      text += `<Row>${cells.join('')}</Row>`;
    }
    return Buffer.from(`${text}</Rows>`);
  },
  rivals: [
    {
      name: 'fast-xml-parser',
      make: () => {
        const parser = new XMLParser({ parseTagValue: false });
        return (page) => (parser.parse(page) as Document).Rows.Row.length;
      },
    },
    {
      name: 'saxes',
      make: () => (page) => {
        const parser = new SaxesParser();
        let rows = 0;
        let characters = 0;
        parser.on('opentag', ({ name }) => {
          if (name === 'Row') rows++;
        });
        parser.on('text', (text) => {
          characters += text.length;
        });
        parser.write(page.toString('utf8')).close();
        return characters > 0 ? rows : 0;
      },
    },
  ],
};
