import { GatewayError } from '../core/errors.js';
import { newScanStatistics } from '../scan/scan.js';
import type { ScanOwner } from '../scan/scan-log.js';
import type { ActiveStatement } from './active-statement.js';
import type { BoundStatement } from './bound-statement.js';
import { ClientText } from './client-text.js';
import type { ClientWriter } from './client-writer.js';
import { EngineError } from './engine-answers.js';
import type { EngineLink } from './engine-link.js';
import type { PositionMap } from './failure.js';
import { reportFailure } from './failure.js';
import type { Portal, PreparedStatement, RunningStatement } from './prepared.js';
import { NamedObjects } from './prepared.js';
import type { EndedStatement, Services } from './services.js';
import type { ReportedSettings } from './settings.js';
import type { PlanQuestions } from './statement-planner.js';
import { StatementRunner } from './statement-runner.js';

/** Much longer than the engine takes to stop, much shorter than a person's patience. */
const REPEAT_CANCEL_MS = 100;

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
    readonly owner: () => ScanOwner,
  ) {
    this.text = new ClientText(reported, services.engine);
    this.runner = new StatementRunner(services, link, client, reported, this.text, owner);
  }

  /** The statement under way, as far as the gateway has a part in it. */
  get active(): ActiveStatement | null {
    return this.#active;
  }

  /**
   * Plans and starts a statement; null: it has nothing to do with virtual tables after all.
   * @param questions what the engine has been asked about it already
   * @param active what it was prepared under
   */
  async start(
    bound: BoundStatement,
    questions: PlanQuestions | null,
    active: ActiveStatement,
  ): Promise<RunningStatement | null> {
    active.kind = bound.statement.kind;
    try {
      active.signal.throwIfAborted();
      const running = await this.during(active, () =>
        this.runner.start(bound, questions, active, () => this.#cancelIfInEngine(active)),
      );
      if (running === null) active.stopClock();
      return running;
    } catch (error) {
      this.#ended(active, null, sqlstateOf(error));
      throw error;
    }
  }

  /** Sends the next rows of a running statement to the client. */
  async execute(running: RunningStatement, maxRows: number): Promise<void> {
    const { active } = running;
    active.signal.throwIfAborted();
    active.isInEngine = running.way === 'engine';
    await this.during(active, () => running.run.execute(maxRows));
    active.isInEngine = false;
  }

  /** Ends a running statement and tells what it has cost. */
  async finish(running: RunningStatement, sqlstate: string | null = null, isGone = false): Promise<void> {
    running.active.stopClock();
    await running.run.close(isGone);
    this.#ended(running.active, running.way, sqlstate);
  }

  /** Whether FETCH and MOVE can name something that the gateway reads: a cursor that streams, or a portal with a name. */
  get hasCursors(): boolean {
    if (this.runner.cursors.count > 0) return true;
    for (const [name] of this.portals.entries()) if (name !== '') return true;
    return false;
  }

  /** Cancels what is under way, for a cancel request or because the client is gone. */
  cancel(message: string): void {
    const active = this.#active;
    active?.cancel(message);
    if (active !== null) this.#cancelIfInEngine(active);
    else if (this.link.isBusy) this.cancelInEngine();
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
    this.runner.cursors.close((cursor) => !cursor.isHeld);
    this.runner.dropScanTables();
  }

  #ended(active: ActiveStatement, way: EndedStatement['way'], sqlstate: string | null): void {
    const { kind, elapsedMs, scans } = active;
    const totals = scans?.totals ?? newScanStatistics();
    this.services.onStatement({ ...this.owner(), kind, way, totals, durationMs: Math.round(elapsedMs), sqlstate });
  }

  /** A request that overtakes the statement on its way to the engine stops nothing there, so it is repeated. */
  #cancelIfInEngine(active: ActiveStatement): void {
    if (!active.isInEngine || this.#active !== active) return;
    this.cancelInEngine();
    setTimeout(() => this.#cancelIfInEngine(active), REPEAT_CANCEL_MS).unref();
  }

  /** Does a part of a statement's work: what cancels the session meanwhile cancels the statement. */
  async during<T>(active: ActiveStatement, work: () => Promise<T>): Promise<T> {
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

function sqlstateOf(error: unknown): string {
  if (error instanceof EngineError) return error.fields.get('C') ?? 'XX000';
  return error instanceof GatewayError ? error.sqlstate : 'XX000';
}
