import { readFileSync } from 'node:fs';

/**
 * Processor time of a process so far in milliseconds; null where the system does not tell (Linux does, in hundredths of a second
 * whatever its own clock does).
 */
export function readCpuMs(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may have spaces; utime and stime are the 12th and 13th fields behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
}
