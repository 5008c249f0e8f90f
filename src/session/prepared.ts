import type { Statement } from '../plan/statement.js';
import type { FieldDescription } from '../wire/messages.js';
import type { ActiveStatement } from './active-statement.js';

/** A prepared statement of the session, by Parse or by SQL PREPARE (the two share their names). */
export interface PreparedStatement {
  /** Taken apart, when it may name a virtual table; null: the engine runs it alone. */
  readonly virtual: Statement | null;
  /** Whether the engine has described it: then its parameters' types and its fields are known. */
  isDescribed: boolean;
  parameterOids: readonly number[];
  fields: readonly FieldDescription[] | null;
}

/** A statement bound to parameters, ready to run. */
export interface Portal {
  readonly prepared: PreparedStatement;
  /** A copy of the client's Bind frame. */
  readonly bind: Buffer;
  /** How many Syncs the session had sent before that Bind; the next one ends the portal, outside a transaction block. */
  readonly syncsBefore: number;
  /** Set while the portal is being read. */
  running: RunningStatement | null;
}

/** A statement under way. */
export interface RunningStatement {
  readonly run: PortalRun;
  readonly way: 'stream' | 'engine';
  readonly active: ActiveStatement;
}

/** The running side of a portal or of a statement of a simple query. */
export interface PortalRun {
  /** Sends the next rows to the client, all with `maxRows` 0, and then CommandComplete or PortalSuspended. */
  execute(maxRows: number): Promise<void>;
  /** Ends it wherever it is; never throws. `isGone`: the engine has ended its transaction, and so its portals. */
  close(isGone?: boolean): Promise<void>;
}

/**
 * Objects by name, as the engine will have them once it has worked through what is under way. A change is made when
 * it is sent and taken back if the engine refuses or skips it, so that later messages of the same pipeline see it.
 */
export class NamedObjects<T> {
  readonly #objects = new Map<string, T>();

  get(name: string): T | undefined {
    return this.#objects.get(name);
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** Sets an object; the function returned puts things back as they were. */
  set(name: string, object: T): () => void {
    const previous = this.#objects.get(name);
    this.#objects.set(name, object);
    return () => {
      if (this.#objects.get(name) !== object) return;
      if (previous === undefined) this.#objects.delete(name);
      else this.#objects.set(name, previous);
    };
  }

  entries(): IterableIterator<[string, T]> {
    return this.#objects.entries();
  }

  delete(name: string): void {
    this.#objects.delete(name);
  }

  clear(): void {
    this.#objects.clear();
  }
}
