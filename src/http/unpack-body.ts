import type { CompressionModel } from '../config/model.js';
import type { ByteSource } from './connection/byte-source.js';
import { decodeBody, decodeByMagic } from './decode-body.js';

/** What is known of a body besides its bytes. */
export interface BodyFacts {
  readonly contentEncoding: string | null;
  readonly contentType: string | null;
  /** Path of the URL or file: its ending may tell. */
  readonly path: string;
}

/** A compression that the data itself shows, and no entry to choose. */
export const AUTO_COMPRESSION: CompressionModel = { type: 'auto', entry: null };

/**
 * The plain bytes of a body: Content-Encoding is undone first, then the compression that the DSN declares or, with `auto`,
 * that name, Content-Type or the first bytes show. Ending the loop early destroys the source.
 */
export function unpackBody(source: ByteSource, model: CompressionModel, facts: BodyFacts): AsyncIterable<Uint8Array> {
  switch (model.type) {
    case 'none':
      return decodeBody(source, facts.contentEncoding, false);
    case 'gzip':
      return decodeBody(source, facts.contentEncoding, true);
    case 'deflate':
    case 'br': {
      // What the transfer already says is not undone twice.
      const isTold = (facts.contentEncoding ?? '')
        .toLowerCase()
        .split(/[\s,]+/)
        .includes(model.type);
      const codings = isTold ? facts.contentEncoding : [model.type, facts.contentEncoding].filter(Boolean).join(', ');
      return decodeBody(source, codings, false);
    }
    case 'zip':
      return unzip(decodeBody(source, facts.contentEncoding, false), model.entry);
    case 'auto': {
      const type = (facts.contentType ?? '').toLowerCase();
      const isZip =
        facts.path.toLowerCase().endsWith('.zip') || /^application\/(?:x-)?zip\b|x-zip-compressed/.test(type);
      if (isZip) return unzip(decodeBody(source, facts.contentEncoding, false), model.entry);
      return decodeByMagic(source, facts.contentEncoding, (archive) => unzip(archive, model.entry));
    }
  }
}

/** What reads archives is loaded when there is one. */
async function* unzip(
  archive: AsyncIterable<Uint8Array>,
  entry: string | null,
): AsyncGenerator<Uint8Array, void, void> {
  const { unzipStream } = await import('./unzip.js');
  yield* unzipStream(archive, entry);
}
