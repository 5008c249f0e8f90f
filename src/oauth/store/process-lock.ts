import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { sleep } from '../../http/wait.js';

const SHORTEST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 60;
const HEARTBEAT_MS = 5_000;
/** An owner on another machine whose mark is older than this is taken for dead. */
const ABANDONED_MS = 60_000;
/** Leftovers of a process that was killed while it prepared its lock. */
const LEFTOVER_MS = 10 * 60_000;

interface Owner {
  readonly pid: number;
  /** When the process began, so that another one with the same id is not taken for it. */
  readonly began: string;
  /** Process ids only mean something within it. */
  readonly machine: string;
}

/** A lock that is held. */
export interface HeldLock {
  /** False when others took it for abandoned: nothing may be written any more. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * Takes a lock that all processes respect and that a killed process does not leave behind: a folder with one file,
 * whose name nobody else has. A new owner moves a prepared folder onto it, which fails unless the old one is empty; the
 * lock of a dead owner is broken by deleting the file that was seen in it, so a lock taken meanwhile cannot be hit.
 * Rejects with the signal's reason.
 */
export async function takeLock(path: string, signal: AbortSignal): Promise<HeldLock> {
  const nonce = `${process.pid}-${randomBytes(9).toString('hex')}`;
  const prepared = `${path}.${nonce}`;
  await mkdir(prepared, { mode: 0o700 });
  try {
    await writeFile(join(prepared, nonce), JSON.stringify(thisProcess()), { mode: 0o600 });
    for (let waitMs = SHORTEST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
      signal.throwIfAborted();
      if (await moveOnto(prepared, path)) break;
      await breakDeadLock(path);
      await sleep(waitMs * (0.5 + Math.random()), signal);
    }
  } catch (error) {
    await rm(prepared, { recursive: true, force: true });
    throw error;
  }
  return held(path, nonce);
}

function held(path: string, nonce: string): HeldLock {
  const mark = join(path, nonce);
  const heartbeat = setInterval(() => void utimes(mark, new Date(), new Date()).catch(() => {}), HEARTBEAT_MS);
  heartbeat.unref();
  return {
    isHeld: () =>
      stat(mark).then(
        () => true,
        () => false,
      ),
    release: async () => {
      clearInterval(heartbeat);
      await ignoring(unlink(mark), 'ENOENT');
    },
  };
}

/** Renaming replaces an empty folder and nothing else; Windows wants it gone first. */
async function moveOnto(prepared: string, path: string): Promise<boolean> {
  try {
    if (process.platform === 'win32') await ignoring(rmdir(path), 'ENOENT', 'ENOTEMPTY');
    await rename(prepared, path);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(codeOf(error)) && (await exists(path))) return false;
    throw error;
  }
}

async function breakDeadLock(path: string): Promise<void> {
  const names = await readdir(path).catch(() => []);
  for (const name of names) {
    const mark = join(path, name);
    if (await isDead(mark)) await ignoring(unlink(mark), 'ENOENT');
  }
}

async function isDead(mark: string): Promise<boolean> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(mark, 'utf8'), stat(mark)]);
    const owner = JSON.parse(text) as Owner;
    if (owner.machine === thisProcess().machine) return !isAlive(owner);
    return Date.now() - mtimeMs > ABANDONED_MS;
  } catch (error) {
    // Gone: its owner released it. Not readable as JSON: a crash of the machine lost its content.
    return error instanceof SyntaxError;
  }
}

function isAlive({ pid, began }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  const now = beginningOf(pid);
  return began === '' || now === '' || began === now;
}

/** Takes away what killed processes left beside a lock. */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix) || !/\.\d+-[0-9a-f]{18}$/.test(name)) continue;
    const leftover = join(folder, name);
    const age = await stat(leftover).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > LEFTOVER_MS) await rm(leftover, { recursive: true, force: true });
  }
}

let self: Owner | null = null;

function thisProcess(): Owner {
  self ??= { pid: process.pid, began: beginningOf(process.pid), machine: `${hostname()} ${processNamespace()}` };
  return self;
}

/** The process's start in clock ticks (proc(5), field 22); empty where there is no /proc. */
function beginningOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // A zombie holds nothing any more.
    return fields[0] === 'Z' ? 'zombie' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function ignoring(promise: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (!codes.includes(codeOf(error))) throw error;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
