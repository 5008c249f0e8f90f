import type { HttpClient } from '../http/client.js';
import type { Redactor } from '../http/redactor.js';
import type { LogRequest } from '../http/send.js';

/** What requests to an authorization server need besides the settings. */
export interface OAuthContext {
  readonly dsn: string;
  readonly timeoutMs: number;
  readonly client: HttpClient;
  readonly redactor: Redactor;
  readonly log: LogRequest;
}
