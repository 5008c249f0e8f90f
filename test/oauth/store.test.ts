import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.js';
import { FileTokenStore } from '../../src/oauth/store/file-store.js';
import { takeLock } from '../../src/oauth/store/process-lock.js';
import type { StoredToken } from '../../src/oauth/store/token-store.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-store-'));
  folders.push(folder);
  return join(folder, 'sub', 'tokens');
}

function entry(accessToken: string): StoredToken {
  return {
    dsn: 'shop',
    description: 'test',
    accessToken,
    obtainedAt: Date.now(),
    lifetimeMs: 1000,
    refreshToken: null,
    seed: null,
    scopes: null,
    account: null,
    failure: null,
  };
}

const signal = new AbortController().signal;

describe('the token store', () => {
  it('keeps entries for another process, encrypted, readable by its user alone', async () => {
    const file = newFile();
    await new FileTokenStore({ file, key: null }).update('a', () => entry('canary-token'));
    expect((await new FileTokenStore({ file, key: null }).read('a'))?.accessToken).toBe('canary-token');
    expect(readFileSync(file, 'latin1')).not.toMatch(/canary|shop/);
    for (const name of [file, `${file}.key`]) expect(statSync(name).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
  });

  it.each([
    ['a passphrase', 'correct horse battery staple'],
    ['hex', 'ab'.repeat(32)],
    ['base64', Buffer.alloc(32, 7).toString('base64')],
  ])('takes %s as its key, and says when it is the wrong one', async (_name, key) => {
    const file = newFile();
    await new FileTokenStore({ file, key: new Secret(key) }).update('a', () => entry('t'));
    expect((await new FileTokenStore({ file, key: new Secret(key) }).read('a'))?.accessToken).toBe('t');
    expect(readdirSync(join(file, '..'))).not.toContain('tokens.key');
    const wrong = new FileTokenStore({ file, key: new Secret(`${key}x`) });
    await expect(wrong.read('a')).rejects.toMatchObject({
      sqlstate: 'F0000',
      message: expect.stringContaining('decrypted'),
    });
    await expect(wrong.update('a', () => null)).rejects.toMatchObject({ sqlstate: 'F0000' });
  });

  it('refuses a file of which one character was changed, wherever it stands', async () => {
    const file = newFile();
    const store = new FileTokenStore({ file, key: null });
    await store.update('a', () => entry('t'));
    const { salt, iv, tag, data, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    const fields = { salt, iv, tag, data };
    for (const name of Object.keys(fields)) {
      const bytes = Buffer.from(fields[name as keyof typeof fields]!, 'base64');
      bytes[0]! ^= 1;
      writeFileSync(file, JSON.stringify({ ...rest, ...fields, [name]: bytes.toString('base64') }));
      const other = new FileTokenStore({ file, key: null });
      await expect(other.read('a'), name).rejects.toMatchObject({ message: expect.stringContaining('decrypted') });
    }
    writeFileSync(file, '');
    await expect(new FileTokenStore({ file, key: null }).read('a')).rejects.toThrow('decrypted');
  });

  it('refuses a key file that others may read, and one that holds no key', async () => {
    const file = newFile();
    await new FileTokenStore({ file, key: null }).update('a', () => entry('t'));
    chmodSync(`${file}.key`, 0o644);
    await expect(new FileTokenStore({ file, key: null }).read('a')).rejects.toMatchObject({
      hint: `Run: chmod 600 ${file}.key`,
    });
    chmodSync(`${file}.key`, 0o600);
    writeFileSync(`${file}.key`, 'short');
    await expect(new FileTokenStore({ file, key: null }).read('a')).rejects.toThrow('holds no key');
  });

  it('loses no entry when many write at once through several instances', async () => {
    const file = newFile();
    const stores = Array.from({ length: 4 }, () => new FileTokenStore({ file, key: null }));
    await Promise.all(Array.from({ length: 40 }, (_item, n) => stores[n % 4]!.update(`e${n}`, () => entry(`t${n}`))));
    const found = await new FileTokenStore({ file, key: null }).list();
    expect([...found.values()].map(({ accessToken }) => accessToken).sort()).toEqual(
      Array.from({ length: 40 }, (_item, n) => `t${n}`).sort(),
    );
    expect(readdirSync(join(file, '..')).sort()).toEqual(['tokens', 'tokens.key', 'tokens.lock']);
  });

  it('sees what another instance wrote, and does not write through a link put in its way', async () => {
    const file = newFile();
    const [one, two] = [new FileTokenStore({ file, key: null }), new FileTokenStore({ file, key: null })];
    await one.update('a', () => entry('first'));
    expect((await two.read('a'))?.accessToken).toBe('first');
    const before = two.version();
    const victim = join(file, '..', 'victim');
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, `${file}.new`);
    await one.update('a', () => entry('second'));
    expect(two.version()).not.toBe(before);
    expect((await two.read('a'))?.accessToken).toBe('second');
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
  });
});

describe('a lock', () => {
  it('is held by one at a time, and a waiting one leaves when its signal aborts', async () => {
    const file = newFile();
    const path = `${file}.test.lock`;
    const store = new FileTokenStore({ file, key: null });
    await store.update('a', () => null);
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 12 }, () =>
        store.exclusive('x', signal, async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setTimeout(resolve, 2));
          inside--;
        }),
      ),
    );
    expect(most).toBe(1);
    const lock = await takeLock(path, signal);
    const controller = new AbortController();
    const waiting = takeLock(path, controller.signal);
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(await lock.isHeld()).toBe(true);
    await lock.release();
    await (await takeLock(path, signal)).release();
  });

  it('of a dead process is broken, that of a living one is not', async () => {
    const file = newFile();
    const path = `${file}.test.lock`;
    await new FileTokenStore({ file, key: null }).update('a', () => null);
    const lock = await takeLock(path, signal);
    const [mark] = readdirSync(path);
    const owner = JSON.parse(readFileSync(join(path, mark!), 'utf8')) as { pid: number; began: string };
    await expect(takeLock(path, AbortSignal.timeout(150))).rejects.toThrow();
    // The process id lives on as another process: this one, that began at another time.
    writeFileSync(join(path, mark!), JSON.stringify({ ...owner, began: '1' }));
    const next = await takeLock(path, AbortSignal.timeout(5_000));
    expect(await lock.isHeld()).toBe(false);
    await lock.release();
    expect(await next.isHeld()).toBe(true);
    await next.release();
  });
});
