// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the interpolations that DSN files hold.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createReader } from '../../drivers/registry.js';
import type { GatewayModel, TableModel } from '../../src/config/model.js';
import { draftDescription } from '../../src/discover/openapi/draft-description.js';
import { writeDsn } from '../../src/discover/source/write-dsn.js';
import { newScanStatistics } from '../../src/scan/scan.js';
import { createScanner } from '../../src/scan/scanner.js';
import { load, makeFolder } from '../config/harness.js';
import { startTestGateway } from '../support/test-gateway.js';
import { RECORD_COUNT, startDescribedApi } from './described-server.js';

const require = createRequire(import.meta.url);
/** More descriptions, separated by colons, for runs by hand. */
const more = (process.env.TIDEGATE_OPENAPI_FILES ?? '').split(':').filter((file) => file !== '');
const DESCRIPTIONS = [
  require.resolve('@octokit/openapi/generated/api.github.com.json'),
  require.resolve('@readme/oas-examples/3.1/yaml/readme.yaml'),
  ...more,
];

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item.close();
});

function discover(text: string, name = 'described'): string {
  const sample = { text, isTruncated: false, contentType: null, name: 'test', headers: new Map<string, string>() };
  return writeDsn(draftDescription(sample, { name, url: null }), makeFolder({}));
}

/** Every variable that a DSN names. */
function variables(dsn: string): NodeJS.ProcessEnv {
  return Object.fromEntries([...dsn.matchAll(/\$\{env:(\w+)\}/g)].map((match) => [match[1]!, 'value']));
}

test.each(DESCRIPTIONS.map((file) => [basename(file), file] as const))(
  '%s: check accepts the DSN, and every table answers from a mock of the same description',
  { timeout: 120_000 },
  async (_name, file) => {
    const text = readFileSync(file, 'utf8');
    const api = await startDescribedApi(text);
    open.push(api);
    const dsn = discover(text).replace(/^base_url: .*$/m, `base_url: ${api.url}`);
    const { model } = await load({ 'dsn/described.yaml': dsn }, variables(dsn));
    const { tables } = model.dsns[0]!;
    expect(tables.length).toBeGreaterThan(10);
    const problems: string[] = [];
    let rows = 0;
    for (const table of tables) {
      const read = await readAll(model, table);
      if (typeof read === 'string') problems.push(`${table.name}: ${read}`);
      else {
        rows += read;
        if (read !== RECORD_COUNT) problems.push(`${table.name}: ${read} rows`);
      }
    }
    // The mock cuts some lists whose operation describes no way to the next page.
    expect(problems.filter((problem) => !/: 10 rows$/.test(problem))).toEqual([]);
    expect(rows).toBeGreaterThan(tables.length * RECORD_COUNT * 0.9);
  },
);

/** How many rows a scan of all columns gives; the error's text where it fails. */
async function readAll(model: GatewayModel, table: TableModel): Promise<number | string> {
  const scanner = createScanner(model, { createReader, log: () => {} });
  const filters = table.filters
    .filter(({ required }) => required)
    .map(({ column }) => {
      const type = table.columns.find(({ name }) => name === column)!.type.scalar;
      return {
        column,
        operator: '=' as const,
        values: [
          type === 'bigint' ? '1' : type === 'boolean' ? 't' : type === 'timestamptz' ? '2024-01-01 00:00:00+00' : 'a',
        ],
      };
    });
  const columns = table.columns.map(({ name }) => name);
  const context = { signal: AbortSignal.timeout(20_000), statistics: newScanStatistics(), notice: () => {} };
  let rows = 0;
  try {
    for await (const batch of scanner.open({ table, columns, filters, limit: null }, context)) rows += batch.rowCount;
    return rows;
  } catch (error) {
    return `${(error as Error).message} ${(error as { detail?: string }).detail ?? ''}`;
  } finally {
    await scanner.close();
  }
}

