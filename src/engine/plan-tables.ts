import type { ConnectionPool } from './connection-pool.js';
import type { CatalogueEntry } from './engine.js';
import { type HiddenPlace, quoteName } from './names.js';
import { planBaseOf, planTableDdl } from './table-ddl.js';

/** duplicate_table, and what two simultaneous CREATE TABLE of one name also end with. */
const EXISTS_ALREADY = new Set(['42P07', '23505']);

/** Plan tables beyond the first, made when a statement names its table often. */
export class PlanTables {
  readonly #pool: ConnectionPool;
  readonly #place: HiddenPlace;
  readonly #known = new Map<string, readonly string[]>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(pool: ConnectionPool, place: HiddenPlace) {
    this.#pool = pool;
    this.#place = place;
  }

  /** See `Engine.ensurePlanTables`. */
  async ensure(entry: CatalogueEntry, count: number): Promise<readonly string[]> {
    const { table } = entry;
    if (table === null) return [];
    const base = planBaseOf(table);
    const known = this.#known.get(base) ?? entry.planTables;
    if (known.length >= count) return known;
    const made = this.#last.then(() => this.#make(entry, base, count));
    this.#last = made.catch(() => undefined);
    return made;
  }

  async #make(entry: CatalogueEntry, base: string, count: number): Promise<readonly string[]> {
    const names = [...(this.#known.get(base) ?? entry.planTables)];
    while (names.length < count) {
      const name = `${base}${names.length + 1}`;
      await this.#pool.use(async (client) => {
        try {
          await client.query(`BEGIN;\n${planTableDdl(entry.table!, name, this.#place)}COMMIT`);
        } catch (error) {
          // Another gateway on the same server made it.
          if (!EXISTS_ALREADY.has((error as { code?: string }).code ?? '')) throw error;
          await client.query('ROLLBACK');
        }
      });
      names.push(quoteName(this.#place.planSchema, name));
      this.#known.set(base, [...names]);
    }
    return names;
  }
}
