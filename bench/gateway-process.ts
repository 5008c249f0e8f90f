import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endProcess } from './child.js';
import { readCpuMs } from './processor-time.js';

const READY_WITHIN_MS = 60_000;
const SAMPLE_EVERY_MS = 50;
const COMMAND = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));

/** A gateway in a process of its own, started by its documented command, with an engine of its own. */
export class GatewayProcess {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.#process = child;
    this.#folder = folder;
  }

  /**
   * Starts it with DSN files of these texts and waits until clients can connect; what it says on the way is in the error.
   * @param engine settings of the engine; by default its data is new and goes with the gateway
   */
  static async start(
    dsnYaml: string | readonly string[],
    engine?: Readonly<Record<string, string>>,
  ): Promise<GatewayProcess> {
    if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is not there: run "npm run build" first`);
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-bench-'));
    // As root the engine runs as another user, who has to reach its data directory through this folder.
    await chmod(folder, 0o755);
    const dsnFolder = join(folder, 'dsn');
    const configFile = join(folder, 'tidegate.yaml');
    await mkdir(dsnFolder);
    for (const [index, yaml] of [dsnYaml].flat().entries()) await writeFile(join(dsnFolder, `${index}.yaml`), yaml);
    await writeFile(configFile, `engine: ${JSON.stringify(engine ?? { data_dir: join(folder, 'engine') })}\n`);
    const port = await findFreePort();
    const parameters = ['serve', '--config', configFile, '--dsn', dsnFolder, '--listen', `127.0.0.1:${port}`];
    const child = spawn(process.execPath, [COMMAND, ...parameters], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const gateway = new GatewayProcess(port, child, folder);
    try {
      await waitUntilReady(child);
      return gateway;
    } catch (error) {
      await gateway.close();
      throw error;
    }
  }

  /** Runs `work` and samples the gateway's resident memory meanwhile (the engine's processes not included). */
  async measureMemory<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly peakRssBytes: number | null }> {
    let peak = readRssBytes(this.#process.pid!);
    const timer = setInterval(() => {
      const rss = readRssBytes(this.#process.pid!);
      if (rss !== null && (peak === null || rss > peak)) peak = rss;
    }, SAMPLE_EVERY_MS);
    try {
      return { result: await work(), peakRssBytes: peak };
    } finally {
      clearInterval(timer);
    }
  }

  /** Processor time of the gateway so far (the engine's processes not included), in milliseconds; null where the system does not tell. */
  get cpuMs(): number | null {
    return readCpuMs(this.#process.pid!);
  }

  async close(): Promise<void> {
    await endProcess(this.#process);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function waitUntilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = (reason: string): void => reject(new Error(`${reason}:\n${log}`));
    const timer = setTimeout(() => fail(`the gateway was not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`the gateway ended before it was ready (${signal ?? code})`);
    });
    // Read to the end, also after it is ready: a full pipe would stop the gateway.
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-10_000);
      if (!/\bready\b/.test(log)) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Null where the system does not tell (it does on Linux). */
function readRssBytes(pid: number): number | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1_024;
  } catch {
    return null;
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
