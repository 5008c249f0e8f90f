import { createHash, randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { TokensModel } from '../config/model.js';
import { errors, GatewayError } from '../core/errors.js';
import type { Secret } from '../core/secret.js';
import { sleep } from '../http/wait.js';
import type { Sealer } from '../oauth/store/sealed-text.js';
import { openEntries, openSealer, sealEntries } from '../oauth/store/store-sealer.js';
import type { StoredToken, TokenStore } from '../oauth/store/token-store.js';
import { TokenStoreUnusable } from '../oauth/store/unusable.js';
import { ConnectionPool } from './connection-pool.js';
import { openClient } from './endpoint.js';
import { openExternal } from './external.js';
import { CATALOGUE_LOCK } from './install.js';
import { hiddenPlace, quoteName } from './names.js';

const WORK_CONNECTIONS = 2;
/** Each holds one lock for as long as a token is asked for. */
const LOCK_CONNECTIONS = 8;
const SHORTEST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 150;
/** How old what is known of the table's version may be. */
const POLL_MS = 200;
/** A gateway whose machine is gone must not keep a lock for the hours that TCP would wait. */
const KEEPALIVE = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3';
/** The one row's name. */
const ROW = 'tokens';
const EMPTY = 'empty';

interface Connections {
  readonly table: string;
  readonly work: ConnectionPool;
  readonly locks: ConnectionPool;
}

interface Content {
  readonly version: string;
  readonly entries: ReadonlyMap<string, StoredToken>;
}

/**
 * The token store of gateways that share an external engine: one row, sealed as the file is, in a table that no client may
 * read. Locks are advisory locks of the session that asks for a token, so they end with a gateway that is killed.
 */
export class TokenTable implements TokenStore {
  readonly isLasting = true;
  readonly #url: Secret;
  readonly #tokens: TokensModel;
  #connections: Promise<Connections> | null = null;
  #sealer: Promise<Sealer> | null = null;
  #content: Content | null = null;
  #version = EMPTY;
  #polledAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> = Promise.resolve();

  constructor(url: Secret, tokens: TokensModel) {
    this.#url = url;
    this.#tokens = tokens;
  }

  /** What was seen last; looks again in the background, so that a new login is noticed without anybody waiting. */
  version(): string {
    const now = performance.now();
    if (now - this.#polledAt >= POLL_MS) {
      this.#polledAt = now;
      void this.#poll().catch(() => {});
    }
    return this.#version;
  }

  async read(id: string): Promise<StoredToken | null> {
    return (await this.list()).get(id) ?? null;
  }

  async list(): Promise<ReadonlyMap<string, StoredToken>> {
    const { entries } = await this.#use(async (client, table) => await this.#load(client, table, ''));
    return entries;
  }

  update(id: string, change: (current: StoredToken | null) => StoredToken | null): Promise<void> {
    const written = this.#writing.then(() => this.#use((client, table) => this.#write(client, table, id, change)));
    this.#writing = written.catch(() => {});
    return written;
  }

  async exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const key = createHash('sha256').update(`tidegate token ${name}`).digest().readBigInt64BE().toString();
    for (let waitMs = SHORTEST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
      const { locks } = await this.#open();
      const client = await locks.acquire(signal).catch((error: unknown) => {
        signal.throwIfAborted();
        throw unusable(error);
      });
      let isBroken = true;
      try {
        if (await this.#tryLock(client, key)) {
          try {
            return await work();
          } finally {
            // A connection that was lost meanwhile has taken its lock with it.
            isBroken = await client.query('SELECT pg_advisory_unlock($1)', [key]).then(
              () => false,
              () => true,
            );
          }
        }
        isBroken = false;
      } finally {
        locks.release(client, isBroken);
      }
      await sleep(waitMs * (0.5 + Math.random()), signal);
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    const open = await this.#connections?.catch(() => null);
    await Promise.all([open?.work.close(), open?.locks.close()]);
  }

  async #tryLock(client: pg.Client, key: string): Promise<boolean> {
    try {
      const text = 'SELECT pg_try_advisory_lock($1)::text';
      const { rows } = await client.query<[string]>({ text, values: [key], rowMode: 'array' });
      return rows[0]?.[0] === 'true';
    } catch (error) {
      throw unusable(error);
    }
  }

  async #poll(): Promise<void> {
    await this.#use(async (client, table) => {
      const text = `SELECT version FROM ${table} WHERE name = $1`;
      const { rows } = await client.query<[string]>({ text, values: [ROW], rowMode: 'array' });
      this.#version = rows[0]?.[0] ?? EMPTY;
    });
  }

  /** What the row holds; taken from memory while its version is the one that is known. */
  async #load(client: pg.Client, table: string, lock: '' | 'FOR UPDATE'): Promise<Content> {
    const known = this.#content;
    const text = `SELECT version, CASE WHEN version <> $2 THEN sealed END FROM ${table} WHERE name = $1 ${lock}`;
    const values = [ROW, known?.version ?? ''];
    const { rows } = await client.query<[string, string | null]>({ text, values, rowMode: 'array' });
    const [version = EMPTY, sealed = null] = rows[0] ?? [];
    this.#version = version;
    if (known !== null && known.version === version) return known;
    if (sealed === null || sealed === '') return { version, entries: new Map() };
    const entries = await openEntries<StoredToken>(await this.#openSealer(), sealed);
    if (entries === null) {
      throw errors.configuration('the token store in the engine cannot be decrypted', {
        hint: 'Give all gateways of this engine the same tokens.key, the one that it was written with.',
      });
    }
    this.#content = { version, entries };
    return this.#content;
  }

  async #write(
    client: pg.Client,
    table: string,
    id: string,
    change: (current: StoredToken | null) => StoredToken | null,
  ): Promise<void> {
    await client.query('BEGIN');
    // A refresh token that is used up must not be lost with the server's last moments.
    await client.query('SET LOCAL synchronous_commit = on');
    await client.query(`INSERT INTO ${table} VALUES ($1, '', '') ON CONFLICT DO NOTHING`, [ROW]);
    const entries = new Map((await this.#load(client, table, 'FOR UPDATE')).entries);
    const next = change(entries.get(id) ?? null);
    if (next === null) entries.delete(id);
    else entries.set(id, next);
    const sealed = await sealEntries(await this.#openSealer(), entries);
    const version = randomUUID();
    await client.query(`UPDATE ${table} SET version = $2, sealed = $3 WHERE name = $1`, [ROW, version, sealed]);
    await client.query('COMMIT');
    this.#content = { version, entries };
    this.#version = version;
  }

  async #use<T>(work: (client: pg.Client, table: string) => Promise<T>): Promise<T> {
    try {
      const { work: pool, table } = await this.#open();
      return await pool.use((client) => work(client, table));
    } catch (error) {
      throw unusable(error);
    }
  }

  #open(): Promise<Connections> {
    this.#connections ??= this.#connect().catch((error: unknown) => {
      this.#connections = null;
      throw unusable(error);
    });
    return this.#connections;
  }

  async #connect(): Promise<Connections> {
    const { endpoint, isSuperuser } = await openExternal(this.#url);
    const catalogOption = isSuperuser ? ' -c allow_system_table_mods=on' : '';
    const own = { ...endpoint, options: `${endpoint.options}${catalogOption} ${KEEPALIVE}` };
    const { planSchema, isInCatalog } = hiddenPlace(isSuperuser);
    const table = quoteName(planSchema, 'tidegate_tokens');
    const work = new ConnectionPool(() => openClient(own), WORK_CONNECTIONS);
    await work.use(async (client) => {
      await client.query('BEGIN');
      await client.query(`SELECT pg_advisory_xact_lock(${CATALOGUE_LOCK})`);
      if (!isInCatalog) await client.query(`CREATE SCHEMA IF NOT EXISTS ${planSchema}`);
      await client.query(
        `CREATE TABLE IF NOT EXISTS ${table} (name text PRIMARY KEY, version text NOT NULL, sealed text NOT NULL)`,
      );
      await client.query(`REVOKE ALL ON ${table} FROM PUBLIC`);
      await client.query('COMMIT');
    });
    return { table, work, locks: new ConnectionPool(() => openClient(own), LOCK_CONNECTIONS) };
  }

  #openSealer(): Promise<Sealer> {
    this.#sealer ??= openSealer(this.#tokens).catch((error: unknown) => {
      this.#sealer = null;
      throw error;
    });
    return this.#sealer;
  }
}

function unusable(error: unknown): Error {
  if (error instanceof GatewayError && error.sqlstate !== 'HV00N') return error;
  return new TokenStoreUnusable(
    'the token store in the engine cannot be used',
    error,
    'Check engine.url, and that the server works.',
  );
}
