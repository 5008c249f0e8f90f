import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startApi } from '../support/api-server.js';
import { startTestGateway } from '../support/test-gateway.js';

it('a gateway renews tokens in mid-scan without losing rows, and shows no secret in rows, errors, log or files', async () => {
  let issued = 0;
  let current = '';
  const api = await startApi({
    'POST /token': ({ body }) => {
      if (new URLSearchParams(body).get('refresh_token') === 'canary-dead')
        return { status: 400, body: { error: 'invalid_grant', error_description: 'no canary-dead here' } };
      current = `canary-access-${++issued}`;
      return { body: { access_token: current, refresh_token: `canary-refresh-${issued}`, expires_in: 3600 } };
    },
    'GET /orders': ({ headers, query }) => {
      const page = Number(query.get('page'));
      // Each token is good for two pages.
      if (headers.authorization !== `Bearer ${current}`) return { status: 401, body: { error: headers.authorization } };
      if (page % 2 === 0) current = 'ended';
      return { body: { data: page > 5 ? [] : Array.from({ length: 10 }, (_item, n) => ({ id: page * 10 + n })) } };
    },
  });
  const dsn = (name: string) => `dsn: ${name}
base_url: ${api.url}
auth: { type: oauth2, grant: refresh_token, token_url: ${api.url}/token, client_id: c, client_secret: "\${env:SECRET}", refresh_token: "\${env:${name.toUpperCase()}}" }
tables:
  orders:
    path: /orders
    records: $.data[*]
    pagination: { type: page, parameter: page }
    columns: { id: integer }
`;
  const gateway = await startTestGateway({
    dsns: { 'shop.yaml': dsn('shop'), 'dead.yaml': dsn('dead') },
    env: { SECRET: 'canary-secret', SHOP: 'canary-seed', DEAD: 'canary-dead' },
  });
  try {
    const client = await gateway.connect();
    const { rows } = await client.query<{ id: number }>('SELECT id FROM shop.orders ORDER BY id');
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_item, n) => n + 10));
    expect(issued).toBeGreaterThanOrEqual(3);
    const error = await client.query('SELECT id FROM dead.orders').catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'HV000',
      message: 'the authorization server refused the refresh token of DSN "dead"',
    });
    const seen = JSON.stringify([rows, error, Object.values(error as object), gateway.log]);
    expect(seen).not.toContain('canary');
    const file = join(gateway.folder, '.tidegate', 'tokens');
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, 'latin1')).not.toContain('canary');
    await client.end();
  } finally {
    await gateway.close();
    await api.close();
  }
}, 60_000);
