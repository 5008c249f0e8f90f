import type { Duplex } from 'node:stream';
import { errors } from '../core/errors.js';

/** The pause after a first failure; it doubles with each further one, up to the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;
/** Failures for different users that one address has free: many people can share it. */
const FREE_PER_ADDRESS = 10;
/** An attempt that would have to wait longer is refused at once. */
const LONGEST_WAIT_MS = 15_000;
const FORGET_AFTER_MS = 15 * 60_000;
const MOST_REMEMBERED = 10_000;
const MOST_WAITING = 100;

interface Failures {
  count: number;
  lastAt: number;
  /** When the next attempt may begin; each attempt that waits moves it on. */
  readyAt: number;
}

export interface LoginAttempt {
  failed(): void;
  succeeded(): void;
}

/**
 * Slows logins down that follow failed ones, for a user from an address, and for an address altogether. Attempts wait
 * before they take a connection to the engine or a place among the clients, one behind the other, so that trying in
 * parallel gains nothing; few may wait. Who tries another user, or comes from elsewhere, is not held up.
 */
export class LoginGuard {
  readonly #records = new Map<string, Failures>();
  #waiting = 0;

  /** How many users and addresses it keeps in mind. */
  get size(): number {
    return this.#records.size;
  }

  /**
   * Resolves when the login may begin; null: the client went away meanwhile.
   * @throws 28000 when that would take too long
   */
  async admit(address: string, user: string, socket: Duplex): Promise<LoginAttempt | null> {
    const forUser = JSON.stringify([address, user]);
    const attempt: LoginAttempt = {
      failed: () => {
        this.#note(forUser, 0);
        this.#note(address, FREE_PER_ADDRESS);
      },
      succeeded: () => this.#records.delete(forUser),
    };
    const waitMs = Math.max(this.#reserve(forUser, 0), this.#reserve(address, FREE_PER_ADDRESS));
    if (waitMs <= 0) return attempt;
    if (waitMs > LONGEST_WAIT_MS || this.#waiting >= MOST_WAITING) throw tooManyFailures(waitMs);
    this.#waiting++;
    try {
      return (await pause(waitMs, socket)) ? attempt : null;
    } finally {
      this.#waiting--;
    }
  }

  /** Milliseconds to wait; the attempt takes its place in the queue, unless that is too long already. */
  #reserve(key: string, free: number): number {
    const record = this.#records.get(key);
    if (record === undefined) return 0;
    const now = performance.now();
    if (now - record.lastAt > FORGET_AFTER_MS) {
      this.#records.delete(key);
      return 0;
    }
    const waitMs = record.readyAt - now;
    if (waitMs <= LONGEST_WAIT_MS) record.readyAt = Math.max(now, record.readyAt) + pauseAfter(record.count - free);
    return waitMs;
  }

  #note(key: string, free: number): void {
    const now = performance.now();
    const before = this.#records.get(key);
    const count = (before?.count ?? 0) + 1;
    const readyAt = Math.max(before?.readyAt ?? 0, now + pauseAfter(count - free));
    // Those that failed last stand last; the first goes when there are too many.
    this.#records.delete(key);
    this.#records.set(key, { count, lastAt: now, readyAt });
    if (this.#records.size <= MOST_REMEMBERED) return;
    const [first] = this.#records.keys();
    this.#records.delete(first!);
  }
}

function pauseAfter(failures: number): number {
  return failures <= 0 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
}

/** False when the client went away. */
function pause(ms: number, socket: Duplex): Promise<boolean> {
  return new Promise((resolve) => {
    const onClose = (): void => end(false);
    const timer = setTimeout(() => end(true), ms);
    const end = (isDone: boolean): void => {
      clearTimeout(timer);
      socket.off('close', onClose);
      resolve(isDone);
    };
    socket.on('close', onClose);
  });
}

function tooManyFailures(waitMs: number): Error {
  return errors.invalidAuthorization('too many failed logins', {
    hint: `Try again in ${Math.ceil(waitMs / 1000)} s.`,
  });
}
