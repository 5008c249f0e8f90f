import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { errors } from '../core/errors.js';
import type { Binaries } from './binaries.js';
import { programEnvironment, spawnIdentity } from './data-directory.js';
import type { EngineUser } from './engine-user.js';
import { postgresProcessesIn, signalProcess } from './process-identity.js';
import { Watchdog } from './watchdog.js';

/** Takes the engine's log lines. */
export type EngineLog = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;

const START_TIMEOUT_MS = 60_000;
const FAST_SHUTDOWN_MS = 5000;

/** A running PostgreSQL server that is a child of the gateway and does not outlive it. */
export class Postmaster {
  readonly pid: number;
  readonly #dataDir: string;
  readonly #exited: Promise<void>;
  #watchdog: Watchdog;
  #isClosing = false;
  #hasExited = false;
  #exitText = '';
  #onCrash: ((reason: string) => void) | null = null;

  private constructor(child: ChildProcess, dataDir: string, user: EngineUser) {
    this.pid = child.pid!;
    this.#dataDir = dataDir;
    this.#exited = new Promise((resolve) => {
      child.on('exit', (code, signal) => {
        this.#hasExited = true;
        this.#exitText = signal === null ? `code ${code}` : `signal ${signal}`;
        this.#watchdog.standDown();
        resolve();
        if (!this.#isClosing) this.#onCrash?.(this.#exitText);
      });
    });
    this.#watchdog = this.#watch(user);
  }

  /** Starts the server and waits until it takes connections. */
  static async start(dataDir: string, binaries: Binaries, user: EngineUser, log: EngineLog): Promise<Postmaster> {
    const child = spawn(binaries.postgres, ['-D', dataDir], {
      env: programEnvironment(),
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...spawnIdentity(user),
    });
    if (child.pid === undefined) {
      const cause = await new Promise<Error>((resolve) => child.once('error', resolve));
      throw errors.cannotConnect('the embedded engine could not be started', { detail: cause.message, cause });
    }
    child.on('error', () => undefined);
    const postmaster = new Postmaster(child, dataDir, user);
    const complaints: string[] = [];
    const isReady = new Promise<boolean>((resolve) => {
      createInterface({ input: child.stderr! }).on('line', (line) => {
        if (line.includes('database system is ready to accept connections')) resolve(true);
        if (complaints.length < 20) complaints.push(line);
        logLine(line, log);
      });
      void postmaster.#exited.then(() => resolve(false));
      void delay(START_TIMEOUT_MS, false, { ref: false }).then(resolve);
    });
    if (await isReady) return postmaster;
    const detail =
      complaints.filter((line) => !line.startsWith('LOG:')).join('; ') || postmaster.#exitText || 'no answer in time';
    await postmaster.stop();
    throw errors.cannotConnect('the embedded engine did not start', {
      detail,
      hint: "Check memory and free space in the engine's data folder (engine.data_dir).",
    });
  }

  /** Called once if the server ends without `stop`. */
  onCrash(callback: (reason: string) => void): void {
    this.#onCrash = callback;
    if (this.#hasExited && !this.#isClosing) callback(this.#exitText);
  }

  /** Fast shutdown (open transactions are rolled back), then SIGKILL for whatever is left after five seconds. */
  async stop(): Promise<void> {
    this.#isClosing = true;
    if (!this.#hasExited) {
      signalProcess(this.pid, 'SIGINT');
      const timer = setTimeout(() => this.#kill(), FAST_SHUTDOWN_MS);
      await this.#exited;
      clearTimeout(timer);
    }
    for (const pid of postgresProcessesIn(this.#dataDir)) signalProcess(pid, 'SIGKILL');
  }

  #kill(): void {
    const processes = postgresProcessesIn(this.#dataDir);
    signalProcess(this.pid, 'SIGKILL');
    for (const pid of processes) signalProcess(pid, 'SIGKILL');
  }

  #watch(user: EngineUser): Watchdog {
    const watchdog = new Watchdog(this.pid, user);
    watchdog.onExit(() => {
      // A watchdog that was killed is replaced, not too often.
      if (!this.#hasExited && !this.#isClosing) {
        setTimeout(() => {
          if (!this.#hasExited && !this.#isClosing) this.#watchdog = this.#watch(user);
        }, 200).unref();
      }
    });
    return watchdog;
  }
}

/** LOG lines are routine; a refused login is FATAL for its connection only. */
function logLine(line: string, log: EngineLog): void {
  const match = /^(LOG|WARNING|ERROR|FATAL|PANIC): {2}(.*)$/.exec(line);
  if (!match) return;
  const level = match[1] === 'PANIC' ? 'error' : match[1] === 'LOG' ? 'debug' : match[1] === 'FATAL' ? 'info' : 'warn';
  log(level, `engine: ${match[2]}`);
}
