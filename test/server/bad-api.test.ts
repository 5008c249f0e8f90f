import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api-server.js';
import { errorOf, RawClient, rowsOf } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const SECRET = 'canary-7f3a9c';

const table = (path: string, extra = ''): string =>
  `{ path: ${path}, records: "$.data[*]", columns: { id: bigint }, retry: { attempts: 2 }${extra} }`;

const dsn = (name: string, tokenPath: string, tables: Record<string, string>): string => `
dsn: ${name}
base_url: \${env:API_URL}
auth: { type: oauth2, grant: client_credentials, token_url: "\${env:API_URL}${tokenPath}", client_id: me, client_secret: "\${env:API_SECRET}" }
tables:
${Object.entries(tables)
  .map(([key, value]) => `  ${key}: ${value}`)
  .join('\n')}
`;

let api: TestApi;
let gateway: TestGateway;
let client: RawClient;

beforeAll(async () => {
  const html = { headers: { 'content-type': 'text/html' }, body: '<html><title>Sign in</title><body>no</body></html>' };
  api = await startApi((request, response) => {
    switch (request.path) {
      case '/token':
        return { body: { access_token: `token-${SECRET}`, token_type: 'Bearer', expires_in: 60 } };
      case '/token-401':
        return { status: 401, body: { error: 'invalid_client', error_description: `bad ${SECRET}` } };
      case '/token-html':
      case '/html':
        return html;
      case '/ok':
        return { body: { data: [{ id: 1 }] } };
      case '/404':
        return { status: 404, body: { message: `no such thing for token-${SECRET}` } };
      case '/500':
        return { status: 500, body: 'oops' };
      case '/truncated':
        return { headers: { 'content-type': 'application/json' }, body: '{"data":[{"id":1},{"id":2}' };
      case '/empty':
        return { headers: { 'content-type': 'application/json' }, body: '' };
      case '/elsewhere':
        return { body: { items: [] } };
      case '/wrong-type':
        return { body: { data: [{ id: 1 }, { id: 'x' }] } };
      case '/reset':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100000' });
        response.write('{"data":[{"id":1},');
        setTimeout(() => response.destroy(), 20);
        return undefined;
      default:
        return { status: 404, body: {} };
    }
  });
  const tables = Object.fromEntries(
    ['ok', '404', '500', 'html', 'truncated', 'empty', 'elsewhere', 'wrong-type', 'reset'].map((name) => [
      `t_${name.replace('-', '_')}`,
      table(`/${name}`),
    ]),
  );
  gateway = await startTestGateway({
    dsns: {
      'good.yaml': dsn('good', '/token', tables),
      'refused.yaml': dsn('refused', '/token-401', { t: table('/ok') }),
      'html.yaml': dsn('html', '/token-html', { t: table('/ok') }),
      'gone.yaml': `dsn: gone\nbase_url: http://127.0.0.1:1\ntables: { t: ${table('/x')} }`,
    },
    env: { API_URL: api.url, API_SECRET: SECRET },
  });
  client = await RawClient.login(gateway.port);
});

afterAll(async () => {
  client?.close();
  await gateway?.close();
  await api?.close();
});

describe('an API that misbehaves gives one clear error, on both paths', () => {
  const cases: [string, string, RegExp][] = [
    ['good.t_404', 'HV000', /404/],
    ['good.t_500', 'HV000', /500/],
    ['good.t_html', 'HV000', /html|JSON/i],
    ['good.t_truncated', 'HV000', /end|truncated|incomplete|cut/i],
    ['good.t_empty', 'HV000', /empty/i],
    ['good.t_elsewhere', 'HV000', /\$\.data|records/],
    ['good.t_wrong_type', '22P02', /bigint/],
    ['good.t_reset', 'HV000', /./],
    ['refused.t', 'HV000', /refused/],
    ['html.t', 'HV000', /html|JSON|Sign in/i],
    ['gone.t', 'HV00N', /127\.0\.0\.1:1/],
  ];
  it.each(cases)('%s: %s', async (name, sqlstate, message) => {
    for (const sql of [`SELECT id FROM ${name}`, `SELECT sum(id) FROM ${name}`]) {
      const frames = await client.query(sql);
      const error = errorOf(frames);
      expect(error).toMatchObject({ sqlstate, severity: 'ERROR' });
      expect(`${error?.message} ${error?.detail ?? ''}`).toMatch(message);
      expect(JSON.stringify(error)).not.toContain(SECRET);
      expect(frames.filter((frame) => frame.type === 'C')).toEqual([]);
      // The session, and everything else, goes on.
      expect(rowsOf(await client.query('SELECT id FROM good.t_ok'))).toEqual([['1']]);
    }
  });

  it('says which table, column, page and record a value stands in that does not fit', async () => {
    const error = errorOf(await client.query('SELECT * FROM good.t_wrong_type'));
    expect(error?.detail).toMatch(/table "good\.t_wrong_type".*column "id".*page 1.*record 2/);
  });

  it('leaves no scan table, no open response and no secret behind', async () => {
    for (let tries = 0; tries < 50 && api.openResponses() > 0; tries++) await new Promise((r) => setTimeout(r, 20));
    expect(api.openResponses()).toBe(0);
    expect(rowsOf(await client.query("SELECT count(*) FROM pg_class WHERE relname ~ '^tidegate_scan_'"))).toEqual([
      ['0'],
    ]);
    const log = JSON.stringify(gateway.log, (_, value) => (value instanceof Error ? `${value.stack}` : value));
    expect(log).not.toContain(SECRET);
  });
});
