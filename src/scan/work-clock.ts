/** Tells when a scan has worked for too long; the time in which it waits for its consumer is not counted. */
export class WorkClock {
  readonly #onEnd: () => void;
  #leftMs: number | null;
  #startedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `seconds`: null is unlimited. */
  constructor(seconds: number | null, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#leftMs = seconds === null ? null : seconds * 1000;
    this.#start();
  }

  /** Does not count the time until the promise settles. */
  async paused<T>(wait: () => Promise<T>): Promise<T> {
    if (this.#leftMs === null) return await wait();
    this.#pause();
    try {
      return await wait();
    } finally {
      this.#start();
    }
  }

  stop(): void {
    this.#pause();
    this.#leftMs = null;
  }

  #pause(): void {
    if (this.#timer === null || this.#leftMs === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#leftMs -= performance.now() - this.#startedAt;
  }

  #start(): void {
    if (this.#leftMs === null || this.#timer !== null) return;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(this.#onEnd, Math.max(0, this.#leftMs));
  }
}
