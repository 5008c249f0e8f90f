import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Names one process for good: process ids are used again, the pair of id and start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; null where the system does not tell. */
  readonly startTime: string | null;
}

/** When a process started, as an opaque text; null when there is no such process. */
export function processStartTime(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      // The command's name stands in parentheses and may hold spaces; the start time is field 22, the state field 3.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : fields[19]!;
    } catch {
      return null;
    }
  }
  if (process.platform === 'win32') return isAlive(pid) ? 'unknown' : null;
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5000 }).trim();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}

/** Identifies a running process; null when there is none. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const startTime = processStartTime(pid);
  return startTime === null ? null : { pid, startTime };
}

/** Whether this very process, not a later one with its id, still runs. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  const startTime = processStartTime(identity.pid);
  return startTime !== null && startTime === identity.startTime;
}

/**
 * Where process ids mean something: the boot and, on Linux, the pid namespace. Two gateways in two containers can share
 * a data folder and cannot see each other's processes.
 */
export function processScope(): string {
  if (process.platform !== 'linux') return process.platform;
  try {
    return `${bootId()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return bootId();
  }
}

/** Changes with every boot of the machine; '' where the system does not tell. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

/** Processes whose working folder is `folder` and whose program is called `postgres`: PostgreSQL works in its data directory. */
export function postgresProcessesIn(folder: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const comm = readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
        return comm === 'postgres' && readlinkSync(`/proc/${pid}/cwd`) === folder;
      } catch {
        return false;
      }
    });
}

/** Sends a signal to a process that may be gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone, which is what a signal is for here.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
