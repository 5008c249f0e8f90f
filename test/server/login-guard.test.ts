import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LoginAttempt, LoginGuard } from '../../src/server/login-guard.js';

describe('the login guard', () => {
  let guard: LoginGuard;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    guard = new LoginGuard();
  });
  afterEach(() => vi.useRealTimers());

  /** How long an attempt has to wait; null: refused. */
  async function wait(address: string, user: string): Promise<{ ms: number | null; attempt: LoginAttempt | null }> {
    const startedAt = performance.now();
    const admitted = guard.admit(address, user, new PassThrough()).then(
      (attempt) => ({ ms: performance.now() - startedAt, attempt }),
      (error: { sqlstate?: string }) => {
        expect(error.sqlstate).toBe('28000');
        return { ms: null, attempt: null };
      },
    );
    await vi.advanceTimersByTimeAsync(60_000);
    return admitted;
  }

  async function fail(address: string, user: string): Promise<number | null> {
    const startedAt = performance.now();
    const admitted = guard.admit(address, user, new PassThrough()).then((attempt) => {
      attempt!.failed();
      return performance.now() - startedAt;
    });
    while (vi.getTimerCount() > 0) await vi.advanceTimersByTimeAsync(1);
    return admitted;
  }

  it('makes each attempt after a failure wait twice as long, up to a bound', async () => {
    const waits: number[] = [];
    for (let k = 0; k < 8; k++) waits.push(Math.round((await fail('10.0.0.1', 'ann'))!));
    expect(waits).toEqual([0, 250, 500, 1000, 2000, 4000, 8000, 8000]);
  });

  it('does not hold up another user, or the same from elsewhere, and forgets when the login succeeds', async () => {
    for (let k = 0; k < 3; k++) await fail('10.0.0.1', 'ann');
    expect((await guard.admit('10.0.0.1', 'bob', new PassThrough())) === null).toBe(false);
    expect((await guard.admit('10.0.0.2', 'ann', new PassThrough())) === null).toBe(false);
    const { ms, attempt } = await wait('10.0.0.1', 'ann');
    expect(ms).toBe(1000);
    attempt!.succeeded();
    expect((await wait('10.0.0.1', 'ann')).ms).toBe(0);
  });

  it('slows an address down that tries many users', async () => {
    for (let k = 0; k < 11; k++) expect(await fail('10.0.0.1', `user ${k}`)).toBe(0);
    expect(await fail('10.0.0.1', 'yet another')).toBe(250);
    expect(await fail('10.0.0.2', 'yet another')).toBe(0);
  });

  it('puts parallel attempts one behind the other, and refuses those that would wait long', async () => {
    for (let k = 0; k < 5; k++) await fail('10.0.0.1', 'ann');
    const waits: (number | null)[] = [];
    const startedAt = performance.now();
    const attempts = Array.from({ length: 20 }, () =>
      guard.admit('10.0.0.1', 'ann', new PassThrough()).then(
        () => waits.push(performance.now() - startedAt),
        () => waits.push(null),
      ),
    );
    await vi.advanceTimersByTimeAsync(60_000);
    await Promise.all(attempts);
    const waited = waits.filter((ms) => ms !== null);
    expect(waited).toEqual([4000, 8000, 12_000]);
    expect(waits.filter((ms) => ms === null)).toHaveLength(17);
  });

  it('lets nobody wait for a client that went away', async () => {
    for (let k = 0; k < 5; k++) await fail('10.0.0.1', 'ann');
    const socket = new PassThrough();
    const admitted = guard.admit('10.0.0.1', 'ann', socket);
    socket.destroy();
    expect(await admitted).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('remembers a bounded number of failures, and not for ever', async () => {
    for (let k = 0; k < 30_000; k++) (await guard.admit(`10.0.0.${k}`, `user ${k}`, new PassThrough()))!.failed();
    expect(guard.size).toBeLessThanOrEqual(10_000);
    for (let k = 0; k < 3; k++) await fail('10.0.0.1', 'ann');
    await vi.advanceTimersByTimeAsync(16 * 60_000);
    expect((await wait('10.0.0.1', 'ann')).ms).toBe(0);
  });
});
