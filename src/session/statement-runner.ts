import type { ScanOwner } from '../scan/scan-log.js';
import { backend } from '../wire/write.js';
import type { ActiveStatement } from './active-statement.js';
import type { BoundStatement } from './bound-statement.js';
import type { ClientText } from './client-text.js';
import type { ClientWriter } from './client-writer.js';
import type { EngineLink } from './engine-link.js';
import { EnginePath, executableSql } from './engine-path.js';
import { openStream, streamsFromApi, widenedStream } from './kept-scans.js';
import type { RunningStatement } from './prepared.js';
import type { Services } from './services.js';
import { SessionCursors } from './session-cursors.js';
import type { AskedSettings, ReportedSettings } from './settings.js';
import { type Planned, type PlanQuestions, StatementPlanner } from './statement-planner.js';
import { StatementScans } from './statement-scans.js';
import { type OpenStream, StreamPath } from './stream-path.js';

/** Starts planned statements over virtual tables in one session, each on the stream or the engine path. */
export class StatementRunner {
  readonly planner: StatementPlanner;
  readonly cursors: SessionCursors;
  readonly #services: Services;
  readonly #client: ClientWriter;
  readonly #text: ClientText;
  readonly #owner: () => ScanOwner;
  readonly #enginePath: EnginePath;
  readonly #streamPath: StreamPath;

  constructor(
    services: Services,
    link: EngineLink,
    client: ClientWriter,
    reported: ReportedSettings,
    text: ClientText,
    owner: () => ScanOwner,
  ) {
    this.#services = services;
    this.#client = client;
    this.#text = text;
    this.#owner = owner;
    this.planner = new StatementPlanner(services, link, reported);
    this.#enginePath = new EnginePath(services, link, reported, text);
    this.#streamPath = new StreamPath(services, client, reported);
    this.cursors = new SessionCursors(link, client, this.#enginePath);
  }

  /**
   * @param questions what `planner.ask` gave for the statement, if it was called
   * @returns null when no name in the statement means a virtual table: the engine can run it as it is
   * @throws GatewayError, or EngineError when the engine refuses the statement
   */
  async start(
    bound: BoundStatement,
    questions: PlanQuestions | null,
    active: ActiveStatement,
    onTimeout: () => void,
  ): Promise<RunningStatement | null> {
    const { cursor } = bound.statement;
    if (cursor?.type === 'fetch') return this.cursors.fetch(cursor, bound);
    const planned = await this.planner.plan(bound, questions, ({ statementTimeoutMs }) =>
      active.limitTime(statementTimeoutMs, onTimeout),
    );
    if (planned === null) return null;
    active.signal.throwIfAborted();
    return this.#run(bound, planned, active);
  }

  /** Gives up the scan tables; called when no statement of the session can read them any more. */
  dropScanTables(): void {
    this.#enginePath.dropScanTables();
  }

  async #run(bound: BoundStatement, { plan, asked }: Planned, active: ActiveStatement): Promise<RunningStatement> {
    const { signal } = active;
    const scans = this.#newScans(signal, asked);
    active.scans = scans;
    const mode = asked.cacheMode;
    const stream = widenedStream(plan.stream, this.#services, mode);
    const encoder = asked.forcesEngine || stream === null ? null : this.#streamPath.encoderOf(stream, bound, asked);
    const streams = encoder !== null && stream !== null && streamsFromApi(stream, this.#services, mode);
    const { explain, cursor } = bound.statement;
    const streamed = explain !== null && streams ? stream : null;
    const mayBeInline = asked.hasArrayNulls && !asked.forcesEngine;
    const runInEngine = () => this.#enginePath.run({ bound, plan, mode, mayBeInline, signal, scans, streamed });
    const isDeclared = cursor?.type === 'declare';
    if (!streams || explain !== null || (isDeclared && (stream.aggregate !== null || !cursor.isPlain))) {
      return { run: await runInEngine(), active, way: 'engine' };
    }
    const { entry } = plan.scans[0]!.reference;
    const open: OpenStream = (readsAhead) =>
      scans.read(stream.spec, { way: 'stream', planned: 0, ...(readsAhead && { readsAhead }) }, (context) =>
        openStream(stream, entry, this.#services, mode, context),
      );
    if (stream.aggregate !== null) {
      const run = this.#streamPath.aggregate(stream, stream.aggregate, encoder, active, open, runInEngine);
      return { run, active, way: 'stream' };
    }
    const run = this.#streamPath.rows(stream, encoder, signal, open);
    const running: RunningStatement = { run, active, way: 'stream' };
    const encoderFor = (formats: readonly number[]) => this.#streamPath.encoderFor(stream, formats, asked);
    const { statementTimeoutMs } = asked;
    const asCursor = { running, run, encoderFor, statementTimeoutMs, isHeld: isDeclared && cursor.isHeld };
    if (!isDeclared) {
      this.cursors.addPortal(asCursor);
      return running;
    }
    const planTables = plan.scans.map((scan) => scan.planTable);
    return this.cursors.declare(bound, executableSql(bound.statement, plan, planTables), cursor.name, asCursor);
  }

  #newScans(signal: AbortSignal, { maxRequests }: AskedSettings): StatementScans {
    const notice = (message: string): void => {
      this.#client.write(this.#text.encodeFields(backend.notice(message)));
    };
    return new StatementScans({
      scanLog: this.#services.scanLog,
      owner: this.#owner(),
      session: this.#client,
      signal,
      notice,
      maxRequests,
    });
  }
}
