import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'undici';

/** As root, without a screen, and on a network that ends at this machine. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
];
const STEP_TIMEOUT_MS = 30_000;

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A headless Chromium with one page, driven through the DevTools protocol. */
export class ChromiumPage {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #session = '';
  #lastId = 0;

  private constructor(child: ChildProcess, folder: string, socket: WebSocket) {
    this.#child = child;
    this.#folder = folder;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  static async start(): Promise<ChromiumPage> {
    const folder = mkdtempSync(join(tmpdir(), 'tidegate-chromium-'));
    const child = spawn('chromium', [...FLAGS, `--user-data-dir=${folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    const address = await new Promise<string>((resolve, reject) => {
      let log = '';
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`chromium ended: ${log}`)));
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-10_000);
        const found = /DevTools listening on (ws:\S+)/.exec(log);
        if (found !== null) resolve(found[1]!);
      });
    });
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', reject, { once: true });
    });
    const page = new ChromiumPage(child, folder, socket);
    const { targetInfos } = (await page.#send('Target.getTargets')) as {
      targetInfos: { type: string; targetId: string }[];
    };
    const { targetId } = targetInfos.find(({ type }) => type === 'page')!;
    const { sessionId } = await page.#send('Target.attachToTarget', { targetId, flatten: true });
    page.#session = String(sessionId);
    return page;
  }

  async open(address: string): Promise<void> {
    await this.#send('Page.navigate', { url: address });
  }

  /** The value of an expression in the page; null while a page is being exchanged for another. */
  async evaluate(expression: string): Promise<unknown> {
    try {
      const answer = await this.#send('Runtime.evaluate', { expression, returnByValue: true });
      return (answer.result as { value?: unknown }).value ?? null;
    } catch {
      return null;
    }
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    const endAt = performance.now() + STEP_TIMEOUT_MS;
    while ((await this.evaluate(expression)) !== true) {
      if (performance.now() > endAt) {
        throw new Error(`never true: ${expression}\n${await this.evaluate('location.href + document.body.innerText')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Types into a field as a person does: with key events. */
  async type(selector: string, text: string): Promise<void> {
    await this.until(`document.querySelector(${JSON.stringify(selector)}) !== null`);
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).focus()`);
    await this.#send('Input.insertText', { text });
  }

  async click(selector: string): Promise<void> {
    await this.until(`document.querySelector(${JSON.stringify(selector)}) !== null`);
    await this.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#socket.close();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // Its renderers are in its process group.
      process.kill(-this.#child.pid!, 'SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const answer = await new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), STEP_TIMEOUT_MS);
      this.#waiting.set(id, (found) => {
        clearTimeout(timer);
        resolve(found);
      });
      const session = this.#session === '' ? {} : { sessionId: this.#session };
      this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    });
    this.#waiting.delete(id);
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result ?? {};
  }
}
