import type { StoredToken } from './store/token-store.js';
import type { TokenSet } from './token-answer.js';

/** How the tokens of one connection are obtained. */
export interface Grant {
  /** In a few words, for EXPLAIN, hints and `tidegate tokens`. */
  readonly description: string;
  /** Digest of the refresh token that the DSN itself holds; null: none. */
  readonly seed: string | null;
  /** True where tokens kept in memory alone would be lost to the next process for good. */
  readonly needsStore: boolean;
  /**
   * Asks for tokens, with what is stored of the connection. Throws HV000 and HV00N; a `RefusedGrant` where asking again is
   * pointless until the store or the DSN changes.
   */
  obtain(stored: StoredToken | null, signal: AbortSignal): Promise<TokenSet>;
  /** True where the request uses something up: it is then never broken off, and never made without a store to write to. */
  usesUp(stored: StoredToken | null): boolean;
}
