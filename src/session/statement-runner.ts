import type { GatewayError } from '../core/errors.js';
import { errors } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import type { ScanTable } from '../engine/engine.js';
import type { CacheMode } from '../engine/scan-cache/cache-info.js';
import type { AggregatePlan } from '../plan/aggregate-plan.js';
import type { CursorAction } from '../plan/cursor-action.js';
import { planStatement } from '../plan/planner.js';
import type { Statement, StatementKind } from '../plan/statement.js';
import { copyAsQuery } from '../plan/statement.js';
import type { StatementPlan, StreamPlan } from '../plan/statement-plan.js';
import { characterCount } from '../plan/syntax.js';
import type { Resolve } from '../plan/template.js';
import { renderTemplate } from '../plan/template.js';
import { isInternal } from '../plan/virtual-names.js';
import type { ScanOwner } from '../scan/scan-log.js';
import { backend, textBindTail } from '../wire/write.js';
import type { ActiveStatement } from './active-statement.js';
import { AggregateRun, divideNumerics } from './aggregate-run.js';
import type { BoundStatement } from './bound-statement.js';
import { explainTail, parameterNumber } from './bound-statement.js';
import type { ClientText } from './client-text.js';
import type { ClientWriter } from './client-writer.js';
import { DeclareRun, FetchRun, type StreamCursor } from './cursors.js';
import type { EngineLink } from './engine-link.js';
import { ownQueries } from './engine-requests.js';
import type { ErrorTransform, FrameTransform } from './engine-run.js';
import { EngineRun } from './engine-run.js';
import { evaluateInSession } from './evaluate-expressions.js';
import { explainLines, explainTransform, tableNamesShown } from './explain-lines.js';
import { describeKept, openStream, streamsFromApi, widenedStream } from './kept-scans.js';
import { PlanCache } from './plan-cache.js';
import { asPlanned } from './planner-settings.js';
import type { PortalRun, RunningStatement } from './prepared.js';
import type { RowEncoder } from './row-encoder.js';
import { createRowEncoder } from './row-encoder.js';
import { ScanLoader } from './scan-loader.js';
import type { Services } from './services.js';
import type { AskedSettings, ReportedSettings } from './settings.js';
import { oidAnswered, printSettings, readSettings, settingsQuery } from './settings.js';
import { StatementScans } from './statement-scans.js';
import { StreamRun } from './stream-run.js';

type FetchAction = Extract<CursorAction, { type: 'fetch' }>;

/** Plans statements over virtual tables in one session and starts them on the stream or the engine path. */
export class StatementRunner {
  /** Scan tables of this session's statements; they may be read until the transaction ends. */
  #scanTables: ScanTable[] = [];
  /** Cursors that stream, by name. */
  readonly cursors = new Map<string, StreamCursor>();
  /** What FETCH and MOVE need of the portals that stream. */
  readonly #portalCursors = new WeakMap<PortalRun, StreamCursor>();
  readonly #plans = new PlanCache();
  #count = 0;

  constructor(
    readonly services: Services,
    readonly link: EngineLink,
    readonly client: ClientWriter,
    readonly reported: ReportedSettings,
    readonly text: ClientText,
    readonly owner: () => ScanOwner,
  ) {}

