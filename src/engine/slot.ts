import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { errors } from '../core/errors.js';
import type { EngineUser } from './engine-user.js';
import { identifyProcess, isSameProcess, type ProcessIdentity, processScope } from './process-identity.js';

/** A gateway's private folder below the data folder; no other gateway uses it while `release` was not called. */
export interface Slot {
  readonly folder: string;
  /** The PostgreSQL data directory in it; need not exist yet. */
  readonly dataDir: string;
  release(): void;
}

interface LockText extends ProcessIdentity {
  readonly scope: string;
  readonly nonce: string;
}

const MAX_SLOTS = 64;
const HEARTBEAT_MS = 10_000;
/** A lock from where we cannot see processes (another container) counts as dead after so long without a heartbeat. */
const SILENCE_MS = 60_000;

/**
 * Takes the first free slot: a new one, or one whose gateway is gone, with its initialised data directory. The lock is
 * a file that names the owner's process id, start time and pid namespace.
 */
export function takeSlot(dataFolder: string, user: EngineUser): Slot {
  for (let number = 0; number < MAX_SLOTS; number++) {
    const folder = join(dataFolder, `engine-${number}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lockFile = join(dataFolder, `engine-${number}.lock`);
    const nonce = tryLock(lockFile);
    if (nonce === null) continue;
    if (user.isOther) chownSync(folder, user.uid, user.gid);
    chmodSync(folder, 0o700);
    return new LockedSlot(folder, lockFile, nonce);
  }
  throw errors.cannotConnect(`"${dataFolder}" is in use by ${MAX_SLOTS} gateways`, {
    hint: 'Give this gateway a folder of its own with engine.data_dir.',
  });
}

class LockedSlot implements Slot {
  readonly folder: string;
  readonly dataDir: string;
  readonly #lockFile: string;
  readonly #nonce: string;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(folder: string, lockFile: string, nonce: string) {
    this.folder = folder;
    this.dataDir = join(folder, 'data');
    this.#lockFile = lockFile;
    this.#nonce = nonce;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  release(): void {
    clearInterval(this.#heartbeat);
    if (readLock(this.#lockFile)?.nonce === this.#nonce) rmSync(this.#lockFile, { force: true });
  }

  #beat(): void {
    try {
      const now = new Date();
      utimesSync(this.#lockFile, now, now);
    } catch {
      // The folder was taken away under us; the engine will say so.
    }
  }
}

function tryLock(lockFile: string): string | null {
  const nonce = writeLock(lockFile);
  if (nonce !== null) return nonce;
  if (isHeld(lockFile)) return null;
  // Only one gateway at a time may take over a dead one's lock: the second would remove the first one's new lock.
  const takeover = `${lockFile}.takeover`;
  clearDeadTakeover(takeover);
  try {
    closeSync(openSync(takeover, 'wx', 0o600));
  } catch {
    return null;
  }
  try {
    if (isHeld(lockFile)) return null;
    rmSync(lockFile, { force: true });
    return writeLock(lockFile);
  } finally {
    rmSync(takeover, { force: true });
  }
}

function writeLock(lockFile: string): string | null {
  let file: number;
  try {
    file = openSync(lockFile, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw error;
  }
  const nonce = randomBytes(8).toString('hex');
  const own = identifyProcess(process.pid) ?? { pid: process.pid, startTime: null };
  const text: LockText = { ...own, scope: processScope(), nonce };
  writeSync(file, JSON.stringify(text));
  closeSync(file);
  return nonce;
}

function isHeld(lockFile: string): boolean {
  const age = ageMs(lockFile);
  if (age === null) return false;
  const lock = readLock(lockFile);
  // Between its creation and its first byte a lock is empty; one that stays so was left by a crash.
  if (lock === null) return age < 5000;
  return lock.scope === processScope() ? isSameProcess(lock) : age < SILENCE_MS;
}

function readLock(lockFile: string): LockText | null {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')) as LockText;
  } catch {
    return null;
  }
}

function clearDeadTakeover(takeover: string): void {
  const age = ageMs(takeover);
  if (age !== null && age > SILENCE_MS) rmSync(takeover, { force: true });
}

function ageMs(file: string): number | null {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? null : Date.now() - stat.mtimeMs;
}
