import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { createReader } from '../../drivers/registry.js';
import type { GatewayModel } from '../config/model.js';
import { errors, type GatewayError } from '../core/errors.js';
import { ScanCache } from '../engine/scan-cache/scan-cache.js';
import type { RunningEngine } from '../engine/start-engine.js';
import { loadParser } from '../plan/syntax.js';
import { VirtualNames } from '../plan/virtual-names.js';
import { createScanner } from '../scan/scanner.js';
import type { Log, Services } from '../session/services.js';
import { Session } from '../session/session.js';
import type { StartupPacket } from '../wire/startup.js';
import { type ConnectedSession, connectedSession } from './connected-session.js';
import type { ConnectionHandlers } from './connection.js';
import { engineParameters, handleConnection } from './connection.js';
import { Console } from './console.js';
import { listenError } from './listen-error.js';
import { LoginGuard } from './login-guard.js';
import { RefusedLogin } from './refused-login.js';
import type { Metrics, MetricsSources } from './statistics/metrics.js';
import { Statistics } from './statistics/statistics.js';
import { statisticsDsn } from './statistics/tables.js';
import { loadTls } from './tls.js';
import { openTokenStore } from './token-store.js';
import { TrackedScanner } from './tracked-scanner.js';

/** How long statements may go on after the gateway was told to end. */
const DRAIN_MS = 10_000;

/** The running gateway: an engine, the DSNs' catalogue, and the sessions of its clients. */
export class Gateway {
  readonly #log: Log;
  readonly #engine: RunningEngine;
  #model: GatewayModel;
  #names: VirtualNames;
  #scanner: TrackedScanner;
  readonly #cache: ScanCache;
  #secureContext: SecureContext | null;
  #server: Server | null = null;
  #console: Console | null = null;
  readonly #sessions = new Set<ConnectedSession>();
  readonly #statistics: Statistics;
  readonly #cancelKeys = new Map<string, Session>();
  readonly #refusedLogin = new RefusedLogin();
  readonly #loginGuard = new LoginGuard();
  #openConnections = 0;
  /** Clients whose connection to the engine is being made. */
  #arriving = 0;
  #isClosing = false;
  /** Called when a statement reads a table whose columns are not known yet. */
  onUnknownTable: () => void = () => {};

