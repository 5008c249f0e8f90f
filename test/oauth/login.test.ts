import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Provider } from 'oidc-provider';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { loadGateway } from '../../src/config/load.js';
import { HttpClient } from '../../src/http/client.js';
import { Redactor } from '../../src/http/redactor.js';
import { Authorizers } from '../../src/oauth/authorizers.js';
import { connectionsOf } from '../../src/oauth/connections.js';
import { openTokenStore } from '../../src/server/token-store.js';
import { FormBrowser } from './browser.js';

/** As `npm test` has built it. */
const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const SECRET = 'canary-client-secret';
const signal = new AbortController().signal;
let server: Server;
let issuer = '';
const revoked: string[] = [];
const children: ChildProcess[] = [];
const folders: string[] = [];
/** All that commands printed. */
let printed = '';

beforeAll(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const grants = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'];
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'tidegate',
        client_secret: SECRET,
        application_type: 'native',
        redirect_uris: ['http://127.0.0.1/callback', 'http://127.0.0.1:8976/callback'],
        grant_types: grants,
        response_types: ['code'],
      },
    ],
    features: { deviceFlow: { enabled: true }, revocation: { enabled: true }, devInteractions: { enabled: true } },
    findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    rotateRefreshToken: true,
    scopes: ['openid', 'offline_access', 'orders'],
    cookies: { keys: ['canary-cookie-key'] },
    jwks: undefined,
    pkce: { required: () => true },
    ttl: { AccessToken: 60 },
  });
  provider.on('revocation.success', () => revoked.push('token'));
  provider.on('refresh_token.destroyed', () => revoked.push('refresh'));
  server.on('request', provider.callback());
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  expect(printed).not.toContain(SECRET);
  printed = '';
});

/** A folder with settings and one DSN of this server. */
function project(auth: string): { config: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-login-'));
  folders.push(folder);
  const config = join(folder, 'tidegate.yaml');
  writeFileSync(config, `dsn: [${JSON.stringify(join(folder, 'shop.yaml'))}]\n`);
  writeFileSync(
    join(folder, 'shop.yaml'),
    `auth: { type: oauth2, issuer: "${issuer}", client_id: tidegate, client_secret: ${SECRET}, scopes: [openid, offline_access, orders], extra_authorization_parameters: { prompt: consent }, ${auth} }
base_url: http://127.0.0.1:1
tables: { t: { path: /x, columns: { a: text } } }
`,
  );
  return { config, folder };
}

interface Command {
  readonly child: ChildProcess;
  output(): string;
  /** The first match in what it prints. */
  find(pattern: RegExp): Promise<string>;
  end(): Promise<{ code: number | null; output: string }>;
}

