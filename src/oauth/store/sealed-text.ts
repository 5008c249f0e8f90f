import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deriveKey, type StoreKey } from './store-key.js';

const FORMAT = 'tidegate-tokens';
const VERSION = 1;
const CIPHER = 'aes-256-gcm';

interface Envelope {
  readonly format: string;
  readonly version: number;
  readonly salt: string;
  readonly iv: string;
  readonly tag: string;
  readonly data: string;
}

/** Encrypts texts with one key, deriving it once per salt. */
export class Sealer {
  readonly #key: StoreKey;
  #derived: { readonly salt: Buffer; readonly bytes: Buffer } | null = null;

  constructor(key: StoreKey) {
    this.#key = key;
  }

  /** The text encrypted with AES-256-GCM, as one line of JSON; another one each time. */
  async seal(text: string): Promise<string> {
    const { salt, bytes } = this.#derived ?? (await this.#derive(randomBytes(16)));
    const iv = randomBytes(12);
    const cipher = createCipheriv(CIPHER, bytes, iv).setAAD(boundText(salt));
    const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    const envelope: Envelope = {
      format: FORMAT,
      version: VERSION,
      salt: salt.toString('base64'),
      iv: iv.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
      data: data.toString('base64'),
    };
    return `${JSON.stringify(envelope)}\n`;
  }

  /** The text of what `seal` made; null when it is damaged, forged or made with another key. */
  async open(sealed: string): Promise<string | null> {
    try {
      const envelope = JSON.parse(sealed) as Envelope;
      if (envelope.format !== FORMAT || envelope.version !== VERSION) return null;
      const salt = Buffer.from(envelope.salt, 'base64');
      const { bytes } = this.#derived?.salt.equals(salt) === true ? this.#derived : await this.#derive(salt);
      const tag = Buffer.from(envelope.tag, 'base64');
      if (tag.length !== 16) return null;
      const decipher = createDecipheriv(CIPHER, bytes, Buffer.from(envelope.iv, 'base64'), { authTagLength: 16 });
      decipher.setAAD(boundText(salt)).setAuthTag(tag);
      const data = Buffer.from(envelope.data, 'base64');
      return Buffer.concat([decipher.update(data), decipher.final()]).toString('utf8');
    } catch {
      return null;
    }
  }

  async #derive(salt: Buffer): Promise<{ readonly salt: Buffer; readonly bytes: Buffer }> {
    this.#derived = { salt, bytes: await deriveKey(this.#key, salt) };
    return this.#derived;
  }
}

function boundText(salt: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${FORMAT} ${VERSION} `), salt]);
}
