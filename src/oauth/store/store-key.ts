import { randomBytes, scrypt } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, readFile, stat, unlink } from 'node:fs/promises';
import { errors } from '../../core/errors.js';
import type { Secret } from '../../core/secret.js';

const KEY_BYTES = 32;
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

/** The key of a token store: 32 bytes as they are, or a passphrase that a salt turns into them. */
export type StoreKey =
  | { readonly type: 'bytes'; readonly bytes: Buffer }
  | { readonly type: 'passphrase'; readonly passphrase: string };

/** Reads `tokens.key`: 32 bytes in hex or base64 as they are, anything else a passphrase. */
export function readStoreKey(secret: Secret): StoreKey {
  const text = secret.reveal().trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return { type: 'bytes', bytes: Buffer.from(text, 'hex') };
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length === KEY_BYTES) return { type: 'bytes', bytes };
  }
  return { type: 'passphrase', passphrase: text };
}

/** The bytes to encrypt with; deriving them from a passphrase takes a tenth of a second. */
export function deriveKey(key: StoreKey, salt: Buffer): Promise<Buffer> {
  if (key.type === 'bytes') return Promise.resolve(key.bytes);
  return new Promise((resolve, reject) => {
    scrypt(key.passphrase.normalize('NFKC'), salt, KEY_BYTES, SCRYPT, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    });
  });
}

/**
 * The key in a file of its own, which is generated where there is none: whole or not at all, and once however many
 * processes begin at the same time. Throws F0000 for a file that others may read or that holds no key.
 */
export async function openKeyFile(file: string): Promise<StoreKey> {
  const existing = await readKeyFile(file);
  if (existing !== null) return existing;
  const prepared = `${file}.${process.pid}-${randomBytes(6).toString('hex')}`;
  const handle = await open(prepared, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(prepared, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(prepared);
  }
  return (await readKeyFile(file))!;
}

async function readKeyFile(file: string): Promise<StoreKey | null> {
  let text: string;
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw errors.configuration(`the key file "${file}" can be read by other users`, {
        hint: `Run: chmod 600 ${file}`,
      });
    }
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === KEY_BYTES) return { type: 'bytes', bytes };
  throw errors.configuration(`the key file "${file}" holds no key`, {
    hint: 'Restore it from a backup; without it, delete it and the token store beside it, and log in again.',
  });
}
