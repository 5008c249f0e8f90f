const DELAY_MS = 400;
const STEP_MS = 200;

/** A line on the terminal that says how far a statement is; nothing where stderr is no terminal. */
export class Progress {
  rows = 0;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout | null;
  #isShown = false;

  constructor() {
    this.#timer = process.stderr.isTTY ? setInterval(() => this.#show(), STEP_MS) : null;
  }

  /** Takes the line away: rows are about to be written to the same terminal. */
  pause(): void {
    if (!this.#isShown) return;
    process.stderr.write('\r\x1b[K');
    this.#isShown = false;
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.pause();
  }

  #show(): void {
    const elapsedMs = performance.now() - this.#startedAt;
    if (elapsedMs < DELAY_MS) return;
    this.#isShown = true;
    process.stderr.write(
      `\r\x1b[K… ${this.rows.toLocaleString('en')} rows, ${(elapsedMs / 1000).toFixed(1)} s, Ctrl-C cancels`,
    );
  }
}
