import type { MetadataModel } from '../config/model.js';
import { GatewayError } from '../core/errors.js';
import { type Authorization, type Authorizer, NO_AUTH_VALUES } from '../http/authorizer.js';
import { askAuthValues, knownAuthValues, missingAuthValues } from './auth-values.js';
import type { ConnectionIdentity } from './connection-identity.js';
import type { Grant } from './grant.js';
import type { OAuthContext } from './oauth-context.js';
import { RefusedGrant } from './refused-grant.js';
import { SharedWork } from './shared-work.js';
import { tokenAuthorization } from './static-authorizer.js';
import { MemoryTokenStore } from './store/memory-store.js';
import type { StoredToken, TokenStore } from './store/token-store.js';
import { TokenStoreUnusable } from './store/unusable.js';
import { hasEnded, storedRenewalTime, withFailure, withTokens } from './stored-tokens.js';

/** Where the token goes in requests, and when it is renewed. */
export interface TokenUse {
  readonly header: string;
  readonly prefix: string;
  readonly tokenQuery: string | null;
  readonly renewBeforeMs: number;
  readonly metadata: MetadataModel | null;
}

interface Held {
  readonly authorization: Authorization;
  readonly token: string;
  /** Null: not known yet. */
  readonly values: ReadonlyMap<string, string> | null;
  /** On the monotonic clock. */
  readonly renewAt: number;
  /** The store's version that it was taken from. */
  readonly version: string;
}

/** How often the store is looked at for a new login, at most. */
const NOTICE_MS = 250;
/** How long a token that could not be renewed in time is used before the next try. */
const NEXT_TRY_MS = 5_000;

/**
 * Tokens of one connection: kept in the store that sessions and processes share, asked for once however many need them.
 * A token that replaces another is stored before it is used.
 */
export class TokenAuthorizer implements Authorizer {
  readonly description: string;
  readonly #grant: Grant;
  readonly #use: TokenUse;
  readonly #identity: ConnectionIdentity;
  readonly #context: OAuthContext;
  readonly #work = new SharedWork<Authorization>();
  readonly #asking = new SharedWork<ReadonlyMap<string, string>>();
  #store: TokenStore;
  #held: Held | null = null;
  #refused: string | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** What replaced a refresh token that is used up, while it could not be written. */
  #unsaved: StoredToken | null = null;
  #renewal: Promise<unknown> = Promise.resolve();

  constructor(grant: Grant, use: TokenUse, identity: ConnectionIdentity, store: TokenStore, context: OAuthContext) {
    this.description = grant.description;
    this.#grant = grant;
    this.#use = use;
    this.#identity = identity;
    this.#store = store;
    this.#context = context;
  }

