import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TokensModel } from '../../config/model.js';
import { Sealer } from './sealed-text.js';
import { openKeyFile, readStoreKey } from './store-key.js';

/** What encrypts a token store: `tokens.key`, else a key of its own in a file beside `tokens.file`. */
export async function openSealer({ file, key }: TokensModel): Promise<Sealer> {
  if (key !== null) return new Sealer(readStoreKey(key));
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  return new Sealer(await openKeyFile(`${file}.key`));
}

/** The entries of a store as one sealed text. */
export function sealEntries<T>(sealer: Sealer, entries: ReadonlyMap<string, T>): Promise<string> {
  return sealer.seal(JSON.stringify([...entries]));
}

/** The entries of a sealed text; null when it is damaged or was written with another key. */
export async function openEntries<T>(sealer: Sealer, sealed: string): Promise<Map<string, T> | null> {
  const text = await sealer.open(sealed);
  return text === null ? null : new Map(JSON.parse(text) as [string, T][]);
}
