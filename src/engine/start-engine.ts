import { createHmac } from 'node:crypto';
import type { Socket } from 'node:net';
import type { EngineModel, GatewayModel } from '../config/model.js';
import { errors, type GatewayError } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import { Secret } from '../core/secret.js';
import { applyWithRetry } from './apply-retry.js';
import { type ApplyContext, applyModel } from './catalogue.js';
import { ConnectionPool } from './connection-pool.js';
import { DropQueue } from './drop-queue.js';
import { type EmbeddedServer, startEmbedded } from './embedded.js';
import { type Endpoint, openClient, openSocket } from './endpoint.js';
import type { Catalogue, CatalogueEntry, Engine, LoadOptions, ScanTable } from './engine.js';
import { openExternal } from './external.js';
import { install } from './install.js';
import { dropOldScanTables, Instance } from './instance.js';
import { hiddenPlace } from './names.js';
import { PlanTables } from './plan-tables.js';
import type { EngineLog } from './postmaster.js';
import { dropRetired } from './roles.js';
import { readScanTable } from './scan-table-reader.js';
import { ScanTables } from './scan-tables.js';

/** How an engine is started. */
export interface EngineOptions {
  /** Clients' connections at once (`limits.connections`). */
  readonly connections: number;
  /** Takes the engine's own log lines and the gateway's about it; never statement text. */
  readonly log?: EngineLog;
  /** Called once if the embedded engine ends by itself; every later `connect` and `query` fails with this error. */
  readonly onCrash?: (error: GatewayError) => void;
  /** How long `applyCatalogue` waits for clients' transactions to end. */
  readonly reloadPatienceMs?: number;
  /** For tests: an unpacked npm package with the programs. */
  readonly packageDir?: string;
  /** How the embedded engine listens; TCP is for systems without unix sockets. */
  readonly listener?: 'socket' | 'tcp';
}

/** What `startEngine` gives besides the interface: where the engine is, for tests and for tools. */
export interface RunningEngine extends Engine {
  readonly connectionInfo: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: Secret | null;
    readonly database: string;
    /** The postmaster's process id; null for an external engine. */
    readonly pid: number | null;
    readonly dataDir: string | null;
  };
  /**
   * The password with which the session logs a trusted user in. Null where the engine asks for none (embedded); on an
   * external server every gateway with the same `engine.url` derives the same.
   */
  trustedPassword(user: string): Secret | null;
}

const ADMIN_CONNECTIONS = 3;
const LOADER_CONNECTIONS = 8;
const RELOAD_PATIENCE_MS = 30_000;

