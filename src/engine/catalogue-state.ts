import type pg from 'pg';
import { type HiddenPlace, stateTable } from './names.js';

/** What the gateway remembers of the engine's objects, in a table there: kind and name to fingerprint. */
export type StateKind = 'schema' | 'table' | 'comments' | 'view' | 'foreign key' | 'user' | 'setting';

/** The remembered fingerprints, with what has to be written back. */
export class CatalogueState {
  readonly #table: string;
  readonly #stored: ReadonlyMap<string, string>;
  readonly #current: Map<string, string>;

  private constructor(table: string, stored: ReadonlyMap<string, string>) {
    this.#table = table;
    this.#stored = stored;
    this.#current = new Map(stored);
  }

  static async read(client: pg.Client, place: HiddenPlace): Promise<CatalogueState> {
    const table = stateTable(place);
    const { rows } = await client.query<[string, string]>({
      text: `SELECT key, fingerprint FROM ${table}`,
      rowMode: 'array',
    });
    return new CatalogueState(table, new Map(rows));
  }

  get(kind: StateKind, name: string): string | undefined {
    return this.#current.get(`${kind}:${name}`);
  }

  set(kind: StateKind, name: string, fingerprint: string): void {
    this.#current.set(`${kind}:${name}`, fingerprint);
  }

  delete(kind: StateKind, name: string): void {
    this.#current.delete(`${kind}:${name}`);
  }

  /** Names of a kind. */
  names(kind: StateKind): readonly string[] {
    const prefix = `${kind}:`;
    return [...this.#current.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  }

  /** Writes what changed since `read`, in the caller's transaction; returns how many rows that was. */
  async write(client: pg.Client): Promise<number> {
    const changed = [...this.#current].filter(([key, value]) => this.#stored.get(key) !== value);
    const gone = [...this.#stored.keys()].filter((key) => !this.#current.has(key));
    if (gone.length > 0) await client.query(`DELETE FROM ${this.#table} WHERE key = ANY ($1::text[])`, [gone]);
    if (changed.length > 0) {
      await client.query(
        `INSERT INTO ${this.#table} (key, fingerprint) SELECT * FROM unnest($1::text[], $2::text[])
         ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint`,
        [changed.map(([key]) => key), changed.map(([, value]) => value)],
      );
    }
    return changed.length + gone.length;
  }
}
