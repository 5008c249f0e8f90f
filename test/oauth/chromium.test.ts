import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApi, type TestApi } from '../support/api-server.js';
import { startAuthorizationServer, type TestAuthorizationServer } from '../support/authorization-server.js';
import { ChromiumPage } from '../support/chromium.js';
import { describeClient } from '../support/programs.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** As `npm test` has built it. */
const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const TOKEN_LIFE_S = 2;

describeClient('chromium', () => {
  let page: ChromiumPage;
  let server: TestAuthorizationServer;
  let api: TestApi;
  let gateway: TestGateway;
  /** With a program that takes the place of the system's browser: it writes the address down. */
  let folder: string;
  let rotated = 0;

  beforeAll(async () => {
    server = await startAuthorizationServer(() => ({
      clients: [
        {
          client_id: 'tidegate',
          client_secret: 'canary-client-secret',
          application_type: 'native',
          redirect_uris: ['http://127.0.0.1/callback'],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
        },
      ],
      features: { devInteractions: { enabled: true } },
      rotateRefreshToken: true,
      pkce: { required: () => true },
      ttl: { AccessToken: TOKEN_LIFE_S },
    }));
    server.provider.on('refresh_token.consumed', () => rotated++);
    api = await startApi({
      'GET /orders': async ({ headers }) => {
        const token = String(headers.authorization).replace('Bearer ', '');
        const known = await server.provider.AccessToken.find(token);
        return known === undefined ? { status: 401, body: {} } : { body: [{ id: 1 }, { id: 2 }] };
      },
    });
    const auth = `{ type: oauth2, grant: authorization_code, issuer: "${server.issuer}", client_id: tidegate, client_secret: "\${env:SECRET}", scopes: [openid, offline_access, orders], extra_authorization_parameters: { prompt: consent } }`;
    gateway = await startTestGateway({
      dsns: {
        'shop.yaml': `auth: ${auth}\nbase_url: ${api.url}\ntables: { orders: { path: /orders, records: "$[*]", columns: { id: integer } } }\n`,
      },
      env: { SECRET: 'canary-client-secret' },
    });
    folder = mkdtempSync(join(tmpdir(), 'tidegate-browser-'));
    mkdirSync(join(folder, 'bin'));
    writeFileSync(
      join(folder, 'bin/xdg-open'),
      `#!/bin/sh\nprintf %s "$1" > "${folder}/opened.new"\nmv "${folder}/opened.new" "${folder}/opened"\n`,
    );
    chmodSync(join(folder, 'bin/xdg-open'), 0o755);
    page = await ChromiumPage.start();
  }, 120_000);

  afterAll(async () => {
    await page?.close();
    await gateway?.close();
    await api?.close();
    await server?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  /** Starts `tidegate login` and gives the address that it opened a browser with. */
  async function beginLogin() {
    const opened = join(folder, 'opened');
    rmSync(opened, { force: true });
    const args = ['login', 'shop', '--config', join(gateway.folder, 'gateway.yml.settings')];
    const path = `${join(folder, 'bin')}:${process.env.PATH}`;
    const env = { ...process.env, PATH: path, DISPLAY: ':0', SECRET: 'canary-client-secret' };
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const closed = once(child, 'close');
    while (!existsSync(opened)) {
      if (child.exitCode !== null) throw new Error(output);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return {
      address: readFileSync(opened, 'utf8'),
      end: async () => ({ code: ((await closed) as [number | null])[0], output }),
    };
  }

  it('logs in through the real pages, and the running gateway goes on with rotating tokens', async () => {
    const client = await gateway.connect();
    const query = async () => (await client.query<{ id: number }>('SELECT id FROM shop.orders')).rows.length;
    await expect(query()).rejects.toMatchObject({ code: 'HV000', hint: 'run: tidegate login shop' });

    const login = await beginLogin();
    await page.open(login.address);
    await page.type('input[name=login]', 'ann@example.com');
    await page.type('input[name=password]', 'canary-password');
    await page.click('button[type=submit]');
    // The consent page, which has no field for a password.
    await page.until('document.querySelector("input[name=prompt][value=consent]") !== null');
    expect(await page.evaluate('document.body.innerText')).toMatch(/orders/);
    await page.click('button[type=submit]');
    await page.until('document.body.innerText.includes("The login is complete.")');
    expect(String(await page.evaluate('location.href'))).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback\?/);
    const { code, output } = await login.end();
    expect(code).toBe(0);
    expect(output).toMatch(/shop: logged in as ann@example\.com\n {2}scopes: .*orders[\s\S]*then it is renewed/);
    expect(output).not.toMatch(/canary|No browser/);

    // The gateway found out by itself that nobody had logged in: now it goes on, longer than any token lives.
    const endAt = performance.now() + 2 * TOKEN_LIFE_S * 1000;
    do {
      expect(await query()).toBe(2);
      await new Promise((resolve) => setTimeout(resolve, 100));
    } while (performance.now() < endAt);
    expect(rotated).toBeGreaterThanOrEqual(2);
    expect(JSON.stringify(gateway.log)).not.toContain('canary');
    await client.end();
  }, 120_000);

  it('tells a consent that was denied on the page', async () => {
    const login = await beginLogin();
    await page.open(login.address);
    // Logged in already: only the consent is asked for.
    await page.until('document.querySelector("input[name=prompt][value=consent]") !== null');
    await page.click('a[href$="/abort"]');
    await page.until('document.body.innerText.includes("The login failed.")');
    const { code, output } = await login.end();
    expect(code).toBe(1);
    expect(output).toMatch(/consent was denied for DSN "shop"\nDETAIL: .*access_denied/);
  }, 120_000);
});
