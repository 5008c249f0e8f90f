import type { StoredAuthValues } from '../auth-values.js';

/** Why no token could be obtained, as it is told again until something changes. */
export interface StoredFailure {
  readonly message: string;
  readonly detail: string | null;
  readonly hint: string | null;
  /** Wall clock, ms. */
  readonly at: number;
  /** True: asking again with the same refresh token is pointless. */
  readonly isFinal: boolean;
}

/** What is known of one connection: the tokens of one DSN's auth settings. */
export interface StoredToken {
  readonly dsn: string;
  /** `OAuth 2.0 authorization code`, for people. */
  readonly description: string;
  readonly accessToken: string | null;
  /** Wall clock, ms: when the token was asked for. */
  readonly obtainedAt: number;
  /** In ms from `obtainedAt`; null: not told. */
  readonly lifetimeMs: number | null;
  readonly refreshToken: string | null;
  /** Digest of the refresh token in the DSN that this entry began with; null: it came from a login. */
  readonly seed: string | null;
  readonly scopes: string | null;
  /** Who logged in, where the server says so. */
  readonly account: string | null;
  /** Absent in entries of older versions. */
  readonly authValues?: StoredAuthValues | null;
  readonly failure: StoredFailure | null;
}

/** Keeps tokens for all sessions of a gateway and, where it is a file, for other processes and after a restart. */
export interface TokenStore {
  /** False: what is stored here is gone when the process ends. */
  readonly isLasting: boolean;
  /** Cheap; another value whenever what is stored may have changed. */
  version(): string;
  read(id: string): Promise<StoredToken | null>;
  list(): Promise<ReadonlyMap<string, StoredToken>>;
  /** Replaces an entry, null taking it away. When it resolves, the new one survives a crash. */
  update(id: string, change: (current: StoredToken | null) => StoredToken | null): Promise<void>;
  /** Runs the work while no other process or session is in work of this name. Rejects with the signal's reason. */
  exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Waits for writes under way and ends connections. */
  close(): Promise<void>;
}
