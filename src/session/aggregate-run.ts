import { Aggregator, type DivideNumerics } from '../core/aggregate/aggregator.js';
import type { RowBatch } from '../core/row-batch.js';
import type { Engine } from '../engine/engine.js';
import type { AggregatePlan } from '../plan/aggregate-plan.js';
import type { RowPredicate } from '../plan/predicate.js';
import type { PortalRun } from './prepared.js';

/** Groups that are kept in the gateway's memory; with more of them the engine, which has a disk, does the work. */
const MOST_GROUPS = 50_000;

export interface AggregateRunOptions {
  readonly aggregate: AggregatePlan;
  /** Null: every row counts. */
  readonly predicate: RowPredicate | null;
  readonly signal: AbortSignal;
  readonly open: () => AsyncGenerator<RowBatch, void, void>;
  readonly divide: DivideNumerics;
  /** Sends the aggregated rows. */
  readonly send: (rows: () => AsyncGenerator<RowBatch, void, void>) => PortalRun;
  /** Runs the statement in the engine, from its beginning. */
  readonly runInEngine: () => Promise<PortalRun>;
  /** Called before the engine works for the statement. */
  readonly onEngineWork: () => void;
}

/** Aggregates a scan's rows as they come, then sends the result: nothing but the groups is ever held. */
export class AggregateRun implements PortalRun {
  readonly #options: AggregateRunOptions;
  #result: PortalRun | null = null;
  #isInEngine = false;

  constructor(options: AggregateRunOptions) {
    this.#options = options;
  }

  async execute(maxRows: number): Promise<void> {
    this.#result ??= await this.#start();
    if (this.#isInEngine) this.#options.onEngineWork();
    await this.#result.execute(maxRows);
  }

  async close(isGone?: boolean): Promise<void> {
    await this.#result?.close(isGone);
  }

  async #start(): Promise<PortalRun> {
    const { aggregate, send, divide, runInEngine } = this.#options;
    const aggregator = new Aggregator(aggregate, MOST_GROUPS);
    if (!(await this.#aggregate(aggregator))) {
      this.#isInEngine = true;
      return await runInEngine();
    }
    const rows = await aggregator.finish(divide);
    return send(async function* () {
      yield rows;
    });
  }

  /** @returns false when there are too many groups */
  async #aggregate(aggregator: Aggregator): Promise<boolean> {
    const { open, predicate, signal } = this.#options;
    for await (const batch of open()) {
      signal.throwIfAborted();
      if (!aggregator.add(batch, predicate)) return false;
    }
    signal.throwIfAborted();
    return true;
  }
}

/** The engine's own division, which knows how many digits a quotient has. */
export async function divideNumerics(
  engine: Pick<Engine, 'query'>,
  pairs: readonly (readonly [string, string])[],
): Promise<readonly string[]> {
  const array = (place: 0 | 1): string => `{${pairs.map((pair) => pair[place]).join(',')}}`;
  const rows = await engine.query(
    'SELECT (a / b)::text FROM unnest($1::numeric[], $2::numeric[]) WITH ORDINALITY AS pairs (a, b, place) ORDER BY place',
    [array(0), array(1)],
  );
  return rows.map(([quotient]) => quotient!);
}
