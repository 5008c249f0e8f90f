import { Readable } from 'node:stream';

/**
 * Bytes that come as they are asked for. The memory of a chunk is used again once the next is asked for: whoever keeps one
 * copies it. Ending the loop early, or `destroy`, ends the source, also while a chunk is waited for.
 */
export interface ByteSource {
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array>;
  destroy(): unknown;
}

/** The same bytes as a stream of Node's, for its pipelines. Destroying it ends the source at once. */
export class SourceStream extends Readable {
  readonly #source: ByteSource;
  readonly #iterator: AsyncIterator<Uint8Array>;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
    this.#iterator = source[Symbol.asyncIterator]();
  }

  override _read(): void {
    this.#iterator.next().then(
      // The stream keeps what it is given.
      ({ done, value }) => this.push(done === true ? null : Buffer.from(value)),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#source.destroy();
    callback(error);
  }
}