/** Starts the embedded engine, or connects to an external one, and makes it ready for `applyCatalogue`. */
export async function startEngine(model: EngineModel, options: EngineOptions): Promise<RunningEngine> {
  const log = options.log ?? (() => undefined);
  if (model.mode === 'external') {
    const { endpoint, isSuperuser } = await openExternal(model.url);
    const key = model.url.reveal();
    const derive = (user: string) => createHmac('sha256', key).update(`tidegate user ${user}`).digest('base64url');
    return PostgresEngine.open({ endpoint, isSuperuser, server: null, derive, log, options });
  }
  const server = await startEmbedded({ ...model, ...options, log });
  try {
    return await PostgresEngine.open({
      endpoint: server.endpoint,
      isSuperuser: true,
      server,
      derive: null,
      log,
      options,
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
}

interface EngineParts {
  readonly endpoint: Endpoint;
  readonly isSuperuser: boolean;
  readonly server: EmbeddedServer | null;
  readonly derive: ((user: string) => string) | null;
  readonly log: EngineLog;
  readonly options: EngineOptions;
}

class PostgresEngine implements RunningEngine {
  readonly connectionInfo: RunningEngine['connectionInfo'];
  readonly #parts: EngineParts;
  readonly #context: ApplyContext;
  readonly #admin: ConnectionPool;
  readonly #loaders: ConnectionPool;
  readonly #drops: DropQueue;
  readonly #plans: PlanTables;
  readonly #scans: ScanTables;
  readonly #instance: Instance;
  #crash: GatewayError | null = null;
  #applying: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  private constructor(parts: EngineParts) {
    const { server, endpoint } = parts;
    const own = parts.isSuperuser
      ? { ...endpoint, options: `${endpoint.options} -c allow_system_table_mods=on` }
      : endpoint;
    const open = () => {
      this.#assertRunning();
      return openClient(own);
    };
    const place = hiddenPlace(parts.isSuperuser);
    this.#parts = parts;
    this.#context = { place, database: endpoint.database, trustedPassword: parts.derive };
    this.#admin = new ConnectionPool(open, ADMIN_CONNECTIONS);
    this.#loaders = new ConnectionPool(open, LOADER_CONNECTIONS);
    this.#drops = new DropQueue(this.#admin, parts.log);
    this.#plans = new PlanTables(this.#admin, place);
    this.#instance = new Instance(own);
    this.#scans = new ScanTables(this.#loaders, this.#drops, place, this.#instance.number, server !== null);
    const { host, port, user, password, database } = endpoint;
    this.connectionInfo = {
      host,
      port,
      user,
      password,
      database,
      pid: server?.pid ?? null,
      dataDir: server?.dataDir ?? null,
    };
    server?.onCrash((reason) => this.#onCrash(reason));
  }

  static async open(parts: EngineParts): Promise<PostgresEngine> {
    const engine = new PostgresEngine(parts);
    try {
      const isShared = parts.server === null;
      if (isShared) await engine.#instance.hold();
      const { place, database } = engine.#context;
      await engine.#admin.use(async (client) => {
        await install(client, place, database);
        await dropOldScanTables(client, engine.#drops, place, isShared);
      });
      return engine;
    } catch (error) {
      await engine.#closeConnections();
      throw error;
    }
  }

  async connect(): Promise<Socket> {
    this.#assertRunning();
    return openSocket(this.#parts.endpoint);
  }

  applyCatalogue(model: GatewayModel): Promise<Catalogue> {
    const applied = this.#applying.then(() => this.#apply(model));
    this.#applying = applied.catch(() => undefined);
    return applied;
  }

  ensurePlanTables(entry: CatalogueEntry, count: number): Promise<readonly string[]> {
    return this.#plans.ensure(entry, count);
  }

  load(
    entry: CatalogueEntry,
    columns: readonly string[],
    batches: AsyncIterable<RowBatch>,
    options: LoadOptions,
    signal: AbortSignal,
  ): Promise<ScanTable> {
    return this.#scans.load(entry, columns, batches, options, signal);
  }

  readScanTable(
    table: ScanTable,
    columns: readonly string[],
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<RowBatch, void, void> {
    return readScanTable(this.#admin, table.sqlName, columns, from, signal);
  }

  query(sql: string, parameters: readonly (string | null)[] = []): Promise<readonly (readonly (string | null)[])[]> {
    return this.#admin.use(async (client) => {
      const result = await client.query<(string | null)[]>({ text: sql, values: [...parameters], rowMode: 'array' });
      return result.rows;
    });
  }

  trustedPassword(user: string): Secret | null {
    return this.#parts.derive === null ? null : new Secret(this.#parts.derive(user));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#closeConnections();
    await this.#parts.server?.stop();
  }

  async #closeConnections(): Promise<void> {
    this.#drops.close();
    await Promise.all([this.#admin.close(), this.#loaders.close(), this.#instance.release()]);
  }

  async #apply(model: GatewayModel): Promise<Catalogue> {
    const patienceMs = this.#parts.options.reloadPatienceMs ?? RELOAD_PATIENCE_MS;
    const applied = await applyWithRetry(this.#admin, (client) => applyModel(client, model, this.#context), patienceMs);
    for (const problem of applied.problems) this.#parts.log('warn', `${problem.message} (${problem.detail})`);
    if (applied.retiredUsers.length > 0) await this.#admin.use((client) => dropRetired(client, applied.retiredUsers));
    if (applied.stalePlanTables.length > 0) await this.#drops.drop(applied.stalePlanTables);
    return { ...applied.catalogue, problems: applied.problems };
  }

  #onCrash(reason: string): void {
    this.#crash = errors.cannotConnect('the engine has stopped', {
      detail: `PostgreSQL ended with ${reason}.`,
      hint: 'Restart the gateway; its log says why the engine stopped.',
    });
    this.#parts.log('error', `the engine ended by itself with ${reason}`);
    this.#parts.options.onCrash?.(this.#crash);
  }

  #assertRunning(): void {
    if (this.#crash !== null) throw this.#crash;
    if (this.#closing !== null) throw errors.shuttingDown('the engine is shutting down');
  }
}
