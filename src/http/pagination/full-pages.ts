import type { PageFacts, PageLength, PageSoFar } from './paginator.js';

/** Records of one table differ in length; a page with so much of the shortest full page's bytes counts as full. */
const LIKE_A_FULL_PAGE = 0.97;

/** How long pages with all records that were asked for have been: what a page looks like before its records are counted. */
export class FullPages {
  readonly #size: number | null;
  #shortest: PageLength | null = null;

  /** `size`: records of a full page; null: not known. */
  constructor(size: number | null) {
    this.#size = size;
  }

  add({ recordCount, length }: PageFacts): void {
    if (this.#size === null || recordCount < this.#size) return;
    const { bytes, contentLength } = this.#shortest ?? length;
    this.#shortest = {
      bytes: Math.min(bytes, length.bytes),
      contentLength:
        contentLength === null || length.contentLength === null ? null : Math.min(contentLength, length.contentLength),
    };
  }

  /** True when the page is about as long as the full ones before it, by its header or by the bytes that have come. */
  areLike({ length }: PageSoFar): boolean {
    if (this.#shortest === null) return false;
    const { bytes, contentLength } = this.#shortest;
    return contentLength === null || length.contentLength === null
      ? length.bytes >= bytes * LIKE_A_FULL_PAGE
      : length.contentLength >= contentLength * LIKE_A_FULL_PAGE;
  }
}
