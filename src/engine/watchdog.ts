import { type ChildProcess, spawn } from 'node:child_process';
import { programEnvironment, spawnIdentity } from './data-directory.js';
import type { EngineUser } from './engine-user.js';

/**
 * Reads until the gateway's end of the pipe closes, which the kernel does however the gateway dies, then ends the
 * postmaster at once, and with SIGKILL what is left after a second. A line on the pipe stands it down.
 */
const SHELL_SCRIPT = `
read line && exit 0
children=$(cat "/proc/$1/task/$1/children" 2>/dev/null || pgrep -P "$1" 2>/dev/null)
kill -QUIT "$1" 2>/dev/null || exit 0
for step in 1 2 3 4 5 6 7 8 9 10; do
  kill -0 "$1" 2>/dev/null || exit 0
  sleep 0.1
done
kill -KILL "$1" $children 2>/dev/null
`;

/** The same for Windows, where there is no shell to rely on and no signal but the end. */
const NODE_SCRIPT = `
let told = false;
process.stdin.on('data', () => { told = true; }).on('close', () => {
  if (!told) require('child_process').spawnSync('taskkill', ['/pid', process.argv[1], '/T', '/F']);
  process.exit();
}).resume();
`;

/** A small process that outlives the gateway just long enough to end the engine. */
export class Watchdog {
  #child: ChildProcess;

  constructor(postmasterPid: number, user: EngineUser) {
    const isWindows = process.platform === 'win32';
    const program = isWindows ? process.execPath : '/bin/sh';
    const args = isWindows ? ['-e', NODE_SCRIPT] : ['-c', SHELL_SCRIPT, 'tidegate-watchdog'];
    this.#child = spawn(program, [...args, String(postmasterPid)], {
      env: programEnvironment(),
      cwd: '/',
      // A session of its own: Ctrl-C in a terminal must reach the gateway alone, which then drains.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      ...spawnIdentity(user),
    });
    this.#child.on('error', () => undefined);
    this.#child.stdin?.on('error', () => undefined);
    this.#child.unref();
    (this.#child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  }

  /** Calls back when the watchdog itself ended, so that another can be started. */
  onExit(callback: () => void): void {
    this.#child.on('exit', callback);
  }

  /** Tells the watchdog that the engine is down; it ends. */
  standDown(): void {
    this.#child.stdin?.end('done\n');
  }
}
