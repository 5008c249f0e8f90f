import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errors, GatewayError } from '../core/errors.js';
import type { Secret } from '../core/secret.js';
import type { Frame } from '../wire/frames.js';
import { BodyReader } from '../wire/frames.js';
import { cancelRequest, startupMessage } from '../wire/startup.js';
import { backend, frontend } from '../wire/write.js';
import type { ActiveStatement } from './active-statement.js';
import { ClientWriter } from './client-writer.js';
import { EngineLink } from './engine-link.js';
import { EngineLogin } from './engine-login.js';
import { ExtendedQuery } from './extended-query.js';
import { unforeseen } from './failure.js';
import { FrameQueue } from './frame-queue.js';
import type { Services } from './services.js';
import { SessionState } from './session-state.js';
import { ReportedSettings } from './settings.js';
import { passCopyFrame, SimpleQuery } from './simple-query.js';

const BACKEND_KEY_DATA = 'K'.charCodeAt(0);

/** What identifies a session in a cancel request: the engine's own numbers, which the client was given. */
export interface CancelKey {
  readonly processId: number;
  readonly secretKey: Buffer;
}

/** One client connection from its StartupMessage to its end. */
export class Session {
  readonly #services: Services;
  readonly #clientSocket: Duplex;
  readonly #client: ClientWriter;
  readonly #link: EngineLink;
  readonly #queue: FrameQueue;
  readonly #reported = new ReportedSettings();
  readonly #state: SessionState;
  readonly #extended: ExtendedQuery;
  readonly #simple: SimpleQuery;
  #cancelKey: CancelKey | null = null;
  #user = '';
  /** Called when the engine has said what cancels this session. */
  onCancelKey: (key: CancelKey) => void = () => {};
  /** Called with the ErrorResponse by which the engine refuses the login; returns what the client gets in its place. */
  onLoginRefused: (frame: Buffer) => Buffer = (frame) => frame;

