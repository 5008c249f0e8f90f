import type { Writable } from 'node:stream';
import { jsonValue } from './json-value.js';
import type { Column, Row } from './read-rows.js';

export const FORMATS = ['table', 'csv', 'json', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

/** Writes a statement's rows. `begin` comes first, `end` last. */
export interface Output {
  begin(columns: readonly Column[]): Promise<void>;
  rows(rows: readonly Row[]): Promise<void>;
  end(count: number): Promise<void>;
}

export function createOutput(format: Format, stream: Writable): Output {
  const write = (text: string): Promise<void> => writeText(stream, text);
  switch (format) {
    case 'table':
      return tableOutput(write);
    case 'csv':
      return csvOutput(write);
    default:
      return jsonOutput(write, format === 'json');
  }
}

type Write = (text: string) => Promise<void>;

/** Waits for the reader; one that has gone away (`| head`) ends the output in peace. */
async function writeText(stream: Writable, text: string): Promise<void> {
  if (text === '' || stream.destroyed) return;
  if (stream.write(text)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
}

/** As PostgreSQL's COPY CSV: NULL is nothing, an empty text is "". */
function csvOutput(write: Write): Output {
  const line = (cells: Row): string => `${cells.map(csvCell).join(',')}\n`;
  return {
    begin: (columns) => write(columns.length === 0 ? '' : line(columns.map(({ name }) => name))),
    rows: (rows) => write(rows.map(line).join('')),
    end: async () => {},
  };
}

export function csvCell(cell: string | null): string {
  if (cell === null) return '';
  return cell === '' || cell === '\\.' || /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function jsonOutput(write: Write, isArray: boolean): Output {
  let columns: readonly Column[] = [];
  let names: readonly string[] = [];
  let isFirst = true;
  const object = (row: Row): string =>
    `{${row.map((cell, index) => `${JSON.stringify(names[index])}:${jsonValue(cell, columns[index]!.typeOid)}`).join(',')}}`;
  return {
    begin: async (given) => {
      columns = given;
      names = distinctNames(given);
    },
    rows: (rows) => {
      if (rows.length === 0) return Promise.resolve();
      if (!isArray) return write(rows.map((row) => `${object(row)}\n`).join(''));
      const text = `${isFirst ? '[\n' : ',\n'}${rows.map(object).join(',\n')}`;
      isFirst = false;
      return write(text);
    },
    end: () => write(isArray ? (isFirst ? '[]\n' : '\n]\n') : ''),
  };
}

/** Two columns of one name would be one member. */
function distinctNames(columns: readonly Column[]): string[] {
  const seen = new Set<string>();
  return columns.map(({ name }) => {
    let distinct = name;
    for (let number = 2; seen.has(distinct); number++) distinct = `${name}_${number}`;
    seen.add(distinct);
    return distinct;
  });
}

const MAX_WIDTH = 60;
const NULL = 'NULL';

/** Columns as wide as their first rows need. */
function tableOutput(write: Write): Output {
  let columns: readonly Column[] = [];
  let widths: readonly number[] | null = null;
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, index) => cell + ' '.repeat(Math.max(0, widths![index]! - width(cell))))
      .join(' | ')
      .trimEnd()}\n`;
  const head = (rows: readonly Row[]): string => {
    widths = columns.map(({ name }, index) =>
      Math.min(
        MAX_WIDTH,
        rows.reduce((most, row) => Math.max(most, width(tableCell(row[index] ?? null))), width(name)),
      ),
    );
    return `${line(columns.map(({ name }) => name))}${widths.map((each) => '-'.repeat(each)).join('-+-')}\n`;
  };
  return {
    begin: async (given) => {
      columns = given;
    },
    rows: (rows) => {
      if (columns.length === 0) return Promise.resolve();
      const start = widths === null ? head(rows) : '';
      return write(start + rows.map((row) => line(row.map(tableCell))).join(''));
    },
    end: (count) => write(columns.length === 0 ? '' : `(${count} row${count === 1 ? '' : 's'})\n`),
  };
}

function tableCell(cell: string | null): string {
  // Control characters could move the cursor, or worse.
  return cell === null
    ? NULL
    : cell.replace(/[\0-\x1f\x7f-\x9f]/g, (char) => (char === '\n' ? '⏎' : char === '\t' ? ' ' : '·'));
}

function width(text: string): number {
  return [...text].length;
}
