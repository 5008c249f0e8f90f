import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  isSameProcess,
  type ProcessIdentity,
  postgresProcessesIn,
  processScope,
  signalProcess,
} from './process-identity.js';
import type { Slot } from './slot.js';

/** What a gateway notes in its slot about the postmaster it started. */
export interface EngineNote extends ProcessIdentity {
  readonly scope: string;
  readonly dataDir: string;
  /** Where the socket is, when that is not in the slot. */
  readonly socketDir: string | null;
}

/** The file in a slot with the `EngineNote`. Outside the data directory, for the gateway's user alone. */
export function engineNoteFile(slot: Slot): string {
  return `${slot.folder}.engine.json`;
}

/** The prefix of socket folders outside a slot. */
export const SOCKET_DIR_PREFIX = 'tidegate-';

const QUICK_EXIT_MS = 1500;

/**
 * Ends what a dead gateway left in its slot: the postmaster that the slot's note names, if that very process (id, start
 * time, data directory) still runs, and any backend that outlived it. Nothing else is ever signalled.
 */
export async function clearLeftovers(slot: Slot, log: (level: 'warn', message: string) => void): Promise<void> {
  const note = readNote(engineNoteFile(slot));
  if (note !== null && note.dataDir === slot.dataDir) {
    if (note.scope === processScope() && isSameProcess(note) && workedIn(slot.dataDir, note.pid)) {
      log('warn', `ending the engine of a gateway that is gone (process ${note.pid})`);
      await endProcess(note);
    }
    removeSocketDir(note.socketDir);
  }
  if (existsSync(slot.dataDir)) {
    const left = postgresProcessesIn(slot.dataDir);
    for (const pid of left) signalProcess(pid, 'SIGKILL');
    for (let waited = 0; waited < 2000 && postgresProcessesIn(slot.dataDir).length > 0; waited += 20) await delay(20);
  }
  rmSync(engineNoteFile(slot), { force: true });
  rmSync(join(slot.dataDir, 'postmaster.pid'), { force: true });
}

/** The first two lines of postmaster.pid are the postmaster's process id and its data directory. */
function workedIn(dataDir: string, pid: number): boolean {
  try {
    const [first, second] = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
    return Number(first) === pid && second === dataDir;
  } catch {
    return false;
  }
}

async function endProcess(identity: ProcessIdentity): Promise<void> {
  signalProcess(identity.pid, 'SIGQUIT');
  for (let waited = 0; waited < QUICK_EXIT_MS; waited += 20) {
    if (!isSameProcess(identity)) return;
    await delay(20);
  }
  signalProcess(identity.pid, 'SIGKILL');
  while (isSameProcess(identity)) await delay(20);
}

function removeSocketDir(folder: string | null): void {
  if (folder !== null && basename(folder).startsWith(SOCKET_DIR_PREFIX) && dirname(folder) !== folder) {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readNote(file: string): EngineNote | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as EngineNote;
  } catch {
    return null;
  }
}
