import type { Secret } from '../../core/secret.js';
import type { Connection } from '../connections.js';
import { Sealer } from './sealed-text.js';
import { openEntries, sealEntries } from './store-sealer.js';
import type { StoredToken, TokenStore } from './token-store.js';

/** What became of one entry of an export. */
export interface Imported {
  readonly dsn: string;
  /** `unknown`: no DSN here has these auth settings; `newer`: the store has a later login and keeps it. */
  readonly result: 'imported' | 'newer' | 'unknown';
}

/** The logins of some connections as one text that a passphrase encrypts, as the store itself is. */
export async function exportTokens(
  store: TokenStore,
  connections: readonly Connection[],
  passphrase: Secret,
): Promise<{ readonly sealed: string; readonly exported: readonly Connection[] }> {
  const entries = new Map<string, StoredToken>();
  for (const { id } of connections) {
    const stored = await store.read(id);
    if (stored !== null) entries.set(id, { ...stored, failure: null });
  }
  const sealer = new Sealer({ type: 'passphrase', passphrase: passphrase.reveal() });
  const sealed = await sealEntries(sealer, entries);
  return { sealed, exported: connections.filter(({ id }) => entries.has(id)) };
}

/**
 * Takes an export into the store; null where the passphrase is not its own or the text is damaged. An entry that is older
 * than the store's own is left out unless `replace`: its refresh token may have been used up since.
 */
export async function importTokens(
  store: TokenStore,
  connections: readonly Connection[],
  sealed: string,
  passphrase: Secret,
  options: { readonly replace: boolean },
): Promise<readonly Imported[] | null> {
  const sealer = new Sealer({ type: 'passphrase', passphrase: passphrase.reveal() });
  const entries = await openEntries<StoredToken>(sealer, sealed);
  if (entries === null) return null;
  const results: Imported[] = [];
  for (const [id, entry] of entries) {
    const { dsn } = entry;
    const connection = connections.find((candidate) => candidate.id === id);
    if (connection === undefined) {
      results.push({ dsn, result: 'unknown' });
      continue;
    }
    let result: Imported['result'] = 'imported';
    // Under the lock of renewals, so that none of them writes over it.
    await store.exclusive(connection.lockName, AbortSignal.timeout(30_000), () =>
      store.update(id, (current) => {
        const isNewer = current !== null && current.failure?.isFinal !== true && current.obtainedAt > entry.obtainedAt;
        if (!isNewer || options.replace) return entry;
        result = 'newer';
        return current;
      }),
    );
    results.push({ dsn, result });
  }
  return results;
}
