import type { TransportModel } from '../config/model.js';
import type { HttpClient } from '../http/client.js';
import type { Redactor } from '../http/redactor.js';
import type { LogRequest } from '../http/send.js';

/** What requests to an authorization server need besides the settings. */
export interface OAuthContext {
  readonly dsn: string;
  readonly timeoutMs: number;
  /** The API's own way out, and the authorities it trusts. */
  readonly transport: TransportModel;
  readonly client: HttpClient;
  readonly redactor: Redactor;
  readonly log: LogRequest;
}
