import { XMLParser } from 'fast-xml-parser';
import type { BenchFormat } from './format.js';
import { cellText } from './records.js';

const escapeXml = (text: string): string => text.replace(/[<&]/g, (c) => (c === '<' ? '&lt;' : '&amp;'));

interface Document {
  readonly Rows: { readonly Row: readonly unknown[] };
}

/** XML with an element for each field, beside fast-xml-parser. */
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
  ],
};
