import { createHmac, createPrivateKey, createSecretKey, createSign, type KeyObject, randomUUID } from 'node:crypto';
import type { JwtAlgorithm } from '../config/model.js';
import { errors } from '../core/errors.js';
import type { Secret } from '../core/secret.js';

/** A key that signs JWTs. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: JwtAlgorithm;
  /** As a service account file has it. */
  readonly keyId: string | null;
  /** The account that a service account file belongs to. */
  readonly account: string | null;
}

/**
 * Reads a PEM key or the JSON of a Google service account, for what it signs with by itself or for an algorithm. Throws
 * F0000 without repeating anything of it.
 */
export function readSigningKey(secret: Secret, dsn: string, wanted?: JwtAlgorithm): SigningKey {
  const text = secret.reveal().trim();
  const account = text.startsWith('{') ? parseAccount(text) : null;
  // A variable often holds the two characters \n in the place of line ends.
  const pem = (account?.private_key ?? text).replaceAll('\\n', '\n');
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw errors.configuration(`private_key of DSN "${dsn}" is not a private key`, {
      hint: 'Give a PEM text without a passphrase ("-----BEGIN PRIVATE KEY-----"), or the file of a Google service account.',
    });
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const isRsa = key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
  if (!isRsa && curve !== 'prime256v1') {
    throw errors.configuration(`private_key of DSN "${dsn}" is of a kind that cannot sign`, {
      hint: 'Use an RSA key of 2048 bits or more (RS256) or an EC key on P-256 (ES256).',
    });
  }
  const own = isRsa ? 'RS256' : 'ES256';
  if (wanted !== undefined && wanted.slice(0, 2) !== own.slice(0, 2)) {
    throw errors.configuration(`private_key of DSN "${dsn}" cannot sign with ${wanted}`, {
      hint: `It is ${isRsa ? 'an RSA' : 'an EC'} key: use ${isRsa ? 'RS256, RS384 or RS512' : 'ES256'}, or another key.`,
    });
  }
  return {
    key,
    algorithm: wanted ?? own,
    keyId: account?.private_key_id ?? null,
    account: account?.client_email ?? null,
  };
}

interface ServiceAccount {
  readonly private_key?: string;
  readonly private_key_id?: string;
  readonly client_email?: string;
}

function parseAccount(text: string): ServiceAccount | null {
  try {
    const json = JSON.parse(text) as Record<string, unknown>;
    const field = (name: string) => (typeof json[name] === 'string' ? { [name]: json[name] } : {});
    return { ...field('private_key'), ...field('private_key_id'), ...field('client_email') };
  } catch {
    return null;
  }
}

/** A shared secret, its bytes as Latin-1, for the HMAC algorithms. */
export function sharedKey(secret: Secret, algorithm: JwtAlgorithm): SigningKey {
  return { key: createSecretKey(secret.reveal(), 'latin1'), algorithm, keyId: null, account: null };
}

/** A signed JWT (RFC 7519, RFC 7515 compact form) with an id of its own, so that it cannot be taken for a replay. */
export function signJwt(
  { key, algorithm }: SigningKey,
  keyId: string | null,
  claims: Readonly<Record<string, unknown>>,
): string {
  const header = { alg: algorithm, typ: 'JWT', ...(keyId === null ? {} : { kid: keyId }) };
  const signed = `${encode(header)}.${encode({ jti: randomUUID(), ...claims })}`;
  return `${signed}.${sign(key, algorithm, signed).toString('base64url')}`;
}

/** The signatures of RFC 7518, section 3. */
function sign(key: KeyObject, algorithm: JwtAlgorithm, text: string): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('HS')) return createHmac(hash, key).update(text).digest();
  return createSign(hash)
    .update(text)
    .sign(algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key);
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}
