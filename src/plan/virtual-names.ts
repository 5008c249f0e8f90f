import type { Catalogue, CatalogueEntry } from '../engine/engine.js';
import type { Reference } from './references.js';
import type { Statement } from './statement.js';

/** The only database there is; `database.schema.table` names may have it. */
export const DATABASE = 'tidegate';

/** Tables of the gateway's own, which no client may name. */
const INTERNAL_NAME = /^tidegate_(scan|plan)(_|$)/;

/** Quick answers about which texts and names can mean virtual tables, for one catalogue. */
export class VirtualNames {
  readonly catalogue: Catalogue;
  readonly #names: ReadonlySet<string>;
  readonly #pattern: RegExp;

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue;
    this.#names = new Set([...catalogue.entries.values()].map((entry) => entry.name));
    const texts = [...this.#names].map((name) => escapePattern(name.replaceAll('"', '""')));
    // U&"…" can spell any name; tables of the gateway's own are looked for in order to be refused.
    this.#pattern = new RegExp(['u&"', 'tidegate_(?:scan|plan)', ...texts].join('|'), 'i');
  }

  /** False: the text names no virtual table, so it need not be parsed. */
  mayOccurIn(sql: string): boolean {
    return this.#pattern.test(sql);
  }

  /** Whether a statement has a name that is a virtual table's unless something else hides it. */
  mayConcern(statement: Statement): boolean {
    return statement.references.tables.some((reference) => this.#names.has(reference.name) || isInternal(reference));
  }

  /** The names that only the engine can resolve, because the search path decides: each once. */
  unqualified(statement: Statement): string[] {
    const names = statement.references.tables
      .filter((reference) => reference.schema === null && this.#names.has(reference.name))
      .map((reference) => reference.name);
    return [...new Set(names)];
  }

  /** The virtual table or view a reference means; `oids` has what the engine says of unqualified names. */
  resolve(reference: Reference, oids: ReadonlyMap<string, number>): CatalogueEntry | undefined {
    if (reference.schema === null) return this.catalogue.byOid.get(oids.get(reference.name) ?? 0);
    if (reference.database !== null && reference.database !== DATABASE) return undefined;
    return this.catalogue.entries.get(`${reference.schema}.${reference.name}`);
  }
}

/** Whether a reference names a scan or plan table. */
export function isInternal(reference: Reference): boolean {
  return INTERNAL_NAME.test(reference.name) || (reference.schema !== null && INTERNAL_NAME.test(reference.schema));
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
