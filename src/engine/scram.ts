import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const pbkdf2 = promisify(pbkdf2Callback);
const ITERATIONS = 4096;
const KEY_BYTES = 32;
const VERIFIER = /^SCRAM-SHA-256\$(\d{1,9}):([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]{43}=):([A-Za-z0-9+/]{43}=)$/;

/** Whether a configured password already is a verifier, as `pg_authid.rolpassword` holds it. */
export function isVerifier(text: string): boolean {
  return VERIFIER.test(text);
}

/**
 * The SCRAM-SHA-256 verifier of a password, made here so that the password itself never reaches SQL text, a log or the
 * engine's memory (RFC 5803, in PostgreSQL's form `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`).
 */
export async function makeVerifier(password: string): Promise<string> {
  const salt = randomBytes(16);
  const salted = await pbkdf2(saslPrepare(password), salt, ITERATIONS, KEY_BYTES, 'sha256');
  const { storedKey, serverKey } = deriveKeys(salted);
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey.toString('base64')}:${serverKey.toString('base64')}`;
}

/** Whether a verifier was made from this password. */
export async function verifierMatches(verifier: string, password: string): Promise<boolean> {
  const match = VERIFIER.exec(verifier);
  if (!match) return false;
  const salt = Buffer.from(match[2]!, 'base64');
  const salted = await pbkdf2(saslPrepare(password), salt, Number(match[1]), KEY_BYTES, 'sha256');
  return timingSafeEqual(deriveKeys(salted).storedKey, Buffer.from(match[3]!, 'base64'));
}

function deriveKeys(salted: Buffer): { storedKey: Buffer; serverKey: Buffer } {
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest();
  const serverKey = createHmac('sha256', salted).update('Server Key').digest();
  return { storedKey, serverKey };
}

const NON_ASCII_SPACE = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
// biome-ignore lint/suspicious/noMisleadingCharacterClass: RFC 3454 table B.1 names the variation selectors and joiners one by one
const MAPPED_TO_NOTHING = /[\u00ad\u034f\u1806\u180b-\u180d\u200c\u200d\u2060\ufe00-\ufe0f\ufeff]/gu;
const PROHIBITED = /[\p{Cc}\p{Co}\p{Cs}\p{Cn}\u2028\u2029\ufff9-\ufffd\u200e\u200f\u202a-\u202e\u206a-\u206f]/u;

/**
 * SASLprep (RFC 4013) as PostgreSQL does it: a password that SASLprep prohibits is used as it stands, and so is an empty
 * result. Clients prepare their side alike.
 */
function saslPrepare(password: string): string {
  const mapped = password.replace(NON_ASCII_SPACE, ' ').replace(MAPPED_TO_NOTHING, '').normalize('NFKC');
  return mapped === '' || PROHIBITED.test(mapped) ? password : mapped;
}