  /**
   * @returns null when no name in the statement means a virtual table: the engine can run it as it is
   * @throws GatewayError, or EngineError when the engine refuses the statement
   */
  async start(bound: BoundStatement, active: ActiveStatement, onTimeout: () => void): Promise<RunningStatement | null> {
    const statement = copyAsQuery(bound.statement);
    if (statement.cursor?.type === 'fetch') return this.#fetch(statement.cursor, bound);
    const names = this.services.names();
    if (statement.references.tables.some(isInternal)) {
      throw errors.insufficientPrivilege('permission denied for the tables of the gateway itself');
    }
    const unqualified = names.unqualified(statement);
    let asked: AskedSettings | null = null;
    let settings = '';
    const oids = new Map<string, number>();
    const setSettings = (row: readonly (string | null)[]): void => {
      asked = readSettings(row);
      settings = JSON.stringify([row, this.reported.all]);
      active.limitTime(asked.statementTimeoutMs, onTimeout);
    };
    const settingsRequest = {
      sql: settingsQuery(unqualified.length),
      parameterOids: unqualified.map(() => 25),
      bindTail: textBindTail(unqualified.map((name) => `"${name.replaceAll('"', '""')}"`)),
    };
    const { catalogue } = names;
    if (unqualified.length > 0 || this.#plans.mayHave(statement, catalogue, bound)) {
      const [rows] = await ownQueries(this.link, [settingsRequest]);
      setSettings(rows![0]!);
      for (const [index, name] of unqualified.entries()) oids.set(name, oidAnswered(rows![0]!, index));
    }
    const resolve: Resolve = (reference) => names.resolve(reference, oids);
    if (!this.#readsVirtualTables(statement, resolve)) return null;
    const known = asked === null ? null : this.#plans.find(statement, { catalogue, bound, settings });
    if (known !== null) return this.#run(bound, statement, known, asked!, active);
    // Temporary views and functions can be others the next time.
    let isPure =
      statement.references.tables.every((reference) => resolve(reference) !== undefined) &&
      !/pg_temp/i.test(statement.text);
    const plan = await planStatement(statement, statement.inner ?? statement, {
      catalogue,
      resolve,
      settings: () => ({ hasIsoDates: this.reported.hasIsoDates, hasExactFloats: asked!.hasExactFloats }),
      parameterNumber: parameterNumber(bound),
      planTables: async (entry, count) =>
        entry.planTables.length >= count ? entry.planTables : this.services.engine.ensurePlanTables(entry, count),
      evaluate: (evaluations) => {
        isPure = false;
        return evaluateInSession(this.link, evaluations);
      },
      explain: async (text, how) => {
        const explain = {
          sql: Buffer.from(`EXPLAIN (VERBOSE, FORMAT JSON) ${text}`, 'latin1'),
          parameterOids: bound.parameterOids,
          bindTail: explainTail(bound),
        };
        const queries = how === 'best' ? [explain] : asPlanned(how, explain);
        const answers = await ownQueries(this.link, asked === null ? [settingsRequest, ...queries] : queries);
        if (asked === null) setSettings(answers[0]![0]!);
        return answers
          .at(how === 'best' ? -1 : -2)!
          .map(([line]) => line)
          .join('\n');
      },
    });
    if (plan.scans.length === 0) return null;
    this.#plans.keep(statement, { catalogue, bound, settings }, plan, isPure);
    active.signal.throwIfAborted();
    return this.#run(bound, statement, plan, asked!, active);
  }

  async #fetch(action: FetchAction, bound: BoundStatement): Promise<RunningStatement | null> {
    const cursor = this.cursors.get(action.name);
    if (cursor === undefined) return null;
    if (bound.fields === null && !(action.isMove && (await this.#isDeclared(action.name)))) {
      // The engine has no such cursor any more: the transaction that declared it was rolled back.
      this.closeCursors((_, name) => name === action.name);
      return null;
    }
    return this.#fetchRun(cursor, action, bound);
  }

  /** MOVE has no rows, so that its description does not tell. */
  async #isDeclared(name: string): Promise<boolean> {
    const sql = 'SELECT 1 FROM pg_catalog.pg_cursors WHERE name = $1';
    const [rows] = await ownQueries(this.link, [{ sql, parameterOids: [25], bindTail: textBindTail([name]) }]);
    return rows!.length > 0;
  }

  /**
   * FETCH or MOVE in a portal of the extended protocol that is being read.
   * @param renamed the statement with another cursor's name
   */
  async fetchFrom(
    portal: RunningStatement,
    action: FetchAction,
    bound: BoundStatement,
    renamed: (name: string) => Buffer,
  ): Promise<RunningStatement> {
    const { run, active } = portal;
    const cursor = this.#portalCursors.get(run);
    if (cursor !== undefined) return this.#fetchRun(cursor, action, bound);
    if (!(run instanceof EngineRun)) throw new Error('a portal that neither streams nor is in the engine');
    const sql = renamed(run.portalName);
    return {
      way: 'engine',
      active,
      run: await EngineRun.start(this.link, this.#newName(), sql, bound, run.onError, null),
    };
  }

  #fetchRun(cursor: StreamCursor, action: FetchAction, bound: BoundStatement): RunningStatement {
    const formats = (bound.fields ?? []).map((field) => field.format);
    return { ...cursor.running, run: new FetchRun(cursor, action, formats, this.client) };
  }

  /** Ends the streaming cursors that are chosen. */
  closeCursors(isChosen: (cursor: StreamCursor, name: string) => boolean): void {
    for (const [name, cursor] of this.cursors) {
      if (!isChosen(cursor, name)) continue;
      this.cursors.delete(name);
      void cursor.run.close();
    }
  }

  /** Gives up the scan tables; called when no statement of the session can read them any more. */
  dropScanTables(): void {
    const tables = this.#scanTables;
    this.#scanTables = [];
    for (const table of tables) {
      table.drop().catch((error: unknown) => {
        this.services.log('warn', { err: error, table: table.sqlName }, 'scan table could not be dropped');
      });
    }
  }

  #readsVirtualTables(statement: Statement, resolve: Resolve): boolean {
    let reads = false;
    for (const reference of statement.references.tables) {
      const entry = resolve(reference);
      if (entry === undefined) continue;
      reads = true;
      if (reference.role === 'read') continue;
      const what = reference.role === 'lock' ? 'locked' : 'written to';
      throw errors.readOnly(`virtual table "${entry.schema}.${entry.name}" cannot be ${what}`, {
        hint: 'Virtual tables are read-only. Copy the rows first: CREATE TEMP TABLE copy AS SELECT * FROM …',
        position: characterCount(statement.text.slice(statement.start, reference.start)) + 1,
      });
    }
    return reads && RUNNABLE.has(statement.kind);
  }

