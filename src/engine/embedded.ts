import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError } from '../core/errors.js';
import { Secret } from '../core/secret.js';
import { type Binaries, findBinaries } from './binaries.js';
import { initialise, isReusable, prepare } from './data-directory.js';
import { openDataFolder } from './data-folder.js';
import type { Endpoint } from './endpoint.js';
import { chooseEngineUser, type EngineUser } from './engine-user.js';
import { clearLeftovers, type EngineNote, engineNoteFile, SOCKET_DIR_PREFIX } from './leftover.js';
import { ADMIN_ROLE, DATABASE } from './names.js';
import { type EngineLog, Postmaster } from './postmaster.js';
import { processScope, processStartTime } from './process-identity.js';
import { makeVerifier } from './scram.js';
import type { Listener } from './server-settings.js';
import { type Slot, takeSlot } from './slot.js';

/** What an embedded engine is started with. */
export interface EmbeddedOptions {
  readonly dataDir: string | null;
  readonly binDir: string | null;
  /** Clients' connections at once. */
  readonly connections: number;
  readonly log: EngineLog;
  /** For tests: another unpacked npm package. */
  readonly packageDir?: string | undefined;
  /** For tests and Windows: loopback TCP instead of a unix socket. */
  readonly listener?: 'socket' | 'tcp' | undefined;
}

/** A running embedded PostgreSQL. */
export interface EmbeddedServer {
  readonly endpoint: Endpoint;
  readonly pid: number;
  readonly dataDir: string;
  onCrash(callback: (reason: string) => void): void;
  stop(): Promise<void>;
}

/** Longest path of a unix socket on Linux; macOS has 103. */
const MAX_SOCKET_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;

/** Sessions of the gateway's own: names resolve in `pg_catalog` alone, and tables may be put there. */
export const OWN_SESSION_OPTIONS =
  '-c search_path= -c client_min_messages=warning -c statement_timeout=0 -c synchronize_seqscans=off -c default_transaction_read_only=off -c DateStyle=ISO -c TimeZone=UTC';

/** Starts PostgreSQL in a slot of the data folder, initialising the slot if need be. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const user = chooseEngineUser();
  const folder = openDataFolder(options.dataDir, user);
  const found = await findBinaries({ binDir: options.binDir, cacheDir: folder, packageDir: options.packageDir }, user);
  const slot = takeSlot(folder, user);
  let listener: Listener | null = null;
  try {
    await clearLeftovers(slot, options.log);
    listener = await chooseListener(slot, user, options.listener);
    const password = randomBytes(32).toString('base64url');
    const postmaster = await startInSlot(slot, found, user, {
      ...options,
      listener,
      verifier: await makeVerifier(password),
    });
    writeNote(slot, postmaster.pid, listener);
    return new RunningServer(postmaster, slot, listener, password);
  } catch (error) {
    removeSocketFolder(slot, listener);
    slot.release();
    throw error;
  }
}

class RunningServer implements EmbeddedServer {
  readonly endpoint: Endpoint;
  readonly #postmaster: Postmaster;
  readonly #slot: Slot;
  readonly #listener: Listener;

  constructor(postmaster: Postmaster, slot: Slot, listener: Listener, password: string) {
    this.#postmaster = postmaster;
    this.#slot = slot;
    this.#listener = listener;
    const place =
      listener.type === 'socket' ? { host: listener.folder, port: 5432 } : { host: listener.host, port: listener.port };
    this.endpoint = {
      ...place,
      user: ADMIN_ROLE,
      password: new Secret(password),
      database: DATABASE,
      tls: null,
      options: OWN_SESSION_OPTIONS,
    };
  }

  get pid(): number {
    return this.#postmaster.pid;
  }

  get dataDir(): string {
    return this.#slot.dataDir;
  }

  onCrash(callback: (reason: string) => void): void {
    this.#postmaster.onCrash(callback);
  }

  async stop(): Promise<void> {
    await this.#postmaster.stop();
    rmSync(engineNoteFile(this.#slot), { force: true });
    removeSocketFolder(this.#slot, this.#listener);
    this.#slot.release();
  }
}

async function startInSlot(
  slot: Slot,
  binaries: Binaries,
  user: EngineUser,
  options: {
    readonly listener: Listener;
    readonly connections: number;
    readonly verifier: string;
    readonly log: EngineLog;
  },
): Promise<Postmaster> {
  const start = async () => {
    await prepare(slot.dataDir, binaries, user, options);
    return Postmaster.start(slot.dataDir, binaries, user, options.log);
  };
  if (isReusable(slot.dataDir, binaries)) {
    try {
      return await start();
    } catch (error) {
      // Nothing of the user's is in there, so a directory that a crash spoiled is simply made anew.
      const reason = error instanceof GatewayError ? (error.detail ?? error.message) : String(error);
      options.log('warn', `the engine's data directory cannot be used again and is made anew: ${reason}`);
    }
  }
  await initialise(slot.dataDir, binaries, user);
  return start();
}

async function chooseListener(slot: Slot, user: EngineUser, wanted: 'socket' | 'tcp' | undefined): Promise<Listener> {
  if ((wanted ?? (process.platform === 'win32' ? 'tcp' : 'socket')) === 'tcp') {
    return { type: 'tcp', host: '127.0.0.1', port: await freePort() };
  }
  let folder = slot.folder;
  if (Buffer.byteLength(join(folder, '.s.PGSQL.5432.lock')) > MAX_SOCKET_PATH_BYTES) {
    folder = mkdtempSync(join(tmpdir(), SOCKET_DIR_PREFIX));
    if (Buffer.byteLength(join(folder, '.s.PGSQL.5432.lock')) > MAX_SOCKET_PATH_BYTES) {
      rmSync(folder, { recursive: true });
      folder = mkdtempSync(join('/tmp', SOCKET_DIR_PREFIX));
    }
    if (user.isOther) chownSync(folder, user.uid, user.gid);
    chmodSync(folder, 0o700);
  } else mkdirSync(folder, { recursive: true });
  rmSync(join(folder, '.s.PGSQL.5432'), { force: true });
  rmSync(join(folder, '.s.PGSQL.5432.lock'), { force: true });
  return { type: 'socket', folder };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function writeNote(slot: Slot, pid: number, listener: Listener): void {
  const note: EngineNote = {
    pid,
    startTime: processStartTime(pid),
    scope: processScope(),
    dataDir: slot.dataDir,
    socketDir: listener.type === 'socket' && listener.folder !== slot.folder ? listener.folder : null,
  };
  writeFileSync(engineNoteFile(slot), JSON.stringify(note), { mode: 0o600 });
}

function removeSocketFolder(slot: Slot, listener: Listener | null): void {
  if (listener?.type === 'socket' && listener.folder !== slot.folder)
    rmSync(listener.folder, { recursive: true, force: true });
}
