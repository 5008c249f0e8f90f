import { GatewayError, SQLSTATES } from '../../core/errors.js';

/** The token store cannot be written. SQLSTATE F0000. */
export class TokenStoreUnwritable extends GatewayError {
  constructor(file: string, cause: unknown) {
    super(SQLSTATES.configuration, `the token store "${file}" cannot be written`, {
      detail: (cause as Error).message,
      hint: 'Name a file in tokens.file that the gateway can write to.',
      cause,
    });
    this.name = 'GatewayError';
  }
}
