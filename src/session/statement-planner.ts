import { errors } from '../core/errors.js';
import { draftPlan, draftWithKnownTables, type PlanDraft, queryTemplate } from '../plan/plan-draft.js';
import { type PlanKind, planStatement } from '../plan/planner.js';
import { copyAsQuery, type Statement, type StatementKind } from '../plan/statement.js';
import type { StatementPlan } from '../plan/statement-plan.js';
import { characterCount } from '../plan/syntax.js';
import type { Resolve } from '../plan/template.js';
import { isInternal, type VirtualNames } from '../plan/virtual-names.js';
import { frontend, textBindTail } from '../wire/write.js';
import { type BoundStatement, explainTail, parameterNumber } from './bound-statement.js';
import type { EngineLink } from './engine-link.js';
import { type OwnQuery, type OwnRows, ownQueries, sendQueries } from './engine-requests.js';
import { evaluateInSession } from './evaluate-expressions.js';
import { PlanCache } from './plan-cache.js';
import { asPlanned } from './planner-settings.js';
import type { Services } from './services.js';
import { type AskedSettings, oidAnswered, type ReportedSettings, readSettings, settingsQuery } from './settings.js';

/** What the engine has been asked about a statement; the answers come with those to what is sent behind. */
export interface PlanQuestions {
  /** The names in force, which mean the same until the statement is planned. */
  readonly names: VirtualNames;
  /** The settings, and what `unqualified` names mean. */
  readonly settings: Promise<OwnRows>;
  readonly unqualified: readonly string[];
  /** The statement as it was explained; null: not yet, because it may have a plan, or names have to be known first. */
  readonly explained: { readonly draft: PlanDraft; readonly answer: Promise<OwnRows> } | null;
}

/** A planned statement. */
export interface Planned {
  readonly plan: StatementPlan;
  /** The settings that it was planned under. */
  readonly asked: AskedSettings;
}

/** What runs a query at once; PREPARE only keeps it for later. */
const RUNNABLE: ReadonlySet<StatementKind> = new Set(['query', 'copy', 'explain']);

const NO_OIDS: ReadonlyMap<string, number> = new Map();

/** Plans the statements of one session, in as few round trips to the engine as each of them needs. */
export class StatementPlanner {
  readonly #services: Services;
  readonly #link: EngineLink;
  readonly #reported: ReportedSettings;
  readonly #plans = new PlanCache();

  constructor(services: Services, link: EngineLink, reported: ReportedSettings) {
    this.#services = services;
    this.#link = link;
    this.#reported = reported;
  }

