import { createHmac, randomBytes } from 'node:crypto';
import type { TableModel } from '../../config/model.js';
import { Secret } from '../../core/secret.js';

/**
 * Tells whether two definitions of a table ask the same API in the same way with the same credentials, across reloads. An
 * identity is made of secrets too, so it is keyed with something that this process alone knows and never leaves it.
 */
export class TableIdentities {
  readonly #key = randomBytes(32);
  readonly #known = new WeakMap<TableModel, string>();

  of(table: TableModel): string {
    let identity = this.#known.get(table);
    if (identity === undefined) {
      const { location: _, ...definition } = table;
      identity = createHmac('sha256', this.#key)
        .update(JSON.stringify(plain(definition)))
        .digest('base64url');
      this.#known.set(table, identity);
    }
    return identity;
  }
}

/** The definition as JSON can hold it, secrets revealed. */
function plain(value: unknown): unknown {
  if (value instanceof Secret) return ['secret', value.reveal()];
  if (value instanceof Map) return [...value].map(([name, item]) => [name, plain(item)]);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([name, item]) => [name, plain(item)]);
  }
  return value;
}
