import type { Page } from './driver.js';

/**
 * The chunks of a page's body until it ends or `signal` aborts, which throws the signal's reason even while the source
 * hangs. However the loop over them ends, the body's iterator is returned, which closes its file or socket.
 */
export async function* readChunks(page: Page, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  signal.throwIfAborted();
  const iterator = page.body[Symbol.asyncIterator]();
  // Not Promise.race: against one promise that lasts as long as the page it would keep every chunk until the page's end.
  let refuse: (reason: unknown) => void = () => {};
  const onAbort = (): void => refuse(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const next = (): Promise<IteratorResult<Uint8Array, unknown>> =>
    new Promise((resolve, reject) => {
      refuse = reject;
      iterator.next().then(resolve, reject);
    });
  let isDone = false;
  try {
    for (;;) {
      const result = await next();
      if (result.done === true) {
        isDone = true;
        return;
      }
      if (result.value.length > 0) yield result.value;
      signal.throwIfAborted();
    }
  } catch (error) {
    // A source whose own read failed has ended; one that was cut short by the signal has not.
    isDone = !signal.aborted;
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (!isDone) await closeSource(iterator, signal.aborted);
  }
}

/** A generator that hangs in `next` queues `return` behind it, so after an abort nobody waits for the answer. */
async function closeSource(iterator: AsyncIterator<Uint8Array>, isAborted: boolean): Promise<void> {
  const closed = iterator.return?.();
  if (closed === undefined) return;
  if (isAborted) closed.catch(() => {});
  else await closed;
}
