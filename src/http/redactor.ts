import { wellFormed } from './encode-value.js';

const MASK = '[secret]';
/** Shorter texts would mask half of every message and hide nothing worth hiding. */
const SHORTEST_MASKED = 4;
const ROLLING_KEPT = 16;

/**
 * Knows the secret texts of one data source and takes them out of anything that will be shown: an API may echo a token
 * or key in its error body, a redirect or a page link.
 */
export class Redactor {
  readonly #fixed = new Set<string>();
  #rolling: string[] = [];
  #patterns: readonly string[] | null = null;

  /** A secret that stays the same while the gateway runs. */
  add(secret: string): void {
    if (secret.length < SHORTEST_MASKED) return;
    this.#fixed.add(secret);
    this.#patterns = null;
  }

  /** A secret that is replaced from time to time (an access token): only the latest ones are remembered. */
  addRolling(secret: string): void {
    if (secret.length < SHORTEST_MASKED || this.#rolling.includes(secret)) return;
    this.#rolling = [...this.#rolling, secret].slice(-ROLLING_KEPT);
    this.#patterns = null;
  }

  /** The text with every known secret masked, as it is or as URLs and JSON write it. */
  mask(text: string): string {
    this.#patterns ??= this.#spellings();
    let masked = text;
    for (const pattern of this.#patterns) if (masked.includes(pattern)) masked = masked.replaceAll(pattern, MASK);
    return masked;
  }

  #spellings(): readonly string[] {
    const spellings = new Set<string>();
    for (const secret of [...this.#fixed, ...this.#rolling]) {
      const encoded = encodeURIComponent(wellFormed(secret));
      const json = JSON.stringify(secret).slice(1, -1);
      for (const text of [secret, encoded, encoded.toLowerCase(), encoded.replaceAll('%20', '+'), json])
        spellings.add(text);
    }
    return [...spellings].sort((a, b) => b.length - a.length);
  }
}
