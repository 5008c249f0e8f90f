import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Request {
  readonly id: number;
  readonly payload: unknown;
}

interface Response {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A benchmark that hangs must fail, not wait. */
const ANSWER_WITHIN_MS = 60_000;

/** A process of the benchmark's own that answers requests. */
export class BenchChild<Q, R> {
  readonly process: ChildProcess;
  readonly #waiting = new Map<number, { resolve(result: R): void; reject(error: Error): void }>();
  #lastId = 0;

  /** @param script the compiled file's name, beside this one */
  constructor(script: string) {
    this.process = fork(fileURLToPath(new URL(script, import.meta.url)), { serialization: 'advanced' });
    this.process.on('message', (message: Response) => {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error === undefined) waiting?.resolve(message.result as R);
      else waiting?.reject(new Error(message.error));
    });
    this.process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${script} ended (${signal ?? code})`));
      this.#waiting.clear();
    });
  }

  /** Sends a request; rejects with the child's own message, when it ends, and when it takes too long. */
  ask(payload: Q): Promise<R> {
    const answer = new Promise<R>((resolve, reject) => {
      if (this.process.exitCode !== null) throw new Error('the process has ended');
      const request: Request = { id: ++this.#lastId, payload };
      this.#waiting.set(request.id, { resolve, reject });
      this.process.send(request);
    });
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)), ANSWER_WITHIN_MS);
    });
    return Promise.race([answer, tooLong]).finally(() => clearTimeout(timer));
  }

  /** Ends the process and waits until it is gone. */
  close(): Promise<void> {
    return endProcess(this.process);
  }
}

/** The child's side: answers each request with what `answer` resolves to; the process ends with its parent. */
export function serveParent<Q, R>(answer: (payload: Q) => Promise<R>): void {
  process.on('message', ({ id, payload }: Request) => {
    answer(payload as Q).then(
      (result) => process.send!({ id, result } satisfies Response),
      (error: unknown) =>
        process.send!({ id, error: error instanceof Error ? error.message : String(error) } satisfies Response),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

/** SIGTERM, and SIGKILL when that does nothing for 15 s; resolves when the process is gone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await gone;
  clearTimeout(timer);
}
