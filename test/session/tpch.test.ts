import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHandler, startApi, type TestApi } from '../support/api-server.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { TPCH_QUERIES } from './tpch/queries.js';
import { makeTpch, type TpchTable } from './tpch/tables.js';

/** TIDEGATE_TPCH_SCALE=0.01 for the size that docs/benchmarks.md tells of. */
const SCALE = Number(process.env.TIDEGATE_TPCH_SCALE ?? 0.001);
const PAGE = 5000;

const tables = makeTpch(SCALE);
let api: TestApi;
let gateway: TestGateway;
let client: RawClient;

beforeAll(async () => {
  api = await startApi(handler);
  const dsn = `dsn: tpch\nbase_url: "\${env:TPCH_URL}"\ntables:\n${tables.map(tableYaml).join('')}`;
  gateway = await startTestGateway({ dsns: { 'tpch.yaml': dsn }, env: { TPCH_URL: api.url } });
  client = await RawClient.login(gateway.port);
  for (const table of tables) await makeOrdinary(table);
}, 120_000);
afterAll(async () => {
  client?.close();
  await gateway?.close();
  await api?.close();
});

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
    pagination: { type: page, parameter: page, size_parameter: size, size: ${PAGE} }
    primary_key: [${key.join(', ')}]
    columns: { ${Object.entries(columns)
      .map(([column, type]) => `${column}: { type: "${type}" }`)
      .join(', ')} }
    filters: { ${declared.join(', ')} }
`;
}

const handler: ApiHandler = ({ path, query }) => {
  const table = tables.find(({ name }) => path === `/${name}`)!;
  const names = Object.keys(table.columns);
  const conditions = Object.keys(table.filters).flatMap((column) =>
    query.has(column) ? [condition(names.indexOf(column), query.get(column)!)] : [],
  );
  const start = (Number(query.get('page')) - 1) * PAGE;
  const rows = table.rows.filter((row) => conditions.every((holds) => holds(row))).slice(start, start + PAGE);
  if (table.driver === 'csv') return { body: [names, ...rows].map((row) => row.join(',')).join('\n') };
  if (table.driver === 'json') {
    return { body: { rows: rows.map((row) => Object.fromEntries(row.map((text, index) => [names[index], text]))) } };
  }
  const elements = rows.map(
    (row) => `<r>${row.map((text, index) => `<${names[index]}>${text}</${names[index]}>`).join('')}</r>`,
  );
  return { headers: { 'content-type': 'application/xml' }, body: `<t>${elements.join('')}</t>` };
};

function condition(index: number, text: string): (row: readonly string[]) => boolean {
  if (!/^[<>]/.test(text)) return (row) => text.split('|').includes(row[index]!);
  const parts = text.split(' and ').map((part) => /^(<=|>=|<|>)(.*)$/.exec(part)!);
  return (row) =>
    parts.every(([, operator, value]) => (operator === '<' ? row[index]! < value! : row[index]! >= value!));
}

async function makeOrdinary({ name, columns, key, rows }: TpchTable): Promise<void> {
  const definition = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
  await run(`CREATE TEMP TABLE ordinary_${name} (${definition.join(', ')}, PRIMARY KEY (${key.join(', ')}))`);
  for (let at = 0; at < rows.length; at += 2000) {
    const values = rows.slice(at, at + 2000).map((row) => `(${row.map((text) => `'${text}'`).join(', ')})`);
    await run(`INSERT INTO ordinary_${name} VALUES ${values.join(', ')}`);
  }
}

async function run(sql: string): Promise<(string | null)[][]> {
  const frames = await client.query(sql, 60_000);
  expect(errorOf(frames)).toBeNull();
  return rowsOf(frames);
}

const NAMES = tables.map(({ name }) => name).join('|');
/** Names behind FROM, JOIN and commas; the column names all have prefixes of their own. */
const over = (sql: string, prefix: string): string =>
  sql.replace(new RegExp(`(?<![\\w.'#])(${NAMES})(?![\\w'])`, 'g'), `${prefix}$1`);

describe(`TPC-H at scale ${SCALE}, its tables JSON, XML and CSV`, () => {
  it.each(TPCH_QUERIES.map((sql, index) => [index + 1, sql] as const))(
    'query %i',
    { timeout: 120_000 },
    async (number, sql) => {
      const from = api.requests.length;
      const startedAt = performance.now();
      const virtual = await run(over(sql, 'tpch.'));
      const ms = performance.now() - startedAt;
      const requests = api.requests.length - from;
      const ordinary = await run(over(sql, 'ordinary_'));
      expect(virtual).toEqual(ordinary);
      // Loading everything once takes a request for each page of each table that the query names.
      const all = tables
        .filter(({ name }) => new RegExp(`\\b${name}\\b`).test(sql))
        .reduce((pages, { rows }) => pages + Math.floor(rows.length / PAGE) + 1, 0);
      expect(requests).toBeLessThanOrEqual(all);
      if (process.env.TIDEGATE_TPCH_SCALE !== undefined) {
        process.stderr.write(
          `Q${number}: ${virtual.length} rows, ${requests} requests (each table once: ${all}), ${Math.round(ms)} ms\n`,
        );
      }
    },
  );
});
