import { randomInt } from 'node:crypto';
import type pg from 'pg';
import type { DropQueue } from './drop-queue.js';
import { type Endpoint, openClient } from './endpoint.js';
import { type HiddenPlace, quoteName, SCAN_PREFIX } from './names.js';

/** First key of the advisory locks that gateways hold; the second is the instance number. */
const LOCK_CLASS = 0x7469_6465;
const RECONNECT_MS = 1000;

/**
 * A number that stands in the names of this gateway's scan tables. On a server that several gateways share, a session
 * holds an advisory lock on it, so that others can tell whose gateway is gone.
 */
export class Instance {
  readonly number = randomInt(1, 2 ** 31 - 1);
  readonly #endpoint: Endpoint;
  #client: pg.Client | null = null;
  #isClosed = false;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** Takes the lock and keeps it: a lost session is replaced. */
  async hold(): Promise<void> {
    const client = await openClient(this.#endpoint);
    client.on('error', () => undefined);
    client.on('end', () => {
      if (!this.#isClosed) setTimeout(() => void this.#holdAgain(), RECONNECT_MS).unref();
    });
    this.#client = client;
    await client.query('SELECT pg_advisory_lock($1, $2)', [LOCK_CLASS, this.number]);
  }

  async release(): Promise<void> {
    this.#isClosed = true;
    await this.#client?.end().catch(() => undefined);
  }

  async #holdAgain(): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.hold();
    } catch {
      setTimeout(() => void this.#holdAgain(), RECONNECT_MS).unref();
    }
  }
}

/** Drops the scan tables of gateways that are gone: all there are, or with `isShared` those whose lock nobody holds. */
export async function dropOldScanTables(
  client: pg.Client,
  drops: DropQueue,
  place: HiddenPlace,
  isShared: boolean,
): Promise<void> {
  const { rows } = await client.query<[string]>({
    text: `SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND starts_with(relname, $2)`,
    values: [place.scanSchema, SCAN_PREFIX],
    rowMode: 'array',
  });
  const byInstance = new Map<number, string[]>();
  for (const [name] of rows) {
    const number = Number(/^\d+/.exec(name.slice(SCAN_PREFIX.length))?.[0] ?? 0);
    byInstance.set(number, [...(byInstance.get(number) ?? []), quoteName(place.scanSchema, name)]);
  }
  for (const [number, names] of byInstance) {
    if (!isShared || !(await isHeld(client, number))) await drops.drop(names);
  }
}

async function isHeld(client: pg.Client, number: number): Promise<boolean> {
  const { rows } = await client.query<[string]>({
    text: 'SELECT pg_try_advisory_lock($1, $2)::text',
    values: [LOCK_CLASS, number],
    rowMode: 'array',
  });
  if (rows[0]![0] !== 'true') return true;
  await client.query('SELECT pg_advisory_unlock($1, $2)', [LOCK_CLASS, number]);
  return false;
}
