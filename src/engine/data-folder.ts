import { chmodSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { errors } from '../core/errors.js';
import { type EngineUser, findUnreachable } from './engine-user.js';

/**
 * The folder that holds the engine's slots and copied programs, made if need be: `configured`, else below
 * `/var/lib/tidegate` for root, `$XDG_STATE_HOME/tidegate` or `~/.local/state/tidegate` for others, and the system's
 * folder for temporary files where those cannot be written. The engine user can reach it.
 */
export function openDataFolder(configured: string | null, user: EngineUser): string {
  const candidates = configured === null ? defaultFolders() : [resolve(configured)];
  let failure: unknown;
  for (const folder of candidates) {
    try {
      makeFolder(folder, configured === null);
    } catch (error) {
      failure = error;
      continue;
    }
    const blocked = user.isOther ? barrier(folder, user) : null;
    // PostgreSQL and /proc name the folder without symbolic links.
    if (blocked === null) return realpathSync(folder);
    failure = new Error(`"${user.name}" may not enter "${blocked}"`);
  }
  throw errors.cannotConnect(`the engine has no data folder: "${candidates[0]}" cannot be used`, {
    detail: (failure as Error).message,
    hint: user.isOther
      ? `The gateway runs as root, so the engine runs as "${user.name}": set engine.data_dir to a folder that this user can enter, such as /var/lib/tidegate.`
      : 'Set engine.data_dir to a folder that the gateway can write to.',
    cause: failure,
  });
}

function defaultFolders(): string[] {
  const uid = process.getuid?.() ?? 'user';
  const last = join(tmpdir(), `tidegate-${uid}`);
  if (uid === 0) return ['/var/lib/tidegate', last];
  const state = process.env.XDG_STATE_HOME;
  if (state?.startsWith('/')) return [join(state, 'tidegate'), last];
  return [join(homedir(), '.local', 'state', 'tidegate'), last];
}

function makeFolder(folder: string, isDefault: boolean): void {
  const made = mkdirSync(folder, { recursive: true });
  const stat = statSync(folder);
  if (!stat.isDirectory()) throw new Error(`"${folder}" is not a folder`);
  const uid = process.getuid?.();
  // In a folder that everybody may write to, somebody else could have put it there first.
  if (isDefault && uid !== undefined && stat.uid !== uid) throw new Error(`"${folder}" belongs to another user`);
  if (made !== undefined || isDefault) chmodSync(folder, uid === 0 ? 0o711 : 0o700);
}

/** What keeps the user from entering the folder; the slots in it are the user's own. */
function barrier(folder: string, user: EngineUser): string | null {
  const blocked = findUnreachable(join(folder, 'x'), user);
  return blocked === null || dirname(blocked) === folder ? null : blocked;
}