  /**
   * Sends what is certain to be asked, without a Flush; null: nothing is. What comes of it is for `plan`; the answers that
   * nobody waits for are let go.
   */
  ask(bound: BoundStatement): PlanQuestions | null {
    const statement = copyAsQuery(bound.statement);
    const names = this.#services.names();
    if (statement.cursor?.type === 'fetch' || statement.references.tables.some(isInternal)) return null;
    const unqualified = names.unqualified(statement);
    const resolve: Resolve = (reference) => names.resolve(reference, NO_OIDS);
    const isKnown = unqualified.length === 0;
    // What is refused, or no virtual table's after all, is found out before anything is asked.
    if (isKnown && !(RUNNABLE.has(statement.kind) && areOnlyRead(statement, resolve))) return null;
    const isDrafted = isKnown && !this.#plans.mayHave(bound, names.catalogue);
    const draft = isDrafted ? earlyDraft(statement, resolve, names) : null;
    const queries = [settingsRequest(unqualified), ...(draft === null ? [] : [explainRequest(bound, draft.text)])];
    const [settings, answer] = sendQueries(this.#link, queries) as [Promise<OwnRows>, Promise<OwnRows>?];
    for (const promise of [settings, answer]) promise?.catch(() => {});
    return { names, settings, unqualified, explained: draft === null ? null : { draft, answer: answer! } };
  }

  /**
   * @param questions what `ask` gave for this statement; null: nothing was asked yet
   * @param onSettings is called with the session's settings, before the statement is planned
   * @returns null when no name in the statement means a virtual table: the engine can run it as it is
   * @throws GatewayError, or EngineError when the engine refuses the statement
   */
  async plan(
    bound: BoundStatement,
    questions: PlanQuestions | null,
    onSettings: (asked: AskedSettings) => void,
  ): Promise<Planned | null> {
    const statement = copyAsQuery(bound.statement);
    if (statement.references.tables.some(isInternal)) {
      throw errors.insufficientPrivilege('permission denied for the tables of the gateway itself');
    }
    const asked = questions ?? this.#askNow(bound);
    const names = asked?.names ?? this.#services.names();
    const row = asked === null ? null : (await asked.settings)[0]!;
    const oids = new Map(asked?.unqualified.map((name, index) => [name, oidAnswered(row!, index)]));
    const resolve: Resolve = (reference) => names.resolve(reference, oids);
    if (!readsVirtualTables(statement, resolve)) return null;
    const settings = readSettings(row!);
    onSettings(settings);
    const { catalogue } = names;
    const conditions = { catalogue, settings: JSON.stringify([row, this.#reported.all]) };
    const known = this.#plans.find(bound, conditions);
    if (known !== null) return { plan: known, asked: settings };
    // Temporary views and functions can be others the next time.
    let isPure =
      statement.references.tables.every((reference) => resolve(reference) !== undefined) &&
      !/pg_temp/i.test(statement.text);
    const draft = asked?.explained?.draft ?? (await this.#draft(statement, resolve, names));
    if (draft === null) return null;
    const plan = await planStatement(statement, draft, {
      settings: { hasIsoDates: this.#reported.hasIsoDates, hasExactFloats: settings.hasExactFloats },
      parameterNumber: parameterNumber(bound),
      evaluate: (evaluations) => {
        isPure = false;
        return evaluateInSession(this.#link, evaluations);
      },
      explain: (how, byteText = draft.text) =>
        this.#explain(bound, byteText, how, byteText === draft.text ? asked?.explained?.answer : undefined),
    });
    this.#plans.keep(bound, conditions, plan, isPure);
    return { plan, asked: settings };
  }

  #askNow(bound: BoundStatement): PlanQuestions | null {
    const questions = this.ask(bound);
    if (questions !== null) this.#link.send(frontend.flush);
    return questions;
  }

  /** Null: nothing is read from a virtual table. */
  async #draft(statement: Statement, resolve: Resolve, { catalogue }: VirtualNames): Promise<PlanDraft | null> {
    const template = queryTemplate(statement, resolve, catalogue);
    if (template.scans.length === 0) return null;
    return await draftPlan(template, (entry, count) => this.#services.engine.ensurePlanTables(entry, count));
  }

  async #explain(
    bound: BoundStatement,
    byteText: string,
    how: PlanKind,
    answer: Promise<OwnRows> | undefined,
  ): Promise<string> {
    const isAnswered = how === 'best' && answer !== undefined;
    const request = explainRequest(bound, byteText);
    const queries = how === 'best' ? [request] : asPlanned(how, request);
    const rows = isAnswered ? await answer : (await ownQueries(this.#link, queries)).at(how === 'best' ? -1 : -2)!;
    return rows.map(([line]) => line).join('\n');
  }
}

/** Null: not yet, or not at all; `plan` tells. */
function earlyDraft(statement: Statement, resolve: Resolve, { catalogue }: VirtualNames): PlanDraft | null {
  try {
    const template = queryTemplate(statement, resolve, catalogue);
    return template.scans.length === 0 ? null : draftWithKnownTables(template);
  } catch {
    return null;
  }
}

function settingsRequest(unqualified: readonly string[]): OwnQuery {
  return {
    sql: settingsQuery(unqualified.length),
    parameterOids: unqualified.map(() => 25),
    bindTail: textBindTail(unqualified.map((name) => `"${name.replaceAll('"', '""')}"`)),
  };
}

function explainRequest(bound: BoundStatement, text: string): OwnQuery {
  return {
    sql: Buffer.from(`EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) ${text}`, 'latin1'),
    parameterOids: bound.parameterOids,
    bindTail: explainTail(bound),
  };
}

function areOnlyRead({ references }: Statement, resolve: Resolve): boolean {
  const tables = references.tables.filter((reference) => resolve(reference) !== undefined);
  return tables.length > 0 && tables.every(({ role }) => role === 'read');
}

/** @throws GatewayError 25006 for a virtual table that is written to or locked */
function readsVirtualTables(statement: Statement, resolve: Resolve): boolean {
  const tables = statement.references.tables.filter((reference) => resolve(reference) !== undefined);
  const refused = tables.find(({ role }) => role !== 'read');
  if (refused === undefined) return tables.length > 0 && RUNNABLE.has(statement.kind);
  const { schema, name } = resolve(refused)!;
  throw errors.readOnly(
    `virtual table "${schema}.${name}" cannot be ${refused.role === 'lock' ? 'locked' : 'written to'}`,
    {
      hint: 'Virtual tables are read-only. Copy the rows first: CREATE TEMP TABLE copy AS SELECT * FROM …',
      position: characterCount(statement.text.slice(statement.start, refused.start)) + 1,
    },
  );
}
