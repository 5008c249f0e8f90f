import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { runTokensExport, runTokensImport } from '../../src/cli/move-tokens.js';
import { connectionsOf } from '../../src/oauth/connections.js';
import { FileTokenStore } from '../../src/oauth/store/file-store.js';
import type { StoredToken } from '../../src/oauth/store/token-store.js';
import { load } from '../config/harness.js';
import { runProgram } from '../support/programs.js';

const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const PASSPHRASE = 'canary correct horse battery';

const login = (name: string, obtainedAt: number): StoredToken => ({
  dsn: name,
  description: 'OAuth 2.0 authorization code',
  accessToken: `canary-access-${obtainedAt}`,
  obtainedAt,
  lifetimeMs: 3_600_000,
  refreshToken: `canary-refresh-${obtainedAt}`,
  seed: null,
  scopes: 'orders',
  account: 'ann',
  failure: null,
});

/** A machine: settings, a DSN and a token store of their own. */
async function machine(clientId = 'c') {
  const { model, folder } = await load({
    'dsn/shop.yaml': `auth: { type: oauth2, grant: authorization_code, client_id: ${clientId}, authorization_url: https://a.example, token_url: https://a.example/t }
base_url: https://h.example
tables: { t: { path: /x, columns: { a: text } } }
`,
  });
  const store = new FileTokenStore(model.tokens);
  const [connection] = connectionsOf(model.dsns[0]!);
  const config = join(folder, 'tidegate.yaml');
  /** In this process: each start of the command would take longer than all that it does. */
  const run = async ([action, file, ...rest]: string[], passphrase?: string) => {
    let output = '';
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      output += String(text);
      return true;
    });
    vi.stubEnv('TIDEGATE_PASSPHRASE', passphrase);
    const flags = { config, move: rest.includes('--move'), replace: rest.includes('--replace') };
    const names = rest.filter((name) => !name.startsWith('-'));
    try {
      await (action === 'export' ? runTokensExport(file!, names, flags) : runTokensImport(file!, flags));
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string };
      output += `${message}\nHINT: ${hint}\n`;
      process.exitCode = 1;
    } finally {
      write.mockRestore();
      vi.unstubAllEnvs();
    }
    const code = process.exitCode ?? 0;
    process.exitCode = 0;
    expect(output).not.toContain('canary');
    return { code, output };
  };
  return {
    folder,
    config,
    run,
    write: (entry: StoredToken) => store.update(connection!.id, () => entry),
    read: () => new FileTokenStore(model.tokens).read(connection!.id),
  };
}

it('moves a login to another machine, encrypted with a passphrase', async () => {
  const [desk, production] = [await machine(), await machine()];
  await desk.write(login('shop', 1000));
  const file = join(desk.folder, 'export');
  const args = [CLI, 'tokens', 'export', file, '--move', '--config', desk.config];
  expect(await runProgram(process.execPath, args, { env: { TIDEGATE_PASSPHRASE: PASSPHRASE } })).toEqual({
    code: 0,
    stdout: 'shop: exported, and taken out here\n',
    stderr: '',
  });
  expect(await desk.read()).toBeNull();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'latin1')).not.toMatch(/canary|shop/);
  expect(await production.run(['import', file], PASSPHRASE)).toEqual({ code: 0, output: 'shop: imported\n' });
  expect(await production.read()).toEqual(login('shop', 1000));
}, 60_000);

it('leaves a newer login alone, unless it is told not to; other settings get nothing', async () => {
  const [desk, production, other] = [await machine(), await machine(), await machine('another')];
  await desk.write(login('shop', 1000));
  const file = join(desk.folder, 'export');
  const exported = await desk.run(['export', file, 'shop'], PASSPHRASE);
  expect(exported.output).toMatch(/^shop: exported\nUse them in one place only/);
  expect((await desk.read())?.accessToken).toBe('canary-access-1000');
  await production.write(login('shop', 2000));
  expect(await production.run(['import', file], PASSPHRASE)).toMatchObject({
    code: 1,
    output: expect.stringContaining('the login here is newer'),
  });
  expect((await production.read())?.obtainedAt).toBe(2000);
  expect((await production.run(['import', file, '--replace'], PASSPHRASE)).output).toBe('shop: imported\n');
  expect((await production.read())?.obtainedAt).toBe(1000);
  expect(await other.run(['import', file], PASSPHRASE)).toMatchObject({
    code: 1,
    output: expect.stringContaining('shop: not imported, for no DSN here has the same'),
  });
  expect(await other.read()).toBeNull();
}, 60_000);

it('says what is wrong with passphrase and file', async () => {
  const desk = await machine();
  const file = join(desk.folder, 'export');
  expect((await desk.run(['export', file], PASSPHRASE)).output).toContain('there are no tokens to export');
  await desk.write(login('shop', 1000));
  expect((await desk.run(['export', file], 'short')).output).toContain('5 characters does not protect tokens');
  expect((await desk.run(['export', file])).output).toContain('HINT: Set TIDEGATE_PASSPHRASE.');
  expect(existsSync(file)).toBe(false);
  expect((await desk.run(['export', file, 'shp'], PASSPHRASE)).output).toContain('there is no DSN "shp"');
  await desk.run(['export', file], PASSPHRASE);
  expect((await desk.run(['export', file], PASSPHRASE)).output).toContain('there is such a file');
  expect((await desk.run(['import', file], 'another passphrase')).output).toContain('cannot be decrypted');
  writeFileSync(file, 'damaged');
  expect((await desk.run(['import', file], PASSPHRASE)).output).toContain('cannot be decrypted');
  expect((await desk.run(['import', join(desk.folder, 'none')], PASSPHRASE)).output).toContain('cannot be read');
}, 60_000);