  async #run(
    bound: BoundStatement,
    statement: Statement,
    plan: StatementPlan,
    asked: AskedSettings,
    active: ActiveStatement,
  ): Promise<RunningStatement> {
    const { signal } = active;
    const scans = this.#newScans(signal, asked);
    active.scans = scans;
    const mode = asked.cacheMode;
    const stream = widenedStream(plan.stream, this.services, mode);
    const encoder = asked.forcesEngine ? null : this.#streamEncoder(bound, stream, asked);
    const streams = encoder !== null && stream !== null && streamsFromApi(stream, this.services, mode);
    const isExplain = statement.explain !== null;
    const { cursor } = statement;
    const isCursor = cursor?.type === 'declare';
    const runInEngine = (): Promise<EngineRun> =>
      this.#runInEngine({
        bound,
        statement,
        plan,
        mode,
        signal,
        scans,
        streamed: isExplain && streams ? stream : null,
      });
    if (streams && !isExplain && !(isCursor && (stream.aggregate !== null || !cursor.isPlain))) {
      const { entry } = plan.scans[0]!.reference;
      const open = (readsAhead?: () => boolean) =>
        scans.read(stream.spec, { way: 'stream', planned: 0, ...(readsAhead && { readsAhead }) }, (context) =>
          openStream(stream, entry, this.services, mode, context),
        );
      if (stream.aggregate !== null) {
        const run = this.#aggregate(stream, stream.aggregate, encoder, active, open, runInEngine);
        return { run, active, way: 'stream' };
      }
      const run = new StreamRun(stream, encoder, this.client, signal, open);
      const running: RunningStatement = { run, active, way: 'stream' };
      const encoderFor = (formats: readonly number[]) => this.#encoder(stream, formats, asked);
      const { statementTimeoutMs } = asked;
      const asCursor = { running, run, encoderFor, statementTimeoutMs, isHeld: isCursor && cursor.isHeld };
      if (!isCursor) {
        this.#portalCursors.set(run, asCursor);
        return running;
      }
      const planTables = plan.scans.map((scan) => scan.planTable);
      return this.#declare(bound, executableSql(statement, plan, planTables), cursor.name, asCursor);
    }
    return { run: await runInEngine(), active, way: 'engine' };
  }

  /** Aggregates a stream of rows here; where that takes too many groups the engine does. */
  #aggregate(
    stream: StreamPlan,
    aggregate: AggregatePlan,
    encoder: RowEncoder,
    active: ActiveStatement,
    open: () => AsyncGenerator<RowBatch, void, void>,
    runInEngine: () => Promise<EngineRun>,
  ): AggregateRun {
    const { signal } = active;
    const result: StreamPlan = { ...stream, predicate: null, window: aggregate.window };
    return new AggregateRun({
      aggregate,
      predicate: stream.predicate,
      signal,
      open,
      divide: (pairs) => divideNumerics(this.services.engine, pairs),
      send: (rows) => new StreamRun(result, encoder, this.client, signal, rows),
      runInEngine,
      onEngineWork: () => {
        active.isInEngine = true;
      },
    });
  }

  /** Runs the statement, or its EXPLAIN, in the engine, over its scans' rows. */
  async #runInEngine(work: EngineWork): Promise<EngineRun> {
    const { bound, statement, plan, mode, signal, scans } = work;
    const isExplain = statement.explain !== null;
    const fetches = statement.explain === null || statement.explain.analyze;
    const streamed = fetches ? null : work.streamed;
    // Asked before the scans are run, which may change it.
    const kept = isExplain ? plan.scans.map((scan) => describeKept(scan, streamed, this.services, mode)) : [];
    const tables = fetches
      ? await new ScanLoader(this.services, plan, scans, signal, mode, (table) => this.#scanTables.push(table)).load()
      : plan.scans.map((scan) => scan.planTable);
    const onFrame = isExplain
      ? this.#explainTransform(statement, plan, tables, streamed !== null, kept, fetches ? scans : null)
      : null;
    // The engine only knows that it was told to stop; the signal knows why.
    const onError: ErrorTransform = (frame) =>
      signal.aborted ? this.text.encodeFields(backend.error(signal.reason as GatewayError)) : frame;
    const sql = executableSql(statement, plan, tables);
    return EngineRun.start(this.link, this.#newName(), sql, bound, onError, onFrame);
  }

  #newName(): string {
    return `tidegate_run_${++this.#count}`;
  }

  /** Declares a streaming cursor in the engine as well; `sql` reads empty tables. */
  async #declare(bound: BoundStatement, sql: Buffer, name: string, cursor: StreamCursor): Promise<RunningStatement> {
    const engine = await EngineRun.start(this.link, this.#newName(), sql, bound, (frame) => frame, null);
    const onDeclared = (): void => {
      if (this.link.isFailed) return;
      this.closeCursors((_, key) => key === name); // one that a rollback has ended unseen
      this.cursors.set(name, cursor);
    };
    return { ...cursor.running, run: new DeclareRun(engine, onDeclared) };
  }

  #streamEncoder(bound: BoundStatement, stream: StreamPlan | null, asked: AskedSettings): RowEncoder | null {
    if (stream === null) return null;
    const { explain, cursor } = bound.statement;
    // EXPLAIN and DECLARE have no such rows themselves: they ask whether there would be an encoder for text.
    if (explain !== null || cursor !== null) return this.#encoder(stream, [], asked);
    const fields = bound.fields ?? [];
    const formats = fields.map((field) => field.format);
    if (stream.aggregate === null) return this.#encoder(stream, formats, asked);
    // Behind the statement's own outputs an Aggregate node has the groups' keys that are not among them.
    const outputs = stream.aggregate.outputs.slice(0, fields.length);
    return createRowEncoder(stream.aggregate.items.length, outputs, formats, printSettings(this.reported, asked));
  }

  /** Missing format codes are text. */
  #encoder(
    { spec, outputs, aggregate }: StreamPlan,
    formats: readonly number[],
    asked: AskedSettings,
  ): RowEncoder | null {
    const settings = printSettings(this.reported, asked);
    return createRowEncoder(spec.columns.length, aggregate?.outputs ?? outputs, formats, settings);
  }

  #explainTransform(
    statement: Statement,
    plan: StatementPlan,
    tables: readonly string[],
    streams: boolean,
    kept: readonly (string | null)[],
    scans: StatementScans | null,
  ): FrameTransform {
    const lines = statement.explain!.isText ? explainLines(plan, streams, this.services.scanner, kept, scans) : [];
    // With use_remote_estimate postgres_fdw reads the costs off the first row.
    const place = this.reported.applicationName.startsWith('postgres_fdw') ? 'below' : 'above';
    return explainTransform(lines, tableNamesShown(tables, plan.scans), place, this.text);
  }

  #newScans(signal: AbortSignal, { maxRequests }: AskedSettings): StatementScans {
    const notice = (message: string): void => {
      this.client.write(this.text.encodeFields(backend.notice(message)));
    };
    return new StatementScans({
      scanLog: this.services.scanLog,
      owner: this.owner(),
      session: this.client,
      signal,
      notice,
      maxRequests,
    });
  }
}

/** What it takes to run a planned statement in the engine. */
interface EngineWork {
  readonly bound: BoundStatement;
  readonly statement: Statement;
  readonly plan: StatementPlan;
  readonly mode: CacheMode;
  readonly signal: AbortSignal;
  readonly scans: StatementScans;
  /** The stream that EXPLAIN has to show; null: the statement does not stream. */
  readonly streamed: StreamPlan | null;
}

/** What runs a query at once; PREPARE only keeps it for later. */
const RUNNABLE: ReadonlySet<StatementKind> = new Set(['query', 'copy', 'explain']);

/** The whole statement with scan tables where virtual tables are named. */
function executableSql(statement: Statement, plan: StatementPlan, tables: readonly string[]): Buffer {
  const { text, start, end } = statement;
  const range = statement.inner ?? statement;
  const rendered = renderTemplate(plan.template, tables).text;
  return Buffer.from(text.slice(start, range.start) + rendered + text.slice(range.end, end), 'latin1');
}
