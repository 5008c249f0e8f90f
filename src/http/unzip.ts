import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { type Entry, open, type ZipFile } from 'yauzl';
import { BodyFailure } from './response.js';

/** A zip's table of contents stands at its end, so all of it is kept on disk first; no more than this. */
const LONGEST_ARCHIVE_BYTES = 2 * 1024 * 1024 * 1024;
const MOST_ENTRIES = 10_000;
const ENCRYPTED = 1;

/** The bytes of one entry of an archive that comes as a stream; the temporary file is gone when the loop ends. */
export async function* unzipStream(
  source: AsyncIterable<Uint8Array>,
  pattern: string | null,
): AsyncGenerator<Uint8Array, void, void> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-zip-'));
  try {
    const path = join(folder, 'archive');
    await pipeline(Readable.from(bounded(source)), createWriteStream(path, { mode: 0o600 }));
    yield* unzipFile(path, pattern);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The bytes of the one entry that fits the pattern, or of the only entry. Throws `BodyFailure`. */
export async function* unzipFile(path: string, pattern: string | null): AsyncGenerator<Uint8Array, void, void> {
  const archive = await openArchive(path);
  try {
    const entry = chooseEntry(await listEntries(archive), pattern);
    if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0) throw damaged(`its entry "${entry.fileName}" is encrypted`);
    yield* readEntry(archive, entry);
  } finally {
    archive.close();
  }
}

function openArchive(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true };
    open(path, options, (error, archive) => (error === null ? resolve(archive) : reject(unreadable(error))));
  });
}

function listEntries(archive: ZipFile): Promise<readonly Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    archive.on('error', (error) => reject(unreadable(error)));
    archive.on('end', () => resolve(entries));
    archive.on('entry', (entry: Entry) => {
      const isFolder = entry.fileName.endsWith('/') || entry.fileName.startsWith('__MACOSX/');
      if (!isFolder) entries.push(entry);
      if (entries.length > MOST_ENTRIES) reject(damaged(`it is a zip with more than ${MOST_ENTRIES} entries`));
      else archive.readEntry();
    });
    archive.readEntry();
  });
}

function chooseEntry(entries: readonly Entry[], pattern: string | null): Entry {
  const fitting = pattern === null ? entries : entries.filter((entry) => matchesEntry(entry.fileName, pattern));
  if (fitting.length === 1) return fitting[0]!;
  const names = (fitting.length === 0 ? entries : fitting).slice(0, 5).map((entry) => `"${entry.fileName}"`);
  const listed = `${names.join(', ')}${names.length < entries.length && names.length === 5 ? ', …' : ''}`;
  if (entries.length === 0) throw damaged('it is a zip without entries');
  if (fitting.length === 0) throw unchosen(`no entry of its zip fits "${pattern}", but there are ${listed}`);
  throw unchosen(`several entries of its zip fit: ${listed}`);
}

/** `*` and `?` stand for characters of a name; a pattern without a folder is about the name alone. */
export function matchesEntry(name: string, pattern: string): boolean {
  const text = pattern.includes('/') ? name : name.slice(name.lastIndexOf('/') + 1);
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${source}$`, 'u').test(text);
}

async function* readEntry(archive: ZipFile, entry: Entry): AsyncGenerator<Uint8Array, void, void> {
  const stream = await new Promise<Readable>((resolve, reject) => {
    archive.openReadStream(entry, (error, opened) => (error === null ? resolve(opened) : reject(unreadable(error))));
  });
  let checksum = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } catch (error) {
    throw unreadable(error);
  } finally {
    stream.destroy();
  }
  if (checksum !== entry.crc32) throw damaged(`the checksum of its entry "${entry.fileName}" is wrong`);
}

async function* bounded(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > LONGEST_ARCHIVE_BYTES) throw damaged('it is a zip of more than 2 GiB');
    // Kept in a stream's queue while the next is asked for.
    yield Buffer.from(chunk);
  }
}

/** The zip is sound, but does not go with the declaration. */
function unchosen(reason: string): BodyFailure {
  return new BodyFailure(reason, false, null, false, 'Set entry of the table to a pattern that fits one of them.');
}

function damaged(reason: string): BodyFailure {
  return new BodyFailure(reason, false, null);
}

function unreadable(error: unknown): BodyFailure {
  if (error instanceof BodyFailure) return error;
  const reason = error instanceof Error ? error.message : 'unknown reason';
  return new BodyFailure(`its zip cannot be read: ${reason}`, false, error);
}
