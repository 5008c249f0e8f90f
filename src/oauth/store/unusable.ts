import { GatewayError, SQLSTATES } from '../../core/errors.js';

/** The token store cannot be used now: nothing may be asked for that it could not keep. SQLSTATE F0000. */
export class TokenStoreUnusable extends GatewayError {
  constructor(message: string, cause: unknown, hint: string) {
    super(SQLSTATES.configuration, message, { detail: (cause as Error).message, hint, cause });
    this.name = 'GatewayError';
  }
}
