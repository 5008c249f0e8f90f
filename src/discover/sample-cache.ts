import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { OpenPart } from '../config/completion.js';

const VERSION = 1;

interface CacheFile {
  readonly version: number;
  readonly parts: Readonly<Record<string, CachedPart>>;
}

interface CachedPart {
  readonly fingerprint: string;
  /** When the source was asked, for people. */
  readonly sampledAt: string;
  readonly keys: Readonly<Record<string, unknown>>;
}

/**
 * What samples and service descriptions have told, in a file that outlives restarts: a table keeps its columns until its
 * declaration changes or it is refreshed. It holds names and types only, no data and no secret.
 */
export class SampleCache {
  readonly file: string;
  #parts: Map<string, CachedPart> | null = null;

  /** `folder` is made when something is kept. */
  constructor(folder: string) {
    this.file = join(folder, 'columns.json');
  }

  get(part: OpenPart): Readonly<Record<string, unknown>> | null {
    const cached = this.#read().get(nameOf(part));
    return cached?.fingerprint === part.fingerprint ? cached.keys : null;
  }

  /** Keeps what was found out, together with what other processes have kept meanwhile. */
  set(entries: readonly { readonly part: OpenPart; readonly keys: Readonly<Record<string, unknown>> }[]): void {
    if (entries.length === 0) return;
    this.#parts = null;
    const parts = this.#read();
    const sampledAt = new Date().toISOString();
    for (const { part, keys } of entries) {
      parts.set(nameOf(part), { fingerprint: part.fingerprint, sampledAt, keys });
    }
    const content: CacheFile = { version: VERSION, parts: Object.fromEntries(parts) };
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    const temporary = `${this.file}.${process.pid}.tmp`;
    writeFileSync(temporary, `${JSON.stringify(content, null, 1)}\n`, { mode: 0o600 });
    renameSync(temporary, this.file);
  }

  /** What cannot be read counts as empty: everything in it can be found out again. */
  #read(): Map<string, CachedPart> {
    if (this.#parts !== null) return this.#parts;
    this.#parts = new Map();
    try {
      const content = JSON.parse(readFileSync(this.file, 'utf8')) as CacheFile;
      if (content.version === VERSION) this.#parts = new Map(Object.entries(content.parts));
    } catch {
      // Absent or damaged.
    }
    return this.#parts;
  }
}

function nameOf({ dsn, table }: OpenPart): string {
  return JSON.stringify(table === null ? [dsn] : [dsn, table]);
}
