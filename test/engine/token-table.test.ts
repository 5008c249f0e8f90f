import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { TokenTable } from '../../src/engine/token-table.js';
import type { StoredToken } from '../../src/oauth/store/token-store.js';
import { type ExternalServer, startExternalServer } from '../support/external-server.js';
import { failure, gateway, login, shop, user } from './harness.js';

let server: ExternalServer;
const stores: TokenTable[] = [];
const signal = new AbortController().signal;

beforeAll(async () => {
  server = await startExternalServer();
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await server?.stop();
});

function open(key = 'canary-store-key'): TokenTable {
  const store = new TokenTable(server.url, { file: '/nowhere/tokens', key: new Secret(key) });
  stores.push(store);
  return store;
}

const entry = (accessToken: string): StoredToken => ({
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
});

/** All that the server has of the table. */
async function stored(): Promise<string> {
  const { host, port, password } = server.owner;
  const client = new pg.Client({ host, port, user: server.owner.user!, password: password!, database: 'data' });
  await client.connect();
  const { rows } = await client.query('SELECT * FROM tidegate_plan.tidegate_tokens');
  await client.end();
  return JSON.stringify(rows);
}

describe('the token store in a shared engine', () => {
  it('is seen by every gateway, and holds nothing readable', async () => {
    const [one, two] = [open(), open()];
    expect(await two.read('canary-id')).toBeNull();
    await one.update('canary-id', () => entry('canary-token'));
    expect((await two.read('canary-id'))?.accessToken).toBe('canary-token');
    const before = two.version();
    await one.update('canary-id', () => entry('canary-other'));
    const endAt = performance.now() + 5_000;
    while (two.version() === before) {
      expect(performance.now()).toBeLessThan(endAt);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await two.read('canary-id'))?.accessToken).toBe('canary-other');
    expect(await stored()).toContain('tidegate-tokens');
    expect(await stored()).not.toMatch(/canary|shop/);
    await two.update('canary-id', () => null);
    expect(await one.read('canary-id')).toBeNull();
  });

  it('loses no entry when many write at once', async () => {
    const some = Array.from({ length: 4 }, () => open());
    await Promise.all(Array.from({ length: 40 }, (_item, n) => some[n % 4]!.update(`e${n}`, () => entry(`t${n}`))));
    expect([...(await open().list()).keys()].sort()).toEqual(Array.from({ length: 40 }, (_item, n) => `e${n}`).sort());
  });

  it('says so when a gateway has another key, and writes nothing', async () => {
    const wrong = open('another key');
    for (const action of [wrong.list(), wrong.update('x', () => entry('t'))]) {
      await expect(action).rejects.toMatchObject({
        sqlstate: 'F0000',
        message: 'the token store in the engine cannot be decrypted',
        hint: expect.stringContaining('same tokens.key'),
      });
    }
    expect((await open().list()).size).toBe(40);
  });

  it('is locked by one gateway at a time; a lock ends with its connection, and a waiting one with its signal', async () => {
    const some = Array.from({ length: 3 }, () => open());
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 9 }, (_item, n) =>
        some[n % 3]!.exclusive('x', signal, async () => {
          most = Math.max(most, ++inside);
          await some[n % 3]!.update('locked', () => entry(String(n)));
          inside--;
        }),
      ),
    );
    expect(most).toBe(1);
    let release = (): void => {};
    let held = Promise.resolve();
    await new Promise<void>((entered) => {
      held = some[0]!.exclusive('x', signal, () => {
        entered();
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      });
    });
    const controller = new AbortController();
    const waiting = some[1]!.exclusive('x', controller.signal, async () => {});
    await some[1]!.exclusive('another', signal, async () => {});
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    // As the server sees a gateway that was killed.
    await server.owner.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted");
    await some[1]!.exclusive('x', signal, async () => {});
    release();
    await held;
    await some[0]!.update('x', () => entry('after'));
    expect((await some[0]!.read('x'))?.accessToken).toBe('after');
  });

  it('cannot be read or seen by clients', async () => {
    await open().update('a', () => entry('canary-token'));
    const engine = await startEngine({ mode: 'external', url: server.url }, { connections: 5 });
    try {
      await engine.applyCatalogue(gateway([shop()], [user('ann', 'x', 'all')]));
      const ann = await login(engine, 'ann', 'x');
      const error = await failure(ann.query('SELECT * FROM tidegate_plan.tidegate_tokens'));
      expect(error.code).toBe('42501');
      const { rows } = await ann.query("SELECT 1 FROM information_schema.tables WHERE table_name = 'tidegate_tokens'");
      expect(rows).toEqual([]);
      await ann.end();
    } finally {
      await engine.close();
    }
  });

  it('that cannot be reached is an error without the password', async () => {
    const url = new Secret('postgres://gw:canary-engine-password@127.0.0.1:1/data');
    const store = new TokenTable(url, { file: '/nowhere/tokens', key: new Secret('k') });
    const error = await failure(store.read('a'));
    expect(error).toMatchObject({ sqlstate: 'F0000', message: 'the token store in the engine cannot be used' });
    expect(JSON.stringify([error.message, error.detail, error.hint])).not.toContain('canary');
    await store.close();
  });
});
