import type { GatewayError } from '../core/errors.js';
import type { ScanTable } from '../engine/engine.js';
import type { CacheMode } from '../engine/scan-cache/cache-info.js';
import { copyAsQuery, type Statement } from '../plan/statement.js';
import type { StatementPlan, StreamPlan } from '../plan/statement-plan.js';
import { renderTemplate } from '../plan/template.js';
import { backend } from '../wire/write.js';
import type { BoundStatement } from './bound-statement.js';
import type { ClientText } from './client-text.js';
import type { EngineLink } from './engine-link.js';
import { EngineRun, type ErrorTransform, type FrameTransform } from './engine-run.js';
import { explainLines, explainTransform, tableNamesShown } from './explain-lines.js';
import { describeKept } from './kept-scans.js';
import { ScanLoader } from './scan-loader.js';
import type { Services } from './services.js';
import type { ReportedSettings } from './settings.js';
import type { StatementScans } from './statement-scans.js';

/** What it takes to run a planned statement in the engine. */
export interface EngineWork {
  readonly bound: BoundStatement;
  readonly plan: StatementPlan;
  readonly mode: CacheMode;
  /** Whether the session's settings let a few rows stand in the statement itself. */
  readonly mayBeInline: boolean;
  readonly signal: AbortSignal;
  readonly scans: StatementScans;
  /** The stream that EXPLAIN has to show; null: the statement does not stream. */
  readonly streamed: StreamPlan | null;
}

/** Runs a session's statements, or their EXPLAIN, in the engine, over their scans' rows. */
export class EnginePath {
  readonly #services: Services;
  readonly #link: EngineLink;
  readonly #reported: ReportedSettings;
  readonly #text: ClientText;
  /** Scan tables of this session's statements; they may be read until the transaction ends. */
  #scanTables: ScanTable[] = [];
  #count = 0;

  constructor(services: Services, link: EngineLink, reported: ReportedSettings, text: ClientText) {
    this.#services = services;
    this.#link = link;
    this.#reported = reported;
    this.#text = text;
  }

  async run(work: EngineWork): Promise<EngineRun> {
    const { bound, plan, mode, signal, scans } = work;
    const { explain } = bound.statement;
    const fetches = explain === null || explain.analyze;
    const streamed = fetches ? null : work.streamed;
    // Asked before the scans are run, which may change it.
    const kept = explain === null ? [] : plan.scans.map((scan) => describeKept(scan, streamed, this.#services, mode));
    // What EXPLAIN ANALYZE shows should not be the rows.
    const mayBeInline = work.mayBeInline && plan.takesSubqueries && explain === null;
    const manner = { mode, mayBeInline };
    const tables = fetches
      ? await new ScanLoader(this.#services, plan, scans, signal, manner, (table) =>
          this.#scanTables.push(table),
        ).load()
      : plan.scans.map((scan) => scan.planTable);
    const onFrame =
      explain === null
        ? null
        : this.#explainTransform(
            explain.isText
              ? explainLines(plan, streamed !== null, this.#services.scanner, kept, fetches ? scans : null)
              : [],
            plan,
            tables,
          );
    // The engine only knows that it was told to stop; the signal knows why.
    const onError: ErrorTransform = (frame) =>
      signal.aborted ? this.#text.encodeFields(backend.error(signal.reason as GatewayError)) : frame;
    return this.start(bound, executableSql(bound.statement, plan, tables), onError, onFrame);
  }

  /** A run of a text in the place of the statement's own, with its parameters. */
  start(bound: BoundStatement, sql: Buffer, onError: ErrorTransform, onFrame: FrameTransform | null = null): EngineRun {
    return new EngineRun(this.#link, `tidegate_run_${++this.#count}`, sql, bound, onError, onFrame);
  }

  /** Gives up the scan tables; called when no statement of the session can read them any more. */
  dropScanTables(): void {
    const tables = this.#scanTables;
    this.#scanTables = [];
    for (const table of tables) {
      table.drop().catch((error: unknown) => {
        this.#services.log('warn', { err: error, table: table.sqlName }, 'scan table could not be dropped');
      });
    }
  }

  #explainTransform(lines: readonly string[], plan: StatementPlan, tables: readonly string[]): FrameTransform {
    // With use_remote_estimate postgres_fdw reads the costs off the first row.
    const place = this.#reported.applicationName.startsWith('postgres_fdw') ? 'below' : 'above';
    return explainTransform(lines, tableNamesShown(tables, plan.scans), place, this.#text);
  }
}

/** The whole statement with other tables where virtual ones are named; `tables` are those of the plan's scans. */
export function executableSql(asWritten: Statement, plan: StatementPlan, tables: readonly string[]): Buffer {
  const statement = copyAsQuery(asWritten);
  const { text, start, end } = statement;
  const range = statement.inner ?? statement;
  const rendered = renderTemplate(plan.template, tables).text;
  return Buffer.from(text.slice(start, range.start) + rendered + text.slice(range.end, end), 'latin1');
}