test('a gateway answers joins over what was discovered from the description of GitHub', async () => {
  const text = readFileSync(DESCRIPTIONS[0]!, 'utf8');
  const api = await startDescribedApi(text);
  open.push(api);
  const dsn = discover(text, 'github').replace(/^base_url: .*$/m, `base_url: ${api.url}`);
  const gateway = await startTestGateway({ dsns: { 'github.yaml': dsn } });
  open.push(gateway);
  const client = await gateway.connect();
  open.push({ close: () => client.end() });
  const paths = (): string[] => api.requests.map(({ url }) => url);
  const { rows } = await client.query(
    `SELECT r.name, c.sha FROM github.orgs_repos r JOIN github.repos_commits c ON c.repo = r.name
     WHERE r.org = 'acme' AND c.owner = 'acme' AND r.id = 3 ORDER BY c.sha LIMIT 2`,
  );
  expect(rows.map(({ name }) => name)).toEqual(['text 2', 'text 2']);
  expect(paths()).toContain('/orgs/acme/repos?per_page=100');
  expect(paths()).toContain('/repos/acme/text%202/commits?per_page=100');
});

const SWAGGER = `swagger: "2.0"
info: { title: Pets, version: "1" }
host: pets.example.com
basePath: /v1
schemes: [https]
securityDefinitions: { key: { type: apiKey, name: X-Key, in: header } }
definitions:
  Named: { type: object, required: [name], properties: { name: { type: string } } }
  Pet:
    allOf:
      - $ref: "#/definitions/Named"
      - type: object
        properties:
          id: { type: integer, format: int64 }
          born: { type: string, format: date }
          weight: { type: number, format: double }
          owner: { type: object, properties: { city: { type: string }, geo: { type: object, properties: { lat: { type: number } } } } }
          tags: { type: array, items: { type: string } }
          parent: { $ref: "#/definitions/Pet" }
paths:
  /pets:
    get:
      summary: All pets. Every one.
      parameters:
        - { name: offset, in: query, type: integer }
        - { name: limit, in: query, type: integer, maximum: 50 }
        - { name: name, in: query, type: string }
        - { name: kind, in: query, type: string, required: true }
      responses: { "200": { description: ok, schema: { type: object, properties: { total: { type: integer }, data: { type: array, items: { $ref: "#/definitions/Pet" } } } } } }
    post: { responses: { "200": { description: ok } } }
  /pets/{petId}: { get: { parameters: [{ name: petId, in: path, required: true, type: integer }], responses: { "200": { description: ok, schema: { $ref: "#/definitions/Pet" } } } } }
  /pets/{petId}/visits:
    parameters: [{ name: petId, in: path, required: true, type: integer }]
    get: { responses: { "200": { description: ok, schema: { type: array, items: { type: object, properties: { id: { type: integer }, at: { type: string, format: date-time } } } } } } }
`;

test('Swagger 2: references, allOf, recursion, parameters, pages and keys', async () => {
  const dsn = discover(SWAGGER, 'pets');
  const { model } = await load({ 'dsn/pets.yaml': dsn }, variables(dsn));
  const { tables } = model.dsns[0]!;
  expect(tables.map(({ name }) => name)).toEqual(['pets', 'pets_visits']);
  const [pets, visits] = tables as [TableModel, TableModel];
  expect(dsn).toContain('base_url: https://pets.example.com/v1');
  expect(dsn).toContain('auth: { type: api_key, key: "${env:PETS_API_KEY}", header: X-Key }');
  expect(pets.columns.map(({ name, type }) => `${name} ${type.scalar}`)).toEqual([
    'name text',
    'id bigint',
    'born date',
    'weight double',
    'owner_city text',
    'owner_geo json',
    'tags json',
    'parent_name text',
    'parent_id bigint',
    'parent_born date',
    'parent_weight double',
    'parent_owner json',
    'parent_tags json',
    'parent_parent json',
    'kind text',
  ]);
  expect(pets.source).toMatchObject({
    pagination: {
      type: 'offset',
      parameter: 'offset',
      sizeParameter: 'limit',
      size: 50,
      stop: [{ type: 'total', field: '$.total' }, { type: 'empty_page' }],
    },
  });
  expect(pets.filters.map(({ column, required }) => [column, required])).toEqual([
    ['name', false],
    ['kind', true],
  ]);
  expect(visits.filters).toMatchObject([{ column: 'pet_id', place: 'path', parameter: 'petId', required: true }]);
});
