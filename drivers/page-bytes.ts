import type { Page } from './driver.js';

/**
 * The chunks of a page's body until it ends or `signal` aborts, which throws the signal's reason even while the source
 * hangs. However the loop over them ends, the body's iterator is returned, which closes its file or socket.
 */
export async function* readChunks(page: Page, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  signal.throwIfAborted();
  const iterator = page.body[Symbol.asyncIterator]();
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  aborted.catch(() => {});
  let isDone = false;
  try {
    for (;;) {
      const result = await Promise.race([iterator.next(), aborted]);
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