  async authorize(signal: AbortSignal): Promise<Authorization> {
    signal.throwIfAborted();
    const held = this.#held;
    if (held !== null && performance.now() < held.renewAt && !this.#hasStoreChanged(held)) return held.authorization;
    return await this.#work.join((shared) => this.#obtain(shared), signal);
  }

  async renew(refused: Authorization, signal: AbortSignal): Promise<boolean> {
    if (this.#held?.authorization === refused) {
      this.#refused = this.#held.token;
      this.#held = null;
    }
    await this.authorize(signal);
    return true;
  }

  async authValues(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const { metadata } = this.#use;
    if (metadata === null) return NO_AUTH_VALUES;
    await this.authorize(signal);
    return this.#held?.values ?? (await this.#asking.join((shared) => this.#askValues(metadata, shared), signal));
  }

  /** Resolves when no renewal is under way; never rejects. */
  async settle(): Promise<void> {
    await this.#renewal.catch(() => {});
  }

  #hasStoreChanged(held: Held): boolean {
    const now = performance.now();
    if (now - this.#lookedAt < NOTICE_MS) return false;
    this.#lookedAt = now;
    return this.#store.version() !== held.version;
  }

  async #obtain(signal: AbortSignal): Promise<Authorization> {
    try {
      return await this.#obtainStored(signal);
    } catch (error) {
      if (!(error instanceof TokenStoreUnusable) || this.#grant.needsStore) throw error;
      this.#context.log('warn', { dsn: this.#context.dsn }, `tokens are kept in memory only: ${error.message}`);
      this.#store = new MemoryTokenStore();
      return await this.#obtainStored(signal);
    }
  }

  async #obtainStored(signal: AbortSignal): Promise<Authorization> {
    const version = this.#store.version();
    const known = this.#usable(await this.#store.read(this.#identity.id));
    if (known !== null) return this.#hold(known, version);
    return await this.#store.exclusive(this.#identity.lockName, signal, async () => {
      if (this.#unsaved !== null) await this.#save(this.#unsaved);
      const renewed = this.#store.version();
      const stored = await this.#store.read(this.#identity.id);
      const usable = this.#usable(stored);
      if (usable !== null) return this.#hold(usable, renewed);
      this.#throwAgain(stored);
      // Breaking off a request that uses a refresh token up would lose the one that replaces it.
      const isDetached = this.#grant.usesUp(stored);
      const renewal = this.#renew(stored, isDetached ? new AbortController().signal : signal);
      if (isDetached) this.#renewal = renewal;
      return await renewal;
    });
  }

  async #renew(stored: StoredToken | null, signal: AbortSignal): Promise<Authorization> {
    const { redactor, log, dsn } = this.#context;
    const askedAt = Date.now();
    try {
      const set = await this.#grant.obtain(stored, signal);
      redactor.addRolling(set.accessToken);
      if (set.refreshToken !== null) redactor.addRolling(set.refreshToken);
      const next = withTokens(stored, set, { dsn, grant: this.#grant, metadata: this.#use.metadata, askedAt });
      await this.#save(next);
      log('info', { dsn, lifetimeMs: set.lifetimeMs }, 'access token obtained');
      return this.#hold(next, this.#store.version());
    } catch (error) {
      signal.throwIfAborted();
      await this.#recordFailure(error);
      const isStillGood = stored?.accessToken != null && stored.accessToken !== this.#refused && !hasEnded(stored);
      if (!isStillGood || error instanceof RefusedGrant || this.#unsaved !== null) throw error;
      log('warn', { dsn, reason: (error as Error).message }, 'the access token could not be renewed yet');
      return this.#hold(stored, this.#store.version(), performance.now() + NEXT_TRY_MS);
    }
  }

  /** With a new token once, where the one at hand is refused or came without the values. */
  async #askValues(metadata: MetadataModel, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    for (let isNew = false; ; isNew = true) {
      const authorization = await this.authorize(signal);
      const held = this.#held;
      if (held === null) continue;
      if (held.values !== null) return held.values;
      const { url } = metadata;
      const told =
        url === null ? 'refused' : await askAuthValues({ ...metadata, url }, held.token, this.#context, signal);
      if (told !== 'refused') {
        await this.#store.update(this.#identity.id, (current) => current && { ...current, authValues: told });
        const values = new Map(Object.entries(told.values));
        if (this.#held?.token === held.token) this.#held = { ...this.#held, values };
        return values;
      }
      if (isNew) throw missingAuthValues(metadata, this.#context.dsn);
      await this.renew(authorization, signal);
    }
  }

  async #save(next: StoredToken): Promise<void> {
    this.#unsaved = next;
    await this.#store.update(this.#identity.id, () => next);
    this.#unsaved = null;
  }

  async #recordFailure(error: unknown): Promise<void> {
    if (!(error instanceof GatewayError) || this.#unsaved !== null) return;
    const { id } = this.#identity;
    const subject = { dsn: this.#context.dsn, grant: this.#grant };
    // Whoever waits gets the error itself; that it could not be noted is of no use to them.
    await this.#store.update(id, (current) => withFailure(current, error, subject)).catch(() => {});
  }

  /** The error of a refused refresh token, without asking again: that would only get the client locked out. */
  #throwAgain(stored: StoredToken | null): void {
    const failure = stored?.failure;
    if (failure?.isFinal !== true || stored?.seed !== this.#grant.seed) return;
    throw new RefusedGrant(failure.message, { detail: failure.detail ?? undefined, hint: failure.hint ?? undefined });
  }

  #usable(stored: StoredToken | null): StoredToken | null {
    if (stored?.accessToken == null || stored.accessToken === this.#refused) return null;
    if (stored.seed !== this.#grant.seed) return null;
    return Date.now() < storedRenewalTime(stored, this.#use.renewBeforeMs) ? stored : null;
  }

  #hold(stored: StoredToken, version: string, renewAt?: number): Authorization {
    const token = stored.accessToken!;
    this.#context.redactor.addRolling(token);
    const { metadata, renewBeforeMs } = this.#use;
    const authorization = this.#held?.token === token ? this.#held.authorization : tokenAuthorization(this.#use, token);
    const values = metadata === null ? NO_AUTH_VALUES : knownAuthValues(metadata, stored.authValues);
    const wait = storedRenewalTime(stored, renewBeforeMs) - Date.now();
    this.#held = { authorization, token, values, renewAt: renewAt ?? performance.now() + wait, version };
    this.#lookedAt = performance.now();
    return authorization;
  }
}