  private constructor(
    model: GatewayModel,
    log: Log,
    engine: RunningEngine,
    names: VirtualNames,
    newMetrics: NewMetrics | null,
  ) {
    this.#model = model;
    this.#log = log;
    this.#engine = engine;
    this.#names = names;
    const metrics =
      newMetrics?.({ sessionCount: () => this.#sessions.size, cache: () => this.#cache.entries() }) ?? null;
    this.#statistics = new Statistics(this.#sessions, () => this.#cache.entries(), metrics, log);
    if (metrics !== null) this.#console = new Console({ metrics, checkHealth: () => this.#checkHealth() });
    this.#scanner = this.#newScanner(model);
    this.#cache = new ScanCache(model, { engine, log });
    this.#secureContext = model.tls === null ? null : loadTls(model.tls);
  }

  /** Brings a started engine's catalogue in line with the model. Clients cannot connect until `listen`. */
  static async start(model: GatewayModel, log: Log, starting: Promise<RunningEngine>): Promise<Gateway> {
    const [engine, newMetrics] = await Promise.all([starting, loadMetrics(model), loadParser()]);
    try {
      const names = new VirtualNames(await engine.applyCatalogue(withStatistics(model)));
      return new Gateway(model, log, engine, names, newMetrics);
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  get engine(): RunningEngine {
    return this.#engine;
  }

  /** The scans whose rows are kept, for statistics. */
  get cache(): ScanCache {
    return this.#cache;
  }

  /** Open client sessions, for tests and statistics. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Starts taking connections; resolves with the address. */
  async listen(): Promise<{ readonly host: string; readonly port: number }> {
    const { host, port } = this.#model.listen;
    const handlers: ConnectionHandlers = {
      secureContext: () => this.#secureContext,
      requiresTls: () => this.#model.tls?.required ?? false,
      onCancel: (processId, secretKey) => this.#cancelKeys.get(cancelName(processId, secretKey))?.cancel(),
      onStartup: (socket, startup, rest) => this.#runSession(socket, startup, rest),
      log: this.#log,
    };
    const server = createServer({ noDelay: true }, (socket) => {
      this.#openConnections++;
      void handleConnection(socket, handlers).finally(() => this.#openConnections--);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(listenError(error, host, port, '--listen HOST:PORT or "listen" in tidegate.yaml')),
      );
      server.listen({ host, port, backlog: 1024 }, resolve);
    });
    this.#server = server;
    await this.#openConsole();
    const address = server.address();
    return { host, port: typeof address === 'object' && address !== null ? address.port : port };
  }

  /** Takes over a new configuration; sessions stay, and statements under way end as they began. */
  async reload(model: GatewayModel): Promise<void> {
    const secureContext = model.tls === null ? null : loadTls(model.tls);
    const catalogue = await this.#engine.applyCatalogue(withStatistics(model));
    const retired = this.#scanner;
    this.#model = model;
    this.#names = new VirtualNames(catalogue);
    this.#scanner = this.#newScanner(model);
    this.#cache.retain(model);
    this.#secureContext = secureContext;
    retired.retire();
  }

  /** Ends the gateway: idle sessions at once, busy ones when their statement is done or the drain time is over. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) =>
      this.#server === null ? resolve() : this.#server.close(() => resolve()),
    );
    const deadline = Date.now() + DRAIN_MS;
    for (const { session } of this.#sessions) if (!session.isBusy) session.terminate();
    while (this.#sessions.size > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      for (const { session } of this.#sessions) if (!session.isBusy) session.terminate();
    }
    for (const { session } of this.#sessions) session.terminate();
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
    await this.#console?.close();
    await this.#cache.close();
    await this.#scanner.close();
    await this.#engine.close();
  }

  async #runSession(socket: Duplex, startup: Extract<StartupPacket, { type: 'startup' }>, rest: Buffer): Promise<void> {
    const peer = (socket as Partial<Socket>).remoteAddress;
    const attempt = await this.#loginGuard.admit(peer ?? '', startup.parameters.get('user') ?? '', socket);
    if (attempt === null) return;
    if (this.#isClosing) throw errors.shuttingDown('the gateway is shutting down');
    if (this.#sessions.size + this.#arriving >= this.#model.limits.connections) {
      throw errors.tooManyConnections('sorry, too many clients already', {
        hint: `limits.connections is ${this.#model.limits.connections}.`,
      });
    }
    const { user, parameters } = engineParameters(
      startup,
      this.#sessionDefaults(),
      this.#engine.connectionInfo.database,
    );
    const known = this.#model.users.find((candidate) => candidate.name === user);
    if (known === undefined && this.#model.users.every(({ password }) => password === null)) throw unknownUser(user);
    const password = known?.password === null ? this.#engine.trustedPassword(user) : null;
    const session = new Session(this.#services(), socket, await this.#connectToEngine(), rest);
    session.onLoginRefused = (frame) => {
      if (this.#refusedLogin.isRefusal(frame)) {
        attempt.failed();
        this.#log('warn', { user, peer }, 'login failed');
      }
      return this.#refusedLogin.answer(frame, user);
    };
    let name = '';
    session.onCancelKey = ({ processId, secretKey }) => {
      attempt.succeeded();
      name = cancelName(processId, secretKey);
      this.#cancelKeys.set(name, session);
    };
    const connected = connectedSession(session, socket);
    this.#sessions.add(connected);
    try {
      const login = known === undefined ? this.#refusedLogin.askInVain(parameters, user) : parameters;
      await session.run(startup.protocol, login, password);
    } finally {
      this.#sessions.delete(connected);
      this.#cancelKeys.delete(name);
    }
  }

  /** Counts the client from here on, so that the limit holds for those that come at once too. */
  async #connectToEngine(): Promise<Socket> {
    this.#arriving++;
    try {
      return await this.#engine.connect();
    } finally {
      this.#arriving--;
    }
  }

  #services(): Services {
    const gateway = this;
    return {
      engine: this.#engine,
      get scanner() {
        return gateway.#scanner;
      },
      cache: this.#cache,
      names: () => this.#names,
      log: this.#log,
      scanLog: this.#statistics.scanLog,
      onStatement: this.#statistics.onStatement,
    };
  }

  /** Metrics and health, where the settings ask for them; a reload does not move them. */
  async #openConsole(): Promise<void> {
    const listen = this.#model.console;
    if (listen === null || this.#console === null) return;
    const port = await this.#console.listen(listen.host, listen.port);
    const address = `${listen.host}:${port}`;
    this.#log('info', { address }, `console: http://${address}/metrics and /healthz`);
  }

  async #checkHealth(): Promise<void> {
    await this.#engine.query('SELECT 1');
  }

  #newScanner(model: GatewayModel): TrackedScanner {
    const { requestLog, rows: ownRows } = this.#statistics;
    const tokens = openTokenStore(model);
    const scanner = createScanner(model, { createReader, log: this.#log, requestLog, ownRows, tokens });
    return new TrackedScanner(scanner, () => this.onUnknownTable());
  }

  /** Settings that a session starts with unless its client asks for others. */
  #sessionDefaults(): Map<string, string> {
    const { statementTimeoutMs } = this.#model.limits;
    return new Map(statementTimeoutMs === null ? [] : [['statement_timeout', String(statementTimeoutMs)]]);
  }
}

type NewMetrics = (sources: MetricsSources) => Metrics;

/** The library behind the metrics is only loaded where somebody asks for them. */
async function loadMetrics(model: GatewayModel): Promise<NewMetrics | null> {
  if (model.console === null) return null;
  const { Metrics } = await import('./statistics/metrics.js');
  return (sources) => new Metrics(sources);
}

/** The configured DSNs, and the gateway's own. */
function withStatistics(model: GatewayModel): GatewayModel {
  return { ...model, dsns: [...model.dsns, statisticsDsn()] };
}

function cancelName(processId: number, secretKey: Buffer): string {
  return `${processId}:${secretKey.toString('hex')}`;
}

function unknownUser(user: string): GatewayError {
  return errors.invalidAuthorization(`user "${user}" does not exist`, {
    hint: 'No users are configured: connect as "tidegate", or list users under "users" in tidegate.yaml.',
  });
}
