import { HttpClient } from '../http/client.js';
import { connectionContext, connectionsOf } from '../oauth/connections.js';
import { revokeTokens } from '../oauth/revocation.js';
import { openTokenStore } from '../server/token-store.js';
import { findDsn, loadModel } from './chosen-dsn.js';
import { print } from './print.js';

interface LogoutFlags {
  readonly config?: string;
}

const TIMEOUT_MS = 60_000;

/** `tidegate logout DSN`: takes the tokens out of the store and has the authorization server revoke them. */
export async function runLogout(name: string, flags: LogoutFlags): Promise<void> {
  const model = await loadModel(flags.config);
  const dsn = findDsn(model, name);
  const store = openTokenStore(model);
  const client = new HttpClient();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let count = 0;
  try {
    for (const connection of connectionsOf(dsn)) {
      await store.exclusive(connection.lockName, signal, async () => {
        const stored = await store.read(connection.id);
        if (stored === null) return;
        count++;
        // Gone here first: a server that cannot be reached must not keep somebody logged in.
        await store.update(connection.id, () => null);
        const context = connectionContext(connection, client);
        const isRevoked =
          connection.model.type === 'oauth2' && (await revokeTokens(connection.model, stored, context, signal));
        print(
          `${name}: logged out${isRevoked ? ', and the tokens were revoked' : '; the server has no revocation endpoint'}`,
        );
      });
    }
  } finally {
    await store.close();
    await client.close();
  }
  if (count === 0) print(`${name}: was not logged in`);
}
