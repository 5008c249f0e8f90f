import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** `npm test` compiles it; memory is read from /proc. */
export const canRunGatewayProcess = existsSync(COMMAND) && existsSync('/proc/self/status');

/** `tidegate serve` in a process of its own, so that its memory is its own. */
export class GatewayProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.#child = child;
    this.#folder = folder;
  }

  /** @param settings lines of tidegate.yaml besides `listen` and `dsn` */
  static async start(dsn: string, settings = ''): Promise<GatewayProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'tidegate-process-'));
    writeFileSync(join(folder, 'dsn.yaml'), dsn);
    const config = join(folder, 'settings');
    writeFileSync(config, `dsn: [./dsn.yaml]\n${settings}\n`);
    const child = spawn(process.execPath, [COMMAND, 'serve', '--config', config, '--listen', '127.0.0.1:0'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    const port = await new Promise<number>((resolve, reject) => {
      child.on('exit', () => reject(new Error(`the gateway ended: ${log}`)));
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-20_000);
        const ready = /ready: 127\.0\.0\.1:(\d+)/.exec(log);
        if (ready !== null) resolve(Number(ready[1]));
      });
    });
    return new GatewayProcess(port, child, folder);
  }

  residentMegabytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
  }

  /** Ends it without a chance to clean up. */
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
