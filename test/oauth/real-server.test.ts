import { spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { oauth } from '../scan/fixtures.js';
import { startApi, type TestApi } from '../support/api-server.js';
import { startAuthorizationServer, type TestAuthorizationServer } from '../support/authorization-server.js';

const PROGRAM = fileURLToPath(new URL('./child/token-user.mjs', import.meta.url));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }) as string;

let server: TestAuthorizationServer;
let api: TestApi;
let folder: string;
let issued = 0;

beforeAll(async () => {
  const common = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  server = await startAuthorizationServer(() => ({
    clients: [
      {
        client_id: 'basic',
        client_secret: 'canary-secret',
        token_endpoint_auth_method: 'client_secret_basic',
        ...common,
      },
      {
        client_id: 'body',
        client_secret: 'canary-secret',
        token_endpoint_auth_method: 'client_secret_post',
        ...common,
      },
      {
        client_id: 'signed',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] },
        ...common,
      },
    ],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    ttl: { ClientCredentials: 2 },
  }));
  server.provider.on('client_credentials.saved', () => issued++);
  api = await startApi({
    'GET /data': async ({ headers }) => {
      const token = String(headers.authorization).replace('Bearer ', '');
      const known = await server.provider.ClientCredentials.find(token);
      return known === undefined ? { status: 401, body: {} } : { body: {} };
    },
  });
  folder = mkdtempSync(join(tmpdir(), 'tidegate-real-'));
});
afterAll(async () => {
  await api?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Uses the API for a while with tokens of the server, in a process whose clock may be wrong; what it printed. */
async function use(clientId: string, clientAuth: string, shiftS: number): Promise<string> {
  const model = { ...oauth('', null), issuer: server.issuer, tokenUrl: null, scopes: [], clientId, clientAuth };
  const secrets =
    clientAuth === 'private_key_jwt'
      ? { privateKey: { secret: pem(rsa.privateKey) }, keyId: 'k1' }
      : { clientSecret: { secret: 'canary-secret' } };
  const settings = JSON.stringify({ ...model, ...secrets }, (_key, value) =>
    value instanceof Map ? { map: [...value] } : value,
  );
  const store = join(folder, `${clientId}${shiftS}`);
  const child = spawn(process.execPath, [PROGRAM, store, api.url, '2', '2500', settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TIDEGATE_TEST_CLOCK_SHIFT_S: String(shiftS) },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  return output;
}

it.each([
  ['basic', 'basic', 0],
  ['body', 'body', 0],
  ['signed', 'private_key_jwt', 0],
  ['basic', 'basic', 300],
  ['signed', 'private_key_jwt', 300],
  ['signed', 'private_key_jwt', -300],
] as const)(
  'client %s authenticates by %s at a real server, with a clock that is %i s wrong',
  async (id, auth, shiftS) => {
    const before = issued;
    expect(await use(id, auth, shiftS)).toMatch(/^began\ndone \d+\n$/);
    // Renewed as the token ends, not with every request.
    expect(issued - before).toBeGreaterThanOrEqual(2);
    expect(issued - before).toBeLessThanOrEqual(5);
  },
  60_000,
);
