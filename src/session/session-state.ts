import { ActiveStatement } from './active-statement.js';
import type { BoundStatement } from './bound-statement.js';
import { ClientText } from './client-text.js';
import type { ClientWriter } from './client-writer.js';
import type { EngineLink } from './engine-link.js';
import type { PositionMap } from './failure.js';
import { reportFailure } from './failure.js';
import type { Portal, PreparedStatement, RunningStatement } from './prepared.js';
import { NamedObjects } from './prepared.js';
import type { Services } from './services.js';
import type { ReportedSettings } from './settings.js';
import { StatementRunner } from './statement-runner.js';

/** What the parts of one session share: its connections, its named objects, and the statement under way. */
export class SessionState {
  readonly prepared = new NamedObjects<PreparedStatement>();
  readonly portals = new NamedObjects<Portal>();
  readonly text: ClientText;
  readonly runner: StatementRunner;
  #active: ActiveStatement | null = null;

  /** @param cancelInEngine sends a cancel request for this session to the engine */
  constructor(
    readonly services: Services,
    readonly link: EngineLink,
    readonly client: ClientWriter,
    readonly reported: ReportedSettings,
    readonly cancelInEngine: () => void,
  ) {
    this.text = new ClientText(reported, services.engine);
    this.runner = new StatementRunner(services, link, client, reported, this.text);
  }

  /** The statement under way, as far as the gateway has a part in it. */
  get active(): ActiveStatement | null {
    return this.#active;
  }

  /** Plans and starts a statement; null: it has nothing to do with virtual tables after all. */
  async start(bound: BoundStatement): Promise<RunningStatement | null> {
    const active = new ActiveStatement();
    const running = await this.#whileActive(active, () =>
      this.runner.start(bound, active, () => this.#cancelIfInEngine(active)),
    );
    if (running === null) active.stopClock();
    return running;
  }

  /** Sends the next rows of a running statement to the client. */
  async execute(running: RunningStatement, maxRows: number): Promise<void> {
    const { active } = running;
    active.isInEngine = running.way === 'engine';
    await this.#whileActive(active, () => running.run.execute(maxRows));
    active.isInEngine = false;
  }

  /** Ends a running statement and writes its log line. */
  async finish(running: RunningStatement, sqlstate: string | null = null, isGone = false): Promise<void> {
    running.active.stopClock();
    await running.run.close(isGone);
    const { requests, pages, rows, bytes, retries, cacheHits } = running.statistics;
    const ms = Math.round(running.active.elapsedMs);
    const { way } = running;
    this.services.log('info', { way, requests, pages, rows, bytes, retries, cacheHits, ms, sqlstate }, 'statement');
  }

  /** Cancels what is under way, for a cancel request or because the client is gone. */
  cancel(message: string): void {
    const active = this.#active;
    active?.cancel(message);
    if (active === null ? this.link.isBusy : active.isInEngine) this.cancelInEngine();
  }

  /** Tells the client of a failure; see `reportFailure`. */
  report(error: unknown, map: PositionMap): Promise<string | null> {
    return reportFailure(error, this.link, this.client, this.text, map, this.services.log);
  }

  /**
   * At the end of a transaction: its portals are gone, and with them the readers of scan tables. Portals that a pipeline
   * has bound behind the Sync that ended it belong to the next one.
   * @param sync which of the link's `syncsSent` ended it; all of them by default
   */
  transactionEnded(sync = Number.POSITIVE_INFINITY): void {
    for (const [name, portal] of this.portals.entries()) {
      if (portal.syncsBefore >= sync) continue;
      if (portal.running !== null) void this.finish(portal.running, null, true);
      this.portals.delete(name);
    }
    this.runner.closeCursors((cursor) => !cursor.isHeld);
    this.runner.dropScanTables();
  }

  #cancelIfInEngine(active: ActiveStatement): void {
    if (active.isInEngine) this.cancelInEngine();
  }

  async #whileActive<T>(active: ActiveStatement, work: () => Promise<T>): Promise<T> {
    this.#active = active;
    try {
      return await work();
    } catch (error) {
      active.stopClock();
      throw active.causeOf(error);
    } finally {
      this.#active = null;
    }
  }
}
