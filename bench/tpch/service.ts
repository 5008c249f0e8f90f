import { TPCH_QUERIES } from './queries.js';
import type { TpchTable } from './tables.js';

/** Rows of a page of the service. */
export const PAGE_ROWS = 5000;

/** A DSN file of the tables behind a service at `baseUrl`. */
export function tpchDsn(tables: readonly TpchTable[], baseUrl: string): string {
  return `dsn: tpch\nbase_url: "${baseUrl}"\ntables:\n${tables.map(tableYaml).join('')}`;
}

function tableYaml({ name, driver, key, columns, filters, rows }: TpchTable): string {
  const records = { json: '    records: $.rows[*]\n', xml: '    records: /t/r\n', csv: '' }[driver];
  const declared = Object.entries(filters).map(([column, operators]) => {
    const sent = operators.includes('<') ? ', template: "{operator}{value}"' : '';
    const list = operators.includes('in') ? ', separator: "|"' : '';
    return `${column}: { operators: ${JSON.stringify(operators)}, query: ${column}${sent}${list} }`;
  });
  return `  ${name}:
    path: /${name}
    driver: ${driver}
${records}    rows: ${rows.length}
    pagination: { type: page, parameter: page, size_parameter: size, size: ${PAGE_ROWS} }
    primary_key: [${key.join(', ')}]
    columns: { ${Object.entries(columns)
      .map(([column, type]) => `${column}: { type: "${type}" }`)
      .join(', ')} }
    filters: { ${declared.join(', ')} }
`;
}

/** One page of a table in its format, filtered as the request asks. */
export function tpchPage(
  tables: readonly TpchTable[],
  path: string,
  query: URLSearchParams,
): { readonly contentType: string; readonly body: string } {
  const table = tables.find(({ name }) => path === `/${name}`);
  if (table === undefined) throw new Error(`no table at ${path}`);
  const names = Object.keys(table.columns);
  const conditions = Object.keys(table.filters).flatMap((column) =>
    query.has(column) ? [condition(names.indexOf(column), query.get(column)!)] : [],
  );
  const start = (Number(query.get('page')) - 1) * PAGE_ROWS;
  const rows = table.rows.filter((row) => conditions.every((holds) => holds(row))).slice(start, start + PAGE_ROWS);
  if (table.driver === 'csv') {
    return { contentType: 'text/csv', body: [names, ...rows].map((row) => row.join(',')).join('\n') };
  }
  if (table.driver === 'json') {
    const records = rows.map((row) => Object.fromEntries(row.map((text, index) => [names[index], text])));
    return { contentType: 'application/json', body: JSON.stringify({ rows: records }) };
  }
  const elements = rows.map(
    (row) => `<r>${row.map((text, index) => `<${names[index]}>${text}</${names[index]}>`).join('')}</r>`,
  );
  return { contentType: 'application/xml', body: `<t>${elements.join('')}</t>` };
}

function condition(index: number, text: string): (row: readonly string[]) => boolean {
  if (!/^[<>]/.test(text)) return (row) => text.split('|').includes(row[index]!);
  const parts = text.split(' and ').map((part) => /^(<=|>=|<|>)(.*)$/.exec(part)!);
  return (row) =>
    parts.every(([, operator, value]) => (operator === '<' ? row[index]! < value! : row[index]! >= value!));
}

/** Each query with `prefix` before its tables' names, which stand behind FROM, JOIN and commas; its columns' have their own. */
export function tpchQueries(tables: readonly TpchTable[], prefix: string): readonly string[] {
  const names = tables.map(({ name }) => name).join('|');
  const pattern = new RegExp(`(?<![\\w.'#])(${names})(?![\\w'])`, 'g');
  return TPCH_QUERIES.map((sql) => sql.replace(pattern, `${prefix}$1`));
}

/** The tables that a query reads. */
export function tablesOf(tables: readonly TpchTable[], sql: string): readonly TpchTable[] {
  return tables.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(sql));
}
