import type { PlacedValue } from './placed-value.js';
import type { HttpRequest } from './request-draft.js';

/** What authenticates a request. Told apart by identity: a renewed token is another authorization. */
export interface Authorization {
  readonly values: readonly PlacedValue[];
  /** Headers that depend on the finished request, such as a signature of it. */
  readonly sign?: (request: HttpRequest) => Readonly<Record<string, string>>;
}

/** Gives requests their authentication; shared by all requests of a data source. */
export interface Authorizer {
  /** In a few words, for EXPLAIN and hints. */
  readonly description: string;
  /** The current authorization, obtained first where there is none. Rejects with the signal's reason. */
  authorize(signal: AbortSignal): Promise<Authorization>;
  /**
   * After a 401: obtains another authorization, unless someone did so since `refused` was given out. False when there is
   * nothing to renew.
   */
  renew(refused: Authorization, signal: AbortSignal): Promise<boolean>;
  /** What the login tells besides the token, for `${auth:NAME}` in requests; asked for first where it is not known. */
  authValues(signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
}

/** For logins that tell nothing but a token. */
export const NO_AUTH_VALUES: ReadonlyMap<string, string> = new Map();

/** For APIs that need no authentication, and in requests that leave the API's origin. */
export const NO_AUTHORIZATION: Authorization = { values: [] };
