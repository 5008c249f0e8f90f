import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { TlsModel } from '../config/model.js';
import { errors } from '../core/errors.js';

/** The ALPN name of the PostgreSQL protocol, which direct TLS connections must ask for. */
export const ALPN_PROTOCOL = 'postgresql';

/** Reads certificate and key. @throws F0000 naming the file that cannot be used */
export function loadTls(model: TlsModel): SecureContext {
  try {
    return createSecureContext({
      cert: readFileSync(model.certFile),
      key: readFileSync(model.keyFile),
      minVersion: 'TLSv1.2',
    });
  } catch (error) {
    throw errors.configuration(`the certificate "${model.certFile}" or key "${model.keyFile}" cannot be used`, {
      detail: (error as Error).message,
      hint: 'tls.cert and tls.key name PEM files that belong together and that the gateway may read.',
      cause: error,
    });
  }
}

/** Does the server side of a TLS handshake on a socket from which nothing of it was read. */
export function startTls(socket: Socket, secureContext: SecureContext, isDirect: boolean): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secure = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: [ALPN_PROTOCOL] });
    secure.once('secure', () => {
      if (isDirect && secure.alpnProtocol !== ALPN_PROTOCOL) {
        secure.destroy();
        reject(errors.protocolViolation('direct SSL connection without the ALPN protocol "postgresql"'));
      } else resolve(secure);
    });
    secure.once('error', reject);
    secure.once('close', () => reject(errors.protocolViolation('the connection ended during the TLS handshake')));
  });
}
