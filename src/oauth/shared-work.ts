import { orAborted } from '../http/wait.js';

interface Flight<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
}

/**
 * Work that many may wait for and that is done once at a time. Each waiter leaves when its own signal aborts; the work
 * itself is aborted when nobody waits for it any longer.
 */
export class SharedWork<T> {
  #flight: Flight<T> | null = null;

  /** Joins the work under way, or starts it. Rejects with the waiter's signal's reason or the work's error. */
  async join(start: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const flight = this.#flight ?? this.#start(start);
    flight.waiters++;
    try {
      return await orAborted(flight.promise, signal);
    } finally {
      flight.waiters--;
      if (flight.waiters === 0 && this.#flight === flight) {
        this.#flight = null;
        flight.controller.abort();
      }
    }
  }

  #start(start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const promise = start(controller.signal).finally(() => {
      if (this.#flight === flight) this.#flight = null;
    });
    // Whoever waits gets the error; when nobody does any longer, nobody needs it.
    promise.catch(() => {});
    const flight: Flight<T> = { promise, controller, waiters: 0 };
    this.#flight = flight;
    return flight;
  }
}