  /** @param first bytes that the client sent behind its StartupMessage */
  constructor(services: Services, clientSocket: Duplex, engineSocket: Socket, first: Buffer) {
    this.#services = services;
    this.#clientSocket = clientSocket;
    this.#client = new ClientWriter(clientSocket);
    this.#link = new EngineLink(engineSocket, this.#client);
    this.#queue = new FrameQueue(clientSocket, first);
    this.#state = new SessionState(
      services,
      this.#link,
      this.#client,
      this.#reported,
      () => void this.#cancelInEngine(),
      () => ({ processId: this.#cancelKey?.processId ?? null, user: this.#user }),
    );
    this.#extended = new ExtendedQuery(this.#state);
    this.#simple = new SimpleQuery(this.#state, this.#queue);
    this.#link.onParameterStatus = (frame) => this.#reported.update(frame);
    this.#link.isClientUtf8 = () => this.#reported.isUtf8;
    this.#link.onReady = (status, sync) => {
      if (status === 'I') this.#state.transactionEnded(sync);
    };
    clientSocket.on('end', () => this.#state.cancel('the client is gone'));
    clientSocket.on('close', () => {
      this.#state.cancel('the client is gone');
      // Whatever the session waits for ends with its connection to the engine.
      void this.#link.closed();
      this.#link.close();
    });
    engineSocket.on('close', () => this.#client.end());
  }

  /**
   * Runs the session to its end; never throws.
   * @param password logs the user in at the engine in the client's place; null: the client does it
   */
  async run(protocol: number, parameters: ReadonlyMap<string, string>, password: Secret | null): Promise<void> {
    this.#user = parameters.get('user') ?? '';
    const login = password === null ? null : new EngineLogin(this.#link, password);
    if (login !== null) login.onFailed = (error) => this.#failStartup(error);
    this.#link.request(startupMessage(protocol, parameters), 'startup', {
      onFrame: (frame) => {
        if (frame.type === BACKEND_KEY_DATA) this.#setCancelKey(frame.bytes);
        return login === null ? frame.bytes : login.accept(frame);
      },
      onError: (frame) => this.onLoginRefused(frame),
    });
    try {
      await this.#handleFrames();
    } catch (error) {
      const fatal = error instanceof GatewayError ? error : unforeseen(error, this.#services.log);
      this.#client.write(backend.error(fatal, 'FATAL'));
    } finally {
      await this.#end();
    }
  }

  /** Cancels the running statement, if there is one. */
  cancel(): void {
    this.#state.cancel('canceling statement due to user request');
  }

  /** Ends the session as PostgreSQL does when an administrator stops it. */
  terminate(): void {
    this.#state.active?.cancel('terminating connection due to administrator command');
    this.#client.write(
      backend.error(errors.shuttingDown('terminating connection due to administrator command'), 'FATAL'),
    );
    this.#client.end();
  }

  get processId(): number | null {
    return this.#cancelKey?.processId ?? null;
  }

  get user(): string {
    return this.#user;
  }

  get applicationName(): string {
    return this.#reported.applicationName;
  }

  /** The statement that the gateway has a part in, while one is under way. */
  get activity(): ActiveStatement | null {
    return this.#state.active;
  }

  /** True while a statement that the gateway has a part in is under way. */
  get isBusy(): boolean {
    return this.#state.active !== null;
  }

  async #handleFrames(): Promise<void> {
    this.#link.hold();
    for (;;) {
      const ready = this.#queue.take();
      if (ready === undefined) this.#link.release();
      const frame = ready ?? (await this.#queue.next());
      if (ready === undefined) this.#link.hold();
      if (frame === null || frame.type === TERMINATE || this.#link.isClosed) return;
      const work = this.#handle(frame);
      if (work === undefined) continue;
      this.#link.release();
      await work;
      this.#link.hold();
    }
  }

  /** Handles one frame; returns a promise when later frames have to wait. */
  #handle(frame: Frame): void | Promise<void> {
    switch (String.fromCharCode(frame.type)) {
      case 'Q':
        return this.#simple.run(frame);
      case 'P':
        return this.#extended.parse(frame);
      case 'B':
        return this.#extended.bind(frame);
      case 'E':
        return this.#extended.execute(frame);
      case 'C':
        return this.#extended.close(frame);
      case 'D':
        return this.#link.request(frame.bytes, 'describe');
      case 'S':
        // During COPY the engine takes no notice of Sync, so there will be no answer.
        if (this.#link.isCopyIn) return this.#link.send(frame.bytes);
        return this.#link.request(frame.bytes, 'sync');
      case 'F':
        return this.#link.request(frame.bytes, 'function');
      case 'd':
      case 'c':
      case 'f':
        passCopyFrame(this.#state, frame);
        return this.#link.drained();
      default: // Flush, and the messages of an authentication exchange
        return this.#link.send(frame.bytes);
    }
  }

  #failStartup(error: unknown): void {
    const fatal = error instanceof GatewayError ? error : unforeseen(error, this.#services.log);
    this.#client.write(backend.error(fatal, 'FATAL'));
    this.#client.end();
  }

  #setCancelKey(frame: Buffer): void {
    const body = new BodyReader(frame);
    this.#cancelKey = { processId: body.uint32(), secretKey: Buffer.from(body.rest()) };
    this.onCancelKey(this.#cancelKey);
  }

  async #cancelInEngine(): Promise<void> {
    if (this.#cancelKey === null || this.#link.isClosed) return;
    try {
      const socket = await this.#services.engine.connect();
      socket.on('error', () => {});
      socket.end(cancelRequest(this.#cancelKey.processId, this.#cancelKey.secretKey));
      socket.resume();
    } catch (error) {
      this.#services.log('warn', { err: error }, 'the cancel request did not reach the engine');
    }
  }

  async #end(): Promise<void> {
    this.#link.release();
    this.#link.send(frontend.terminate);
    this.#link.close();
    this.#client.end();
    await this.#link.closed();
    this.#state.transactionEnded();
    this.#state.runner.cursors.close(() => true);
    this.#clientSocket.destroy();
  }
}

const TERMINATE = 'X'.charCodeAt(0);
