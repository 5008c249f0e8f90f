import { createHash } from 'node:crypto';

/** Tokens and URLs that a sequence of pages has had, as digests: there may be many long ones. */
export class SeenTokens {
  readonly #digests = new Set<string>();

  /** False when the token was added before. */
  add(token: string): boolean {
    const digest = digestOf(token);
    if (this.#digests.has(digest)) return false;
    this.#digests.add(digest);
    return true;
  }

  has(token: string): boolean {
    return this.#digests.has(digestOf(token));
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64').slice(0, 24);
}
