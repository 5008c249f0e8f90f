import { orAborted } from '../../http/wait.js';
import type { StoredToken, TokenStore } from './token-store.js';

/** Tokens of one process, where there is no file for them. */
export class MemoryTokenStore implements TokenStore {
  readonly isLasting = false;
  readonly #entries = new Map<string, StoredToken>();
  readonly #queues = new Map<string, Promise<void>>();
  #version = 0;

  version(): string {
    return String(this.#version);
  }

  async read(id: string): Promise<StoredToken | null> {
    return this.#entries.get(id) ?? null;
  }

  async list(): Promise<ReadonlyMap<string, StoredToken>> {
    return new Map(this.#entries);
  }

  async update(id: string, change: (current: StoredToken | null) => StoredToken | null): Promise<void> {
    const next = change(this.#entries.get(id) ?? null);
    if (next === null) this.#entries.delete(id);
    else this.#entries.set(id, next);
    this.#version++;
  }

  async close(): Promise<void> {}

  async exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const before = this.#queues.get(name) ?? Promise.resolve();
    let finish = (): void => {};
    const mine = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const queue = before.then(() => mine);
    this.#queues.set(name, queue);
    try {
      await orAborted(before, signal);
      return await work();
    } finally {
      finish();
      if (this.#queues.get(name) === queue) this.#queues.delete(name);
    }
  }
}
