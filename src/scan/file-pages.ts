import { createReadStream } from 'node:fs';
import type { FilesSource } from '../config/model.js';
import { errors } from '../core/errors.js';
import { decodeProblem } from '../http/decode-body.js';
import { BodyFailure } from '../http/response.js';
import { unpackBody } from '../http/unpack-body.js';
import { type FoundFile, findFiles, unreadableFile } from './found-files.js';
import { pageConstants } from './page-constants.js';
import { PageObserver } from './page-observer.js';
import { type OpenedPage, readPage } from './page-reading.js';
import type { ScanRun } from './scan-run.js';

const READ_BYTES = 256 * 1024;

/** Reads the files of a table into the run's queue, each as a page. */
export async function readFilePages(run: ScanRun, source: FilesSource): Promise<void> {
  const files = await findFiles(source, run.subject, run.signal);
  for (const [index, file] of files.entries()) {
    const number = await run.nextTurn(() => {});
    run.claimPage();
    const result = await readPage(run, {
      subject: run.subject,
      number,
      captures: [],
      open: async () => openFile(run, source, file, index + 1),
      beforeRetry: async (failure) => {
        throw fileFailure(run, file, failure);
      },
      choose: null,
    });
    if (result.type === 'satisfied') return;
  }
}

function openFile(run: ScanRun, source: FilesSource, file: FoundFile, number: number): OpenedPage {
  const observer = new PageObserver({
    countBytes: (bytes) => run.countBytes(bytes),
    needsFingerprint: false,
    matchPattern: null,
    needsText: false,
  });
  const stream = createReadStream(file.path, { highWaterMark: READ_BYTES, signal: run.signal });
  stream.on('error', () => {});
  let failure: BodyFailure | null = null;
  const read = async function* (): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* unpackBody(stream, source.compression, { contentEncoding: null, contentType: null, path: file.path });
    } catch (error) {
      run.signal.throwIfAborted();
      failure =
        error instanceof BodyFailure
          ? error
          : (decodeProblem(error) ?? new BodyFailure('it could not be read', false, error));
      throw failure;
    } finally {
      stream.destroy();
    }
  };
  const constants = pageConstants(run.columns, {
    filters: new Map(),
    header: () => null,
    pageUrl: file.name,
    pageNumber: number,
  });
  return {
    page: { body: observer.watch(read()), contentType: null, number, name: file.name, constants },
    observer,
    hasContent: true,
    failure: () => failure,
    discard: () => void stream.destroy(),
    releaseSlot: () => {},
  };
}

function fileFailure(run: ScanRun, file: FoundFile, failure: BodyFailure): Error {
  const code = (failure.cause as { code?: unknown } | null)?.code;
  // What the operating system says has a code too, as a decompressor's error has, but a damaged archive's has none.
  if (typeof code === 'string' && decodeProblem(failure.cause) === null)
    return unreadableFile(file.name, run.subject, failure.cause);
  const what = failure.remedy === null ? 'is damaged' : 'cannot be unpacked';
  return errors.apiError(`file "${file.name}" of ${run.subject} ${what}: ${failure.reason}`, {
    hint: failure.remedy ?? 'Replace the file by an undamaged copy.',
    cause: failure,
  });
}
