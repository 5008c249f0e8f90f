import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The system user that the embedded engine runs as. */
export interface EngineUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  /** False when the engine runs as the gateway's own user. */
  readonly isOther: boolean;
}

/** The user whom most systems have for "nobody in particular". */
const FALLBACK_ID = 65534;

/**
 * PostgreSQL refuses to run as root, so a gateway that is root runs it as `postgres` or `nobody`; any other gateway runs
 * it as itself. On Windows there are no such ids and the result is the gateway's own user.
 */
export function chooseEngineUser(): EngineUser {
  const uid = process.getuid?.() ?? -1;
  const gid = process.getgid?.() ?? -1;
  if (uid !== 0) return { uid, gid, name: `user ${uid}`, isOther: false };
  const accounts = readAccounts();
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.get(name);
    if (account !== undefined && account.uid !== 0) return { ...account, name, isOther: true };
  }
  return { uid: FALLBACK_ID, gid: FALLBACK_ID, name: String(FALLBACK_ID), isOther: true };
}

function readAccounts(): ReadonlyMap<string, { uid: number; gid: number }> {
  const accounts = new Map<string, { uid: number; gid: number }>();
  try {
    for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
      const [name, , uid, gid] = line.split(':');
      if (name !== undefined && uid !== undefined && gid !== undefined)
        accounts.set(name, { uid: Number(uid), gid: Number(gid) });
    }
  } catch {
    // A system without /etc/passwd: the fallback id it is.
  }
  return accounts;
}

/**
 * The first folder on the way to `path` that the user may not pass, or `path` itself if the user may not read it (and run
 * it, with `execute`); null when all is well. Looks at permission bits only.
 */
export function findUnreachable(path: string, user: EngineUser, execute = false): string | null {
  if (!user.isOther) {
    try {
      accessSync(path, execute ? constants.R_OK | constants.X_OK : constants.R_OK);
      return null;
    } catch {
      return path;
    }
  }
  const folders: string[] = [];
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (dirname(folder) === folder) break;
  }
  for (const folder of folders) if (!isAllowed(folder, user, 0o1)) return folder;
  const needsPass = execute || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isAllowed(path, user, needsPass ? 0o5 : 0o4) ? null : path;
}

function isAllowed(path: string, user: EngineUser, bits: number): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  const shift = stat.uid === user.uid ? 6 : stat.gid === user.gid ? 3 : 0;
  return ((stat.mode >> shift) & bits) === bits;
}
