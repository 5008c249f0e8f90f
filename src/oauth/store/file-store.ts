import { statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TokensModel } from '../../config/model.js';
import { errors, GatewayError } from '../../core/errors.js';
import { removeLeftovers, takeLock } from './process-lock.js';
import { replaceFile } from './replace-file.js';
import type { Sealer } from './sealed-text.js';
import { openEntries, openSealer, sealEntries } from './store-sealer.js';
import type { StoredToken, TokenStore } from './token-store.js';
import { TokenStoreUnusable } from './unusable.js';

const LOCK_TIMEOUT_MS = 30_000;
const ABSENT = 'absent';

interface Content {
  readonly version: string;
  readonly entries: ReadonlyMap<string, StoredToken>;
}

/** The encrypted file that all gateways and commands with the same settings share. */
export class FileTokenStore implements TokenStore {
  readonly isLasting = true;
  readonly #file: string;
  readonly #settings: TokensModel;
  #sealer: Promise<Sealer> | null = null;
  #content: Content | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(settings: TokensModel) {
    this.#file = settings.file;
    this.#settings = settings;
  }

  version(): string {
    try {
      // A replaced file is another file: its number and time tell, whatever its size.
      const { ino, mtimeNs, size } = statSync(this.#file, { bigint: true });
      return `${ino}-${mtimeNs}-${size}`;
    } catch {
      return ABSENT;
    }
  }

  async read(id: string): Promise<StoredToken | null> {
    return (await this.#load()).entries.get(id) ?? null;
  }

  async list(): Promise<ReadonlyMap<string, StoredToken>> {
    return (await this.#load()).entries;
  }

  update(id: string, change: (current: StoredToken | null) => StoredToken | null): Promise<void> {
    // Within the process writers queue here: only one of them waits for the other processes.
    const written = this.#writing.then(() => this.#write(id, change));
    this.#writing = written.catch(() => {});
    return written;
  }

  async exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#makeFolder();
    const lock = await takeLock(`${this.#file}.${name}.lock`, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw this.#cannotWrite(error);
    });
    try {
      return await work();
    } finally {
      await lock.release();
    }
  }

  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(id: string, change: (current: StoredToken | null) => StoredToken | null): Promise<void> {
    await this.#makeFolder();
    const path = `${this.#file}.lock`;
    try {
      const lock = await takeLock(path, AbortSignal.timeout(LOCK_TIMEOUT_MS));
      try {
        const entries = new Map((await this.#load()).entries);
        const next = change(entries.get(id) ?? null);
        if (next === null) entries.delete(id);
        else entries.set(id, next);
        const sealed = await sealEntries(await this.#open(), entries);
        if (!(await lock.isHeld())) throw new Error('another process took the lock over');
        await replaceFile(this.#file, sealed);
        this.#content = { version: this.version(), entries };
      } finally {
        await lock.release();
      }
      await removeLeftovers(path);
    } catch (error) {
      throw this.#cannotWrite(error);
    }
  }

  async #load(): Promise<Content> {
    // Taken before reading: if the file is replaced meanwhile, the next call reads again.
    const version = this.version();
    if (this.#content?.version === version) return this.#content;
    if (version === ABSENT) return { version, entries: new Map() };
    let sealed: string;
    try {
      sealed = await readFile(this.#file, 'utf8');
    } catch (error) {
      throw errors.configuration(`the token store "${this.#file}" cannot be read`, {
        detail: (error as Error).message,
        hint: 'Let the user that runs the gateway read it, or name another file in tokens.file.',
      });
    }
    const entries = await openEntries<StoredToken>(await this.#open(), sealed);
    if (entries === null) {
      throw errors.configuration(`the token store "${this.#file}" cannot be decrypted`, {
        hint: `Give it the key that it was written with (tokens.key, or ${this.#file}.key); without it, delete the file and log in again.`,
      });
    }
    this.#content = { version, entries };
    return this.#content;
  }

  #open(): Promise<Sealer> {
    this.#sealer ??= openSealer(this.#settings).catch((error: unknown) => {
      this.#sealer = null;
      throw this.#cannotWrite(error);
    });
    return this.#sealer;
  }

  async #makeFolder(): Promise<void> {
    try {
      await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw this.#cannotWrite(error);
    }
  }

  #cannotWrite(error: unknown): Error {
    if (error instanceof GatewayError) return error;
    return new TokenStoreUnusable(
      `the token store "${this.#file}" cannot be written`,
      error,
      'Name a file in tokens.file that the gateway can write to.',
    );
  }
}