function run(...args: string[]): Command {
  const env = { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '', BROWSER: '' };
  const child = spawn(process.execPath, [CLI, ...args], { stdio: 'pipe', env });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      printed += text;
    });
  }
  const closed = once(child, 'close');
  return {
    child,
    output: () => output,
    find: async (pattern) => {
      for (;;) {
        const found = pattern.exec(output);
        if (found !== null) return found[1] ?? found[0];
        if (child.exitCode !== null) throw new Error(`ended: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    end: async () => {
      const [code] = (await closed) as [number | null];
      return { code, output };
    },
  };
}

const person = () => new FormBrowser({ login: 'ann@example.com', password: 'canary-password' });
const ADDRESS = /Log in at (http\S+)/;

it('logs in through the pages of a real authorization server, renews with rotation, and logs out', async () => {
  const { config, folder } = project('grant: authorization_code');
  const login = run('login', 'shop', '--config', config);
  const browser = person();
  const { text, url } = await browser.open(await login.find(ADDRESS));
  expect(text).toContain('The login is complete.');
  expect(url.pathname).toBe('/callback');
  expect(browser.visited.filter((step) => step.startsWith('POST'))).toHaveLength(2);
  const ended = await login.end();
  expect(ended.output).toMatch(/shop: logged in as ann@example\.com\n {2}scopes: .*orders/);
  expect(ended.code).toBe(0);

  const { model } = await loadGateway({ configFile: config, env: {} });
  const [connection] = connectionsOf(model.dsns[0]!);
  const before = (await openTokenStore(model).read(connection!.id))!;
  const client = new HttpClient();
  const authorizers = new Authorizers(client, () => {}, openTokenStore(model));
  const authorizer = authorizers.for('shop', connection!.model, { redactor: new Redactor(), timeoutMs: 5_000 });
  const first = await authorizer.authorize(signal);
  expect(first.values[0]!.value).toBe(`Bearer ${before.accessToken}`);
  await authorizer.renew(first, signal);
  const after = (await openTokenStore(model).read(connection!.id))!;
  expect(after.accessToken).not.toBe(before.accessToken);
  expect(after.refreshToken).not.toBe(before.refreshToken);

  const status = await run('tokens', '--config', config).end();
  expect(status.output).toMatch(/shop \(authorization_code\): token for \d+ s\n {2}account: ann@example.com/);
  for (const { accessToken, refreshToken } of [before, after]) {
    expect(printed).not.toContain(accessToken);
    expect(printed).not.toContain(refreshToken);
    for (const name of readdirSync(folder, { recursive: true }).map(String)) {
      const file = join(folder, name);
      if (statSync(file).isFile()) expect(readFileSync(file, 'latin1')).not.toContain(refreshToken);
    }
  }
  // What a thief of the old token would cause: the server ends the whole login, and that is told once and clearly.
  await openTokenStore(model).update(connection!.id, () => ({ ...after, refreshToken: before.refreshToken }));
  const held = await authorizer.authorize(signal);
  const refusal = {
    message: 'the authorization server refused the refresh token of DSN "shop"',
    hint: 'run: tidegate login shop',
  };
  await expect(authorizer.renew(held, signal)).rejects.toMatchObject(refusal);
  await expect(authorizer.authorize(signal)).rejects.toMatchObject(refusal);
  expect((await run('tokens', '--config', config).end()).output).toMatch(
    /: refused\n[\s\S]*last error: .*refused the refresh token/,
  );
  await authorizers.close();
  await client.close();

  const out = await run('logout', 'shop', '--config', config).end();
  expect(out.output).toBe('shop: logged out, and the tokens were revoked\n');
  expect(await openTokenStore(model).read(connection!.id)).toBeNull();
  expect((await run('logout', 'shop', '--config', config).end()).output).toBe('shop: was not logged in\n');
}, 60_000);

it('takes a pasted address or code without a browser', async () => {
  const { config } = project('grant: authorization_code, redirect_url: "http://127.0.0.1:8976/callback"');
  for (const what of ['address', 'code'] as const) {
    const login = run('login', 'shop', '--config', config, '--no-browser');
    const address = await login.find(ADDRESS);
    // The browser ends at an address that nobody serves.
    const arrived = await person()
      .open(address)
      .catch(() => null);
    expect(arrived).toBeNull();
    const last = await lastRedirect(address);
    login.child.stdin!.end(`${what === 'address' ? last.href : last.searchParams.get('code')}\n`);
    const { code, output } = await login.end();
    expect(output).toContain('shop: logged in as ann@example.com');
    expect(code).toBe(0);
  }
}, 60_000);

/** Logs in again and stops before the redirect URL. */
async function lastRedirect(address: string): Promise<URL> {
  const original = globalThis.fetch;
  let last: URL | null = null;
  globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    if (url.pathname !== '/callback') return await original(input, init);
    last = url;
    return new Response('');
  };
  try {
    await person().open(address);
  } finally {
    globalThis.fetch = original;
  }
  return last!;
}

it('tells a denied consent, a forged answer, a timeout and a port in use apart', async () => {
  const { config } = project('grant: authorization_code');
  const denied = run('login', 'shop', '--config', config);
  await person().open(await denied.find(ADDRESS), true);
  const refused = await denied.end();
  expect(refused.output).toMatch(/consent was denied for DSN "shop"\nDETAIL: .*access_denied/);
  expect(refused.code).toBe(1);

  const forged = run('login', 'shop', '--config', config, '--timeout', '2');
  const address = new URL(await forged.find(ADDRESS));
  const callback = `${address.searchParams.get('redirect_uri')}?code=canary-code&state=forged`;
  const answer = await fetch(callback);
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('another login')]);
  const late = await forged.end();
  expect(late.output).toContain('nobody logged in to DSN "shop" within 2 s');
  expect(late.output).not.toContain('canary-code');

  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const busy = project(`grant: authorization_code, redirect_url: "http://127.0.0.1:${port}/callback"`);
  const { output } = await run('login', 'shop', '--config', busy.config).end();
  taken.close();
  expect(output).toContain(`the redirect address 127.0.0.1:${port} is in use by another program`);
}, 60_000);

it('logs in on another device', async () => {
  const { config } = project('grant: device_code');
  const login = run('login', 'shop', '--config', config);
  const address = await login.find(/or open (http\S+)/);
  const { text } = await person().open(address);
  expect(text).toMatch(/Success/i);
  const { output, code } = await login.end();
  expect(output).toMatch(/enter the code [A-Z]{4}-[A-Z]{4}\n[\s\S]*shop: logged in as ann@example\.com/);
  expect(code).toBe(0);
}, 60_000);

it('says that a DSN needs no login, or is not there', async () => {
  const { config } = project('grant: client_credentials');
  expect((await run('login', 'shop', '--config', config).end()).output).toContain('DSN "shop" needs no login');
  expect((await run('login', 'shp', '--config', config).end()).output).toContain('there is no DSN "shp"');
});
