import { setMaxListeners } from 'node:events';

/** A controller of one's own that follows other signals. */
export interface LinkedSignals {
  readonly controller: AbortController;
  /** Lets go of the signals followed, for they live longer. */
  readonly unlink: () => void;
}

/** A controller that aborts with any of the signals, and may be aborted without them. */
export function linkSignals(signals: readonly AbortSignal[]): LinkedSignals {
  const controller = new AbortController();
  // A scan's requests all listen, and there may be many at once.
  setMaxListeners(0, controller.signal);
  const links = signals.map((signal) => {
    const onAbort = (): void => controller.abort(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    return () => signal.removeEventListener('abort', onAbort);
  });
  return {
    controller,
    unlink: () => {
      for (const remove of links) remove();
    },
  };
}
