/** A query for node-postgres whose message was sent already, behind that of the query before it; its rows are let go. */
export class SentQuery {
  /** Resolves when the engine has answered; rejects with its error. */
  readonly finished: Promise<void>;
  #finish: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor() {
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.finished.catch(() => undefined);
  }

  // What node-postgres calls.

  submit(): void {}

  handleError(error: unknown): void {
    this.#fail(error);
  }

  handleReadyForQuery(): void {
    this.#finish();
  }

  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
}
