import { errors } from '../../core/errors.js';
import type { PageFacts } from './paginator.js';

/** Notices an API that sends a page again, so that its pages would never end. */
export class RepeatedPages {
  readonly #subject: string;
  readonly #ignored: string;
  #first: string | null = null;
  #previous: string | null = null;

  /** `ignored`: what the API seems not to look at, for the hint. */
  constructor(subject: string, ignored: string) {
    this.#subject = subject;
    this.#ignored = ignored;
  }

  /** Throws HV000 when a page with records is the same, byte for byte, as the one before it or the first one. */
  check({ number, recordCount, fingerprint }: PageFacts): void {
    if (recordCount === 0 || fingerprint === null) return;
    const earlier = fingerprint === this.#previous ? number - 1 : fingerprint === this.#first ? 1 : null;
    if (earlier !== null) {
      throw errors.apiError(`page ${number} of ${this.#subject} is identical to page ${earlier}`, {
        detail: 'The scan was ended, because it would never have come to an end by itself.',
        hint: `The API seems to ignore ${this.#ignored}; check pagination.`,
      });
    }
    this.#first ??= fingerprint;
    this.#previous = fingerprint;
  }
}
